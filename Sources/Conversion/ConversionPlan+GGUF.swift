// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
package import Models
package import Quantization
import Tensors

extension ConversionPlan {
  /// Plans a GGUF of the language model, and one of the vision part if the model has one.
  ///
  /// - Parameters:
  ///   - model: What is converted.
  ///   - recipe: Chooses the encodings of the language model.
  ///   - projectorRecipe: Chooses those of the vision encoder and the connector.
  ///   - importance: What errors are weighted by; nil: all alike.
  ///   - folder: Where the files will lie.
  /// - Throws: ``ConversionError`` if GGUF cannot hold the model, or a file would replace its
  ///   own source.
  package init(
    gguf model: Model, recipe: Recipe, projectorRecipe: Recipe, importance: Importance? = nil,
    folder: String
  ) throws(ConversionError) {
    container = .gguf
    copies = []
    let name = ConversionPlan.baseName(of: model)
    var files: [File] = []
    let isTwofold = model.architecture.part(.vision) != nil
    for isLanguage in isTwofold ? [true, false] : [true] {
      let kinds: Set<PartDeclaration.Kind> = isLanguage ? [.language] : [.vision, .connector]
      let recipe = isLanguage ? recipe : projectorRecipe
      var metadata = try convertingErrors { () throws(ModelError) in
        try model.ggufMetadata(for: kinds)
      }
      metadata["general.name"] = .string(name)
      if let fileType = recipe.fileType { metadata["general.file_type"] = .uint32(fileType) }
      metadata["general.quantization_version"] = .uint32(2)
      Provenance.append(
        to: &metadata, of: .gguf, recipe: recipe.name, model: model,
        importance: importance)
      files.append(
        File(
          path: Folder.path(
            of: (isLanguage ? "" : "mmproj-") + name + "-" + recipe.name + ".gguf", in: folder),
          recipe: recipe.name, metadata: metadata,
          entries: try ConversionPlan.entries(
            of: model, kinds: kinds, recipe: recipe, importance: importance)))
    }
    self.files = files
    notes = try convertingErrors { () throws(ModelError) in try model.notes(for: .gguf) }
    dropped = try model.census.dropped + ConversionPlan.unusedLayers(of: model)
    try ConversionPlan.checkTargets(files.map(\.path), of: model)
  }

  private static func entries(
    of model: Model, kinds: Set<PartDeclaration.Kind>, recipe: Recipe, importance: Importance?
  ) throws(ConversionError) -> [Entry] {
    let isWhole = try convertingErrors { () throws(ModelError) in
      try model.needsWholeSettings(for: kinds)
    }
    var entries: [Entry] = []
    for source in model.parameters {
      let parameter = source.parameter
      guard kinds.contains(parameter.part), parameter.isUsed || isWhole else { continue }
      let (names, shape) = parameter.ggufTensors
      let tensor = model.quantizable(parameter, shape: shape)
      var choice = try convertingErrors { () throws(RecipeError) in
        try recipe.choice(for: tensor)
      }
      // What is stored in 4 bits already can only lose by others that take as many or more.
      let isStored = source.tensors.allSatisfy { $0.packed?.isMXFP4 ?? false }
      if isStored, choice.encoding.bitsPerElement >= Encoding.mxfp4.bitsPerElement {
        choice = EncodingChoice(wanted: .mxfp4, reason: "kept as it is stored", shape: shape)
      }
      for (piece, name) in names.enumerated() {
        var entry = Entry(
          source: source, member: nil, piece: names.count > 1 ? piece : nil, name: name,
          shape: shape, choice: choice,
          inputs: importance?.inputs(of: parameter.ggufName) ?? Importance.Inputs())
        entry.columnOrder = parameter.ggufColumnOrder?.inverted
        entries.append(entry)
      }
    }
    let computed = try convertingErrors { () throws(ModelError) in
      (kinds.contains(.language) ? try model.ropeDivisors() : [])
        + (kinds.contains(.vision) ? [try model.rowBreak()].compactMap(\.self) : [])
    }
    for vector in computed where !entries.contains(where: { $0.name == vector.name }) {
      if let first = entries.first { entries.append(constant(vector, beside: first)) }
    }
    return entries
  }

  private static func constant(_ vector: ComputedVector, beside first: Entry) -> Entry {
    let shape: Shape = [vector.values.count]
    let source = BoundParameter(
      parameter: Parameter(unused: vector.name, shape: shape), tensors: first.source.tensors,
      container: first.source.container)
    return Entry(
      source: source, member: 0, name: vector.name, shape: shape,
      choice: EncodingChoice(wanted: .f32, reason: vector.origin, shape: shape),
      constant: vector.values.flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      })
  }

  private static func unusedLayers(of model: Model) throws(ConversionError) -> [Census.Dropped] {
    let isKept = try convertingErrors { () throws(ModelError) in
      try model.needsWholeSettings(for: [.vision, .connector])
    }
    guard !isKept else { return [] }
    return model.parameters.filter { !$0.parameter.isUsed }.flatMap { source in
      source.tensors.map {
        Census.Dropped(
          tensor: $0.name,
          reason: "the connector takes the output of an earlier layer")
      }
    }
  }

  /// The model's name without the recipe that an earlier conversion put at its end.
  static func baseName(of model: Model) -> String {
    for recipe in Recipe.names + PackedTarget.names {
      for separator in ["-", "."] {
        let suffix = separator + recipe
        if model.name.lowercased().hasSuffix(suffix.lowercased()) {
          return String(model.name.dropLast(suffix.count))
        }
      }
    }
    return model.name
  }
}
