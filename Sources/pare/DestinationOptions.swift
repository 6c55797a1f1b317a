// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

/// What a model is quantized to, beside the type.
struct DestinationOptions: ParsableArguments {
  /// The containers that hold quantized weights.
  enum Container: String, ExpressibleByArgument, CaseIterable {
    case gguf, mlx
    case compressedTensors = "compressed-tensors"

    var planned: PareModel.Container {
      switch self {
      case .gguf: .gguf
      case .mlx: .mlx
      case .compressedTensors: .compressedTensors
      }
    }
  }

  @Option(help: "The container.")
  var to: Container = .gguf

  @Option(
    help: ArgumentHelp(
      "The recipe of the vision encoder and the connector, in GGUF (default: that of the type).",
      valueName: "type"))
  var visionType: String?

  @Option(
    help: ArgumentHelp(
      "Weights that share a scale, in a folder: 32, 64 or 128 (default: 64 for MLX, else 128).",
      valueName: "n"))
  var groupSize: Int?

  @Flag(help: "Give each group a zero point of its own (compressed-tensors).")
  var asymmetric = false

  /// Whether anything is said of it.
  var isGiven: Bool { to != .gguf || visionType != nil || groupSize != nil || asymmetric }

  func target(_ type: String) -> PareTarget {
    switch to {
    case .gguf: .gguf(recipe: type, visionRecipe: visionType)
    case .mlx: .mlx(type: type, groupSize: groupSize)
    case .compressedTensors:
      .compressedTensors(type: type, groupSize: groupSize, isSymmetric: !asymmetric)
    }
  }

  func validate() throws {
    if to != .gguf, visionType != nil {
      throw ValidationError("--vision-type: only GGUF has recipes; leave it out")
    }
    if to == .gguf, groupSize != nil {
      throw ValidationError("--group-size: GGUF types have groups of their own; leave it out")
    }
    if to != .compressedTensors, asymmetric {
      throw ValidationError("--asymmetric: only compressed-tensors has the choice; leave it out")
    }
  }
}
