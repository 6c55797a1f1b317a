// SPDX-License-Identifier: Apache-2.0

import BinaryIO
package import Checkpoints
package import Models
import BlockFormats
import Notation
package import Quantization
package import Tensors

extension ConversionPlan {
  /// Plans a folder whose matrices are quantized to few bits, as MLX or compressed-tensors load it.
  ///
  /// - Parameters:
  ///   - model: What is converted.
  ///   - recipe: The types of the matrices.
  ///   - importance: What errors are weighted by; nil: all alike.
  ///   - folder: Where the folder will lie.
  /// - Throws: ``ConversionError`` for a GGUF source, whose configuration is not known.
  package init(
    packed model: Model, recipe: PackedRecipe, importance: Importance? = nil, folder: String
  ) throws(ConversionError) {
    try self.init(
      model, wish: .quantize(recipe), name: recipe.name, importance: importance, folder: folder)
  }

  /// Plans a folder of a family with the weights as they are: packed ones stay packed, with the
  /// same values where the family can hold them.
  ///
  /// - Parameters:
  ///   - model: What is converted.
  ///   - family: MLX or compressed-tensors.
  ///   - numbers: The type of scales and of what is not packed; nil: as they are.
  ///   - folder: Where the folder will lie.
  /// - Throws: ``ConversionError`` for a GGUF source, whose configuration is not known.
  package init(
    carrying model: Model, to family: PackedScheme.Family, numbers: Encoding?, folder: String
  ) throws(ConversionError) {
    try self.init(
      model, wish: .carry(family, numbers: numbers), name: nil, importance: nil, folder: folder)
  }

  private init(
    _ model: Model, wish: PackedPlanner.Wish, name: String?, importance: Importance?,
    folder: String
  ) throws(ConversionError) {
    guard let config = model.files.config else {
      throw .request(
        "\(model.path): a GGUF cannot become a folder for \(wish.family.rawValue), for it does not "
          + "hold the model's configuration files; convert from the original checkpoint")
    }
    let written = try convertingErrors { () throws(ModelError) in
      wish.family == .mlx ? try model.mlxConfiguration() ?? config : config
    }
    try ConversionPlan.checkLayouts(of: model, isMLX: wish.family == .mlx)
    let planner = try PackedPlanner(model, wish)
    var entries = try planner.entries()
    if let importance {
      for index in entries.indices where entries[index].constant == nil {
        entries[index].inputs = importance.inputs(of: entries[index].source.parameter.ggufName)
      }
    }
    let suffix = name ?? ConversionPlan.suffix(of: entries, family: wish.family)
    let target = Folder.path(of: ConversionPlan.baseName(of: model) + "-" + suffix, in: folder)
    container = .safetensors
    notes =
      wish.family == .mlx
      ? try convertingErrors { () throws(ModelError) in try model.notes(for: .mlx) } : []
    // Codes that are carried over are not those of quantizing anew, in planes of the same shapes.
    let recipe = name ?? suffix + ", carried over"
    files = [
      File(
        path: target + "/model.safetensors", recipe: recipe,
        metadata: Provenance.metadata(
          format: wish.family == .mlx ? "mlx" : "pt", recipe: recipe, model: model,
          importance: importance),
        entries: entries)
    ]
    let kept = Set(model.census.kept.map(\.tensor.name))
    dropped = model.census.dropped.filter { !kept.contains($0.tensor) }
    copies = try ConversionPlan.companions(of: model).map {
      (model.files.folder + "/" + $0, target + "/" + $0)
    }
    texts = [
      (
        PackedConfiguration(
          entries: entries, family: wish.family, ignored: planner.rules.ignored
        ).text(of: written),
        target + "/config.json"
      )
    ]
    try ConversionPlan.checkTargets(
      files.map(\.path) + copies.map(\.target) + texts.map(\.target), of: model)
  }

  /// What a folder is called whose weights were carried over: after most of those that are packed,
  /// or of all.
  private static func suffix(of entries: [Entry], family: PackedScheme.Family) -> String {
    var bytes: [String: Int] = [:]
    let isPacked = entries.contains { $0.packing != nil }
    for entry in entries where entry.constant == nil && (!isPacked || entry.packing != nil) {
      let name: String
      if let scheme = entry.packing?.scheme {
        let kind = scheme.grid == .e2m1 ? (scheme.groupSize == 16 ? "nvfp4" : "mxfp4") : nil
        name = kind ?? (family == .mlx ? "\(scheme.bits)bit" : "int\(scheme.bits)")
      } else {
        name = entry.choice.encoding.rawValue.lowercased()
      }
      bytes[name, default: 0] += entry.byteCount
    }
    return bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "packed"
  }

  /// The files of a folder that tokenizers, processors, generation and embeddings need: all but the
  /// weights, the configuration and code.
  static func companions(of model: Model) throws(ConversionError) -> [String] {
    let parts = [
      "tokenizer", "tokenization", "processor", "chat_template", "vocab", "merges",
      "special_tokens",
      "added_tokens", "generation_config", "sentencepiece", "spiece", "tiktoken", "modules",
      "sentence_bert", "sentence_transformers",
    ]
    let endings = [".json", ".model", ".txt", ".jinja", ".tiktoken"]
    let names = try convertingErrors { () throws(FileError) in
      try Folder.names(in: model.files.folder)
    }
    let own = names.filter { name in
      !name.hasPrefix(".") && endings.contains(where: name.hasSuffix)
        && (name.hasSuffix(".jinja") || parts.contains(where: name.lowercased().contains))
    }
    // It decides what an embedding is.
    let pooling = "1_Pooling/config.json"
    let path = model.files.folder + "/" + pooling
    return own + (Folder.isSameFile(path, path) ? [pooling] : [])
  }
}
