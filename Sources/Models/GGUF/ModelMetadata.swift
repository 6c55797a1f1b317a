// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
import Notation
import Preprocessing
import Tensors
import Tokenizers

extension Model {
  /// The metadata with which engines run this model's parts from a GGUF.
  ///
  /// - Parameter kinds: The parts that the file holds.
  /// - Returns: Keys and values, `general.architecture` first.
  /// - Throws: ``ModelError/input(_:)`` if GGUF cannot say what the model is.
  package func ggufMetadata(
    for kinds: Set<PartDeclaration.Kind>
  ) throws(ModelError) -> GGUFMetadata {
    let isLanguage = kinds.contains(.language)
    var metadata = GGUFMetadata()
    metadata["general.architecture"] = .string("")
    metadata["general.type"] = .string(isLanguage ? "model" : "mmproj")
    let parts = architecture.parts.filter { kinds.contains($0.kind) }
    let isWhole = try needsWholeSettings(for: kinds)
    for part in parts { try part.append(to: &metadata, isWhole: isWhole) }
    if isWhole, !isLanguage {
      metadata["clip.projector_type"] = .string(WholeSettings.architecture)
    }
    if isLanguage {
      for (key, value) in try embeddedVocabulary().metadata { metadata[key] = value }
    } else {
      try appendImageProcessor(to: &metadata)
    }
    return metadata
  }

  /// The vocabulary with a piece for each row of the table of embeddings, and with an end of turn
  /// where answers have an end that engines would not know otherwise.
  private func embeddedVocabulary() throws(ModelError) -> Vocabulary {
    let vocabulary = tokenizer.vocabulary
    guard vocabulary.model.isInGGUF else {
      throw .input(
        "\(path): a tokenizer of whole words (WordLevel) cannot be written to GGUF: engines have none "
          + "that is like it; convert to MLX or safetensors")
    }
    let table = parameters.first { $0.parameter.role == "language.embedding.table" }
    let rows = table?.parameter.shape.dimensions.first ?? vocabulary.pieces.count
    guard vocabulary.pieces.count <= rows else {
      throw .input(
        "\(path): the tokenizer has \(vocabulary.pieces.count) tokens, the model embeddings for "
          + "\(rows); the two do not belong together")
    }
    var result = vocabulary.padded(to: rows)
    // Merges by rank, where the tokenizer's file has them: scores can only follow the order of ids.
    if vocabulary.model == .sentencePiece, !vocabulary.merges.isEmpty,
      let wanted = architecture.part(.language)?.declaration.gguf.vocabulary
    {
      result.model = wanted
      result.scores = []
    }
    result.endOfTurn =
      vocabulary.endOfTurn
      ?? answerEnds.named.first {
        $0 != vocabulary.endOfSequence && !AnswerEnds.isSpelled(vocabulary.pieces[$0])
      }
    return result
  }

  private func appendImageProcessor(to metadata: inout GGUFMetadata) throws(ModelError) {
    if let imageProcessor, !imageProcessor.steps.isEmpty {
      // Engines load no encoder without these, also where pixels stay between 0 and 1.
      let normalization = imageProcessor.normalization ?? ([0, 0, 0], [1, 1, 1])
      metadata["clip.vision.image_mean"] = .array(GGUFArray(normalization.mean.map(Float.init)))
      metadata["clip.vision.image_std"] = .array(
        GGUFArray(normalization.deviation.map(Float.init)))
    }
    for (key, value) in imageProcessor?.tilingMetadata ?? GGUFMetadata() { metadata[key] = value }
    if let token = architecture.imageToken.flatMap({ UInt32(exactly: $0) }) {
      metadata["pare.image_token_id"] = .uint32(token)
    }
    for (key, value) in try architecture.imagePrompt?.ggufMetadata ?? [] {
      metadata[key] = value
    }
    if let text = files.projector?.metadata[ImageProcessor.metadataKey] {
      metadata[ImageProcessor.metadataKey] = text
    } else if let config = files.config, let declaration = architecture.imageProcessor {
      // With what the model decides, which a GGUF has no other place for.
      let json = try declaration.completing(
        files.imageProcessorSettings().json,
        from: HyperparameterSource(origin: .config(config), path: files.configPath))
      metadata[ImageProcessor.metadataKey] = .string(json.text())
    }
  }
}

extension ImagePrompt {
  /// What a GGUF keeps of the settings of prompts, each under its first key.
  fileprivate var ggufMetadata: [(key: String, value: GGUFValue)] {
    get throws(ModelError) {
      var entries: [(key: String, value: GGUFValue)] = []
      for setting in settings {
        guard let template = setting.gguf.first, let value = values[setting.name] else { continue }
        do throws(Expression.Failure) {
          let key = try template.name([:])
          switch value {
          case .number(let number): entries.append((key, .float64(number)))
          case .text(let text): entries.append((key, .string(text)))
          case .bool(let bool): entries.append((key, .bool(bool)))
          }
        } catch {
          throw .declaration(name: "imagePrompt", sentence: "\(setting.name): \(error)")
        }
      }
      return entries
    }
  }
}

extension Part {
  /// The value of `general.architecture` with which this part is written for engines.
  private func ggufArchitecture() throws(ModelError) -> String {
    do throws(Expression.Failure) {
      if case .text(let name) = try declaration.gguf.architecture.value(values) { return name }
    } catch {
      throw .declaration(name: declaration.name, sentence: "gguf.architecture: \(error)")
    }
    throw .declaration(name: declaration.name, sentence: "gguf.architecture: expected a text")
  }

  /// Adds what a GGUF says of this part; with `isWhole` all of its hyperparameters, too, for this
  /// program alone.
  fileprivate func append(
    to metadata: inout GGUFMetadata, isWhole: Bool
  ) throws(ModelError) {
    var architecture = try ggufArchitecture()
    if isWhole {
      if kind == .language { architecture = WholeSettings.architecture }
      appendWholeSettings(to: &metadata)
    }
    metadata["general.architecture"] = .string(architecture)
    var names = values
    names["architecture"] = .text(architecture)
    for entry in declaration.gguf.entries {
      do throws(Expression.Failure) {
        if let condition = entry.condition, try !condition.bool(names) { continue }
        metadata[try entry.key.name(names)] = try entry.ggufValue(names, in: declaration)
      } catch {
        throw .declaration(name: declaration.name, sentence: "gguf.metadata: \(error)")
      }
    }
  }
}

extension PartDeclaration.GGUF.Entry {
  fileprivate func ggufValue(
    _ names: [String: Expression.Value], in declaration: PartDeclaration
  ) throws(Expression.Failure) -> GGUFValue {
    guard let value = values.first else { return .array(GGUFArray([Int32]())) }
    if type == .bools {
      var bools: [Bool] = []
      for layer in 0..<max(0, min(try perLayer?.integer(names) ?? 0, Part.maximumRepetitions)) {
        bools.append(try value.bool(Part.layerValues(names, of: layer, in: declaration)))
      }
      return .array(GGUFArray(bools))
    }
    if let perLayer {
      var numbers: [Int32] = []
      for layer in 0..<max(0, min(try perLayer.integer(names), Part.maximumRepetitions)) {
        let own = Part.layerValues(names, of: layer, in: declaration)
        numbers.append(Int32(clamping: try value.integer(own)))
      }
      return .array(GGUFArray(numbers))
    }
    let result = try value.value(names)
    switch (type, result) {
    case (.u32, .number(let number)):
      if let integer = UInt32(exactly: number) { return .uint32(integer) }
    case (.i32s, .number):
      let numbers = try values.map { (value) throws(Expression.Failure) in try value.value(names) }
      let integers = numbers.compactMap { number -> Int32? in
        if case .number(let number) = number { Int32(exactly: number) } else { nil }
      }
      if integers.count == numbers.count { return .array(GGUFArray(integers)) }
    case (.f32, .number(let number)): return .float32(Float(number))
    case (.bool, .bool(let bool)): return .bool(bool)
    case (.string, .text(let text)): return .string(text)
    default: break
    }
    throw Expression.Failure(
      formula: value.description, reason: "expected a value of type \(type), found \(result)")
  }
}
