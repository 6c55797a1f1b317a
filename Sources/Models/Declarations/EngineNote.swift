// SPDX-License-Identifier: Apache-2.0

import Notation
import Tokenizers

/// What users must know of a model in another program, before they convert it for that one.
struct EngineNote: Sendable {
  let container: Model.EngineContainer
  let condition: Expression?
  /// How many layers the condition is asked of, each; nil for a condition on the whole part.
  let perLayer: Expression?
  /// A sentence with formulas in braces.
  let sentence: NameTemplate

  static func list(_ reader: DeclarationReader?) throws(ModelError) -> [Self] {
    var notes: [Self] = []
    for entry in try reader?.elements() ?? [] {
      try entry.allow(["for", "when", "perLayer", "that"])
      let name = try entry.member("for")
      guard let container = Model.EngineContainer(rawValue: try name.string()) else {
        throw name.error("expected gguf or mlx")
      }
      notes.append(
        Self(
          container: container, condition: try entry["when"]?.expression(),
          perLayer: try entry["perLayer"]?.expression(),
          sentence: try NameTemplate(entry.member("that"))))
    }
    return notes
  }

  /// Whether the condition is met by a part, or any of its layers.
  fileprivate func holds(
    of part: Part?, _ values: [String: Expression.Value]
  ) throws(Expression.Failure) -> Bool {
    guard let condition else { return true }
    guard let perLayer, let part else { return try condition.bool(values) }
    for layer in 0..<max(0, min(try perLayer.integer(values), Part.maximumRepetitions)) {
      let own = Part.layerValues(values, of: layer, in: part.declaration)
      if try condition.bool(own) { return true }
    }
    return false
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
  /// - Throws: ``ModelError/declaration(name:sentence:)`` if a formula has no value, and others for a
  ///   GGUF that neither engines nor this program would compute.
  package func notes(for container: EngineContainer) throws(ModelError) -> [String] {
    var sentences: [String] = []
    func append(
      _ notes: [EngineNote], _ values: [String: Expression.Value], of part: Part?, _ name: String
    ) throws(ModelError) {
      for note in notes where note.container == container {
        do throws(Expression.Failure) {
          guard try note.holds(of: part, values) else { continue }
          sentences.append(try note.sentence.name(values))
        } catch { throw .declaration(name: name, sentence: "notes: \(error)") }
      }
    }
    // A file for this program alone must be one that it can run.
    let kinds = Set(PartDeclaration.Kind.allCases)
    if container == .gguf, try needsWholeSettings(for: kinds) { _ = try ForwardPass(self) }
    for part in architecture.parts {
      if container == .gguf {
        let file = part.kind == .language ? "file of the language model" : "mmproj file"
        sentences += try part.ggufObstacles().map { "Pare alone will read the \(file): \($0)" }
      }
      try append(part.declaration.notes, values(of: part), of: part, part.declaration.name)
    }
    try append(architecture.composition?.notes ?? [], partNames, of: nil, architecture.name)
    return sentences + (container == .gguf ? tokenizer.vocabulary.ggufNotes : [])
  }
}
