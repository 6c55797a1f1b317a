// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
package import Models
import Quantization
package import Tensors

extension ConversionPlan {
  /// Plans a Hugging Face folder in which every tensor has the same scalar type.
  ///
  /// - Throws: ``ConversionError`` for a GGUF source, whose configuration is not known.
  package init(
    safetensors model: Model, encoding: Encoding, folder: String
  ) throws(ConversionError) {
    guard let config = model.files.config else {
      throw .request(
        "\(model.path): a GGUF cannot become safetensors, for it does not hold the model's "
          + "configuration files; convert from the original checkpoint")
    }
    try ConversionPlan.checkStacks(of: model)
    container = .safetensors
    notes = []
    let base = ConversionPlan.baseName(of: model) + "-" + encoding.rawValue
    let target = Folder.path(of: base, in: folder)
    var entries: [Entry] = []
    var shared: Set<String> = []
    for source in model.parameters {
      guard source.parameter.layout == HubLayout() else {
        for tensor in source.tensors where shared.insert(tensor.name).inserted {
          entries.append(ConversionPlan.whole(tensor, of: source, encoding))
        }
        continue
      }
      let (shape, channels) = source.parameter.form(isMLX: false)
      for (index, tensor) in source.tensors.enumerated() {
        var entry = Entry(
          source: source, member: index, name: tensor.name, shape: shape,
          choice: EncodingChoice(wanted: encoding, reason: nil, shape: shape))
        entry.channels = channels
        entries.append(entry)
      }
    }
    // All elements are of one size, so any order is aligned; names make it easy to read.
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let file = File(
      path: target + "/model.safetensors", recipe: encoding.rawValue,
      metadata: Provenance.metadata(format: "pt", recipe: encoding.rawValue, model: model),
      entries: entries)
    files = [file]
    dropped = model.census.dropped
    let source = model.files.folder
    // A configuration that speaks of packed weights would be wrong from now on.
    let isPacked = PackedConfiguration.speaksOfPacking(config)
    copies = try (ConversionPlan.companions(of: model) + (isPacked ? [] : ["config.json"]))
      .map { (source + "/" + $0, target + "/" + $0) }
    if isPacked {
      texts = [
        (
          PackedConfiguration(entries: [], family: .mlx, ignored: []).text(of: config),
          target + "/config.json"
        )
      ]
    }
    try ConversionPlan.checkTargets(
      [file.path] + copies.map(\.target) + texts.map(\.target), of: model)
  }

  /// A tensor in which several matrices lie, as Hugging Face has it: everything in its place, but packed
  /// matrices, which have outputs as rows, turned where others have inputs as rows.
  private static func whole(
    _ tensor: StoredTensor, of source: BoundParameter, _ encoding: Encoding
  ) -> Entry {
    let turns = tensor.packed != nil && source.parameter.layout.transposition == .always
    let dimensions = tensor.shape.dimensions
    let shape =
      turns ? Shape(dimensions.dropLast(2) + dimensions.suffix(2).reversed()) : tensor.shape
    var entry = Entry(
      source: BoundParameter(
        parameter: Parameter(whole: tensor, with: source.parameter), tensors: [tensor],
        container: .safetensors),
      member: nil, name: source.parameter.names[0], shape: shape,
      choice: EncodingChoice(wanted: encoding, reason: nil, shape: shape))
    entry.isTurned = turns
    return entry
  }

  /// Refuses experts that are stacked under the names of MLX, which Hugging Face's classes do not know.
  private static func checkStacks(of model: Model) throws(ConversionError) {
    let stack = model.parameters.first {
      $0.container == .safetensors && $0.parameter.mlxStack == $0.parameter.names.first
    }
    guard let stack else { return }
    throw .request(
      "\(model.path): '\(stack.parameter.names[0])' holds the experts of a layer as MLX stacks them, "
        + "which cannot be taken apart yet; convert from the original checkpoint, or to GGUF")
  }

  /// Refuses tensors that cannot be written as Hugging Face stores them.
  ///
  /// - Parameters:
  ///   - model: What is converted.
  ///   - isMLX: Whether experts are stacked as MLX stacks them.
  /// - Throws: ``ConversionError/request(_:)`` that names the first of them.
  static func checkLayouts(of model: Model, isMLX: Bool = false) throws(ConversionError) {
    let shared = model.parameters.first {
      $0.parameter.layout != HubLayout() && !(isMLX && $0.parameter.mlxStack != nil)
    }
    guard let shared else { return }
    throw .request(
      "\(model.path): '\(shared.parameter.names[0])' holds several matrices in an order that can only "
        + "be read yet; convert to GGUF")
  }

  /// Refuses to replace what is being read.
  static func checkTargets(_ targets: [String], of model: Model) throws(ConversionError) {
    let sources = model.files.checkpoint.files + (model.files.projector?.files ?? [])
    for target in targets {
      for source in sources where Folder.isSameFile(source.path, target) {
        throw .request(
          "\(target): the output would replace its own source; choose another folder with -o")
      }
    }
  }
}
