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
    try ConversionPlan.checkLayouts(of: model)
    container = .safetensors
    notes = []
    let base = ConversionPlan.baseName(of: model) + "-" + encoding.rawValue
    let target = Folder.path(of: base, in: folder)
    var entries: [Entry] = []
    for source in model.parameters {
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
