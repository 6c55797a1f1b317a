// SPDX-License-Identifier: Apache-2.0

import Notation
import Tokenizers

/// What users must know of a model in another program, before they convert it for that one.
struct EngineNote: Sendable {
  let container: Model.EngineContainer
  let condition: Expression?
  /// A sentence with formulas in braces.
  let sentence: NameTemplate

  static func list(_ reader: DeclarationReader?) throws(ModelError) -> [Self] {
    var notes: [Self] = []
    for entry in try reader?.elements() ?? [] {
      try entry.allow(["for", "when", "that"])
      let name = try entry.member("for")
      guard let container = Model.EngineContainer(rawValue: try name.string()) else {
        throw name.error("expected gguf or mlx")
      }
      notes.append(
        Self(
          container: container, condition: try entry["when"]?.expression(),
          sentence: try NameTemplate(entry.member("that"))))
    }
    return notes
  }
}

extension Model {
  /// Containers that are made for other programs.
  package enum EngineContainer: String, Sendable, CaseIterable {
    /// Read by llama.cpp.
    case gguf
    /// Read by mlx-lm and mlx-vlm.
    case mlx
  }

  /// What programs that read a container do otherwise than this model, or cannot do.
  ///
  /// - Parameter container: What the model is converted to.
  /// - Returns: Sentences, in the order of the parts; those on the tokenizer come last.
  /// - Throws: ``ModelError/declaration(name:sentence:)`` if a formula has no value.
  package func notes(for container: EngineContainer) throws(ModelError) -> [String] {
    var sentences: [String] = []
    for part in architecture.parts {
      if container == .gguf {
        let file = part.kind == .language ? "file of the language model" : "mmproj file"
        sentences += try part.ggufObstacles().map { "Pare alone will read the \(file): \($0)" }
      }
      for note in part.declaration.notes where note.container == container {
        do throws(Expression.Failure) {
          if let condition = note.condition, try !condition.bool(part.values) { continue }
          sentences.append(try note.sentence.name(part.values))
        } catch {
          throw .declaration(name: part.declaration.name, sentence: "notes: \(error)")
        }
      }
    }
    return sentences + (container == .gguf ? tokenizer.vocabulary.ggufNotes : [])
  }
}
