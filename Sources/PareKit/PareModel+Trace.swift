// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import LinearAlgebra
import Models
import Notation
import Preprocessing
import Tensors

/// What a trace starts from.
public enum PareTraceInput: Sendable {
  /// A question, as ``PareModel/answer(to:images:cutting:limit:emit:)`` takes it.
  case prompt(String)
  /// Token ids; those of images are repeated as often as an image has tokens.
  case tokens([Int])
}

/// What a trace wrote.
public struct PareTrace: PareResult {
  /// The file.
  public let path: String
  /// The names of the tensors, in the order of the computation.
  public let names: [String]
  /// What a terminal shows.
  public var text: String { "\(path): \(names.count) tensors\n" }
  /// The same as a JSON object.
  public var json: String {
    let object: JSON = ["path": .string(path), "tensors": .array(names.map(JSON.string))]
    return object.text() + "\n"
  }
}

extension PareModel {
  /// What the encoder sees of an image; an overview of another size than the tiles is apart.
  private static func pixels(
    _ image: PixelTensor, named name: String
  ) -> [(name: String, shape: Shape, values: [Float])] {
    let size = [image.channels, image.height, image.width]
    guard let tiles = image.tiles else { return [(name, Shape(size), image.values)] }
    guard let overview = tiles.overviewSize else {
      return [(name, Shape([tiles.count] + size), image.values)]
    }
    let parts = image.parts
    let (whole, cut) =
      tiles.overview == .first
      ? (parts.prefix(1), parts.dropFirst()) : (parts.suffix(1), parts.dropLast())
    return [
      (name, Shape([cut.count] + size), cut.flatMap(\.values)),
      (
        name + ".overview", Shape([1, image.channels, overview.height, overview.width]),
        whole.flatMap(\.values)
      ),
    ]
  }

  /// Writes every named intermediate of one forward pass as F32 tensors.
  ///
  /// - Parameters:
  ///   - input: The text.
  ///   - images: Files of images.
  ///   - cutCount: How many of the last images may be cut into tiles; nil for all.
  ///   - path: A `.safetensors` file.
  ///   - replacing: Whether a file that is there may be replaced.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func trace(
    _ input: PareTraceInput, images: [String] = [], cutting cutCount: Int? = nil, to path: String,
    replacing: Bool = false
  ) throws(PareError) -> PareTrace {
    try Pare.checkOutput(path, replacing: replacing)
    var traced: [(name: String, shape: Shape, values: [Float])] = []
    try convertingErrors { () throws(ModelError) in
      let forward = try ForwardPass(model)
      let pixels = try model.pixels(of: images, cutting: cutCount)
      for (index, image) in pixels.enumerated() {
        let name = pixels.count == 1 ? "pixels" : "pixels.\(index)"
        traced += PareModel.pixels(image, named: name)
      }
      let sink: TraceSink = { traced.append(($0, $1, $2)) }
      let embeddings = try forward.embeddings(of: pixels, trace: sink)
      let tokens: [Int]
      switch input {
      case .prompt(let prompt):
        tokens = try PromptBuilder(model).tokens(
          question: prompt, images: embeddings)
      case .tokens(let given): tokens = given
      }
      guard !tokens.isEmpty else { throw .input("there are no tokens; give at least one") }
      traced.append(("tokens", [tokens.count], tokens.map(Float.init)))
      _ = try forward.logits([TokenSequence(prompt: tokens, images: embeddings)], trace: sink)
    }
    try convertingErrors { () throws(CheckpointError) in
      let writer = try SafetensorsWriter(
        path: path, metadata: [("producer", "pare \(Pare.version)")],
        tensors: traced.map {
          TensorDescription(name: $0.name, encoding: .f32, shape: $0.shape)
        })
      for entry in traced {
        var failure: CheckpointError?
        entry.values.withUnsafeBytes { bytes in
          do throws(CheckpointError) { try writer.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
      }
      try writer.finish()
    }
    return PareTrace(path: path, names: traced.map(\.name))
  }
}
