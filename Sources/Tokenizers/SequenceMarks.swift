// SPDX-License-Identifier: Apache-2.0

import Notation

/// The ids that the post-processors of a `tokenizer.json` put before a single text and after it.
///
/// A processor sees the text as parts, first one, and may make several of it; the next one sees
/// those. `ByteLevel` changes no ids, only the places in the text that they are said to come from.
///
/// Source: Formats/tokenizers.md.
struct SequenceMarks: Equatable {
  private(set) var before: [Int] = []
  private(set) var after: [Int] = []

  /// Ids; nil is where the text stands.
  private typealias Part = [Int?]

  private let path: String

  /// Reads a processor.
  ///
  /// - Parameters:
  ///   - processor: The `post_processor`; null for none.
  ///   - path: The file, for messages.
  /// - Throws: ``TokenizerError`` for a processor that is not known, or under which the text does
  ///   not stand once.
  init(_ processor: JSON, path: String) throws(TokenizerError) {
    self.path = path
    var parts: [Part] = [[nil]]
    try apply(processor, to: &parts)
    let ids = parts.flatMap(\.self)
    guard let place = ids.firstIndex(of: nil), ids[(place + 1)...].allSatisfy({ $0 != nil }) else {
      throw malformed("expected the text once, found it \(ids.count { $0 == nil }) times")
    }
    before = ids[..<place].compactMap(\.self)
    after = ids[place...].compactMap(\.self)
  }

  private func malformed(_ reason: String) -> TokenizerError {
    .malformed(source: path, reason: "post_processor: " + reason)
  }

  private func apply(_ processor: JSON, to parts: inout [Part]) throws(TokenizerError) {
    guard !processor.isNull else { return }
    switch processor["type"]?.string {
    case "Sequence":
      for inner in processor["processors"]?.array ?? [] { try apply(inner, to: &parts) }
    case "ByteLevel": break
    case "TemplateProcessing": parts = try filled(template: processor, with: parts)
    case "BertProcessing": try enclose(&parts, processor, startsEach: false)
    case "RobertaProcessing": try enclose(&parts, processor, startsEach: true)
    case let type:
      throw .unsupported(
        source: path, feature: "the post-processor '\(type ?? "without a type")'",
        remedy:
          "expected TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence")
    }
  }

  /// The first part after `cls`, each before `sep`; the others after another `sep`, if each starts
  /// with one.
  private func enclose(
    _ parts: inout [Part], _ processor: JSON, startsEach: Bool
  ) throws(TokenizerError) {
    func id(_ key: String) throws(TokenizerError) -> Int {
      guard let pair = processor[key]?.array, pair.count == 2, let id = pair[1].integer else {
        throw malformed("\(key): expected a token and its id")
      }
      return id
    }
    let (start, end) = (try id("cls"), try id("sep"))
    for index in parts.indices {
      let own = index == 0 ? [start] : startsEach ? [end] : []
      parts[index] = own + parts[index] + [end]
    }
  }

  /// The pieces of a template, each a part: special tokens, one or several ids, and the parts so
  /// far.
  private func filled(template: JSON, with parts: [Part]) throws(TokenizerError) -> [Part] {
    guard parts.count <= 2 else {
      throw malformed("a template for one or two parts comes after one that makes \(parts.count)")
    }
    let key = parts.count == 1 ? "single" : "pair"
    guard let pieces = template[key]?.array else { throw malformed("\(key): expected a list") }
    var result: [Part] = []
    for piece in pieces {
      if let sequence = piece["Sequence"] {
        let names = ["A", "B"].prefix(parts.count)
        guard let index = sequence["id"]?.string.flatMap({ names.firstIndex(of: $0) }) else {
          throw malformed("\(key): expected the sequence \(names.joined(separator: " or "))")
        }
        result.append(parts[index])
      } else {
        result.append(try ids(of: piece, in: template, key: key))
      }
    }
    return result
  }

  private func ids(
    of piece: JSON, in template: JSON, key: String
  ) throws(TokenizerError) -> Part {
    guard let name = piece["SpecialToken"]?["id"]?.string else {
      throw malformed("\(key): expected a 'Sequence' or a 'SpecialToken'")
    }
    guard let listed = template["special_tokens"]?[name]?["ids"]?.array else {
      throw malformed("special_tokens: expected the ids of '\(name)', found none")
    }
    let ids = listed.compactMap(\.integer)
    guard ids.count == listed.count else {
      throw malformed("special_tokens: '\(name)': expected whole numbers as ids")
    }
    return ids
  }
}
