// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Foundation
import Notation
import TestSupport
import Testing

@testable import Models

/// README's table of families, made of the declarations and of the fixtures that hold them to goldens.
struct FamilyTableTests {
  private static let readme = Fixtures.path("../README.md")
  private static let (start, end) = ("<!-- families -->\n", "<!-- /families -->\n")

  /// A whole model that can be read.
  private struct Family {
    let name: String
    let about: String
    let modelTypes: [String]
    let parts: [PartDeclaration]

    /// Why Pare alone reads a GGUF, whatever the configuration.
    var obstacle: String? {
      parts.flatMap(\.gguf.requirements).first { $0.condition.description == "false" }?.sentence
    }

    /// What engines cannot do with a GGUF, or do otherwise, whatever the configuration.
    var caveats: [String] {
      parts.flatMap(\.notes).filter { $0.container == .gguf && $0.condition == nil }.compactMap {
        try? $0.sentence.name([:])
      }
    }
  }

  private static func families() throws -> [Family] {
    let library = try DeclarationLibrary()
    let compositions = try library.compositions.map { composition in
      Family(
        name: composition.name, about: composition.about, modelTypes: composition.modelTypes,
        parts: try composition.members.compactMap {
          try ($0.declaration ?? $0.use?.fallback).flatMap(library.part).map(library.declaration)
        })
    }
    let decoders = try library.parts.filter { $0.kind == .language && !$0.modelTypes.isEmpty }.map {
      Family(
        name: $0.name, about: $0.about, modelTypes: $0.modelTypes,
        parts: [try library.declaration(of: $0)])
    }
    return decoders + compositions
  }

  /// For each declaration the fixtures with goldens of it.
  private static func fixtures() throws -> [String: [String]] {
    let library = try DeclarationLibrary()
    var names: [String: [String]] = [:]
    func add(_ name: String, _ copy: FixtureCopy) throws {
      let model = try Model(path: copy.path, library: library)
      names[model.architecture.name, default: []].append(name)
    }
    for name in try FixtureCopy.families { try add(name, FixtureCopy(family: name)) }
    for name in try FixtureCopy.visionLanguageFamilies {
      try add(name, FixtureCopy(visionLanguage: name))
    }
    for name in ["llava-tiny", "mm1-tiny", "mm1-moe-tiny"] { try add(name, FixtureCopy(name)) }
    return names
  }

  private static func table() throws -> String {
    let fixtures = try fixtures()
    // The same sentence is true of many families.
    var notes: [String] = []
    func numbers(_ sentences: [String]) -> String {
      let places = sentences.map { sentence in
        if let place = notes.firstIndex(of: sentence) { return place + 1 }
        notes.append(sentence)
        return notes.count
      }
      return places.isEmpty ? "" : " (\(places.sorted().map(String.init).joined(separator: ", ")))"
    }
    var text = "| `model_type` | | held to goldens | GGUF |\n|---|---|---|---|\n"
    for family in try families() {
      let types = family.modelTypes.map { "`\($0)`" }.joined(separator: ", ")
      let goldens = fixtures[family.name]?.joined(separator: ", ") ?? "as a part"
      let gguf =
        family.obstacle.map { "for Pare alone" + numbers([$0]) } ?? "yes" + numbers(family.caveats)
      text += "| \(types) | \(family.about) | \(goldens) | \(gguf) |\n"
    }
    text += "\n"
    for (place, note) in notes.enumerated() { text += "\(place + 1). \(note)\n" }
    return text
  }

  @Test("README has the table of families; PARE_UPDATE_README=1 writes it")
  func table() throws {
    let text = try String(contentsOfFile: Self.readme, encoding: .utf8)
    let start = try #require(text.range(of: Self.start))
    let end = try #require(text.range(of: Self.end))
    let expected = try Self.table()
    if ProcessInfo.processInfo.environment["PARE_UPDATE_README"] != nil {
      let updated = text.replacingCharacters(
        in: start.upperBound..<end.lowerBound, with: expected)
      try updated.write(toFile: Self.readme, atomically: true, encoding: .utf8)
    } else {
      #expect(String(text[start.upperBound..<end.lowerBound]) == expected)
    }
  }
}
