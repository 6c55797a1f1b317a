// SPDX-License-Identifier: Apache-2.0

import Formats
import Notation

/// The declarations that a program knows: those in the binary, and files that the user names.
///
/// A user's declaration replaces an embedded one of the same name.
/// Schema: `Formats/Architectures/README.md`.
package struct DeclarationLibrary: Sendable {
  /// Whole models made of parts, such as LLaVA.
  package private(set) var compositions: [Composition] = []
  /// Parts, such as a decoder.
  package private(set) var parts: [PartIdentity] = []
  /// What the rest of each part is read from, by name.
  private var readers: [String: DeclarationReader] = [:]

  /// Reads the embedded declarations, then the given files.
  ///
  /// - Throws: ``ModelError`` for the first file that cannot be read, or mistake in one.
  package init(files: [String] = []) throws(ModelError) {
    var texts: [(name: String, json: JSON)] = []
    for (name, text) in Formats.architectures {
      do throws(JSONError) {
        texts.append((name, try JSON(parsing: String(decoding: text, as: UTF8.self))))
      } catch { throw .declaration(name: name, sentence: "\(error)") }
    }
    var own: [String] = []
    for path in files {
      let json = try JSONFile.read(path)
      let name = json["name"]?.string ?? path
      texts.removeAll { $0.name == name }
      texts.append((name, json))
      own.append(name)
    }
    try self.init(texts)
    // A mistake in a file of the user's is told even if the model is made of other parts.
    for part in parts where own.contains(part.name) { _ = try declaration(of: part) }
  }

  init(_ texts: [(name: String, json: JSON)]) throws(ModelError) {
    let byName = Dictionary(texts.map { ($0.name, $0.json) }) { _, last in last }
    for (name, json) in texts {
      let whole = try DeclarationChanges.resolve(json, name: name, among: byName)
      let reader = DeclarationReader(whole, name: name)
      if whole["parts"] != nil {
        compositions.append(try Composition(reader))
      } else {
        let part = try PartIdentity(reader)
        parts.append(part)
        readers[part.name] = reader
      }
    }
  }

  /// The whole declaration of one of the parts.
  ///
  /// - Throws: ``ModelError`` for a mistake in it, with its place.
  package func declaration(of part: PartIdentity) throws(ModelError) -> PartDeclaration {
    guard let reader = readers[part.name] else {
      throw .declaration(name: part.name, sentence: "there is no such part")
    }
    return try PartDeclaration(reader)
  }

  /// The part with a name, or one that claims a `model_type`.
  package func part(named name: String) -> PartIdentity? {
    parts.last { $0.name == name } ?? parts.last { $0.modelTypes.contains(name) }
  }

  /// The composition that claims a model with the most conditions; of several, the last.
  func composition(of config: JSON) -> Composition? {
    let claiming = compositions.filter { $0.claims(config) }
    let most = claiming.map(\.conditions.count).max()
    return claiming.last { $0.conditions.count == most }
  }

  /// Every `model_type` that a whole model can have, in order.
  package var knownModelTypes: [String] {
    Set(
      compositions.flatMap(\.modelTypes)
        + parts.filter { $0.kind == .language }.flatMap(\.modelTypes)
    ).sorted()
  }
}
