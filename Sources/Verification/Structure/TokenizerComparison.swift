// SPDX-License-Identifier: Apache-2.0

import Models
import Tokenizers

/// Compares what two models make of text: pieces, ids, and the tokens with a meaning of their own.
struct TokenizerComparison {
  let reference: Model
  let candidate: Model

  private var ours: Vocabulary { reference.tokenizer.vocabulary }
  private var theirs: Vocabulary { candidate.tokenizer.vocabulary }

  func check(into findings: inout Findings) throws(ModelError) {
    checkPieces(into: &findings)
    try checkTexts(into: &findings)
    checkSpecialTokens(into: &findings)
  }

  private func checkPieces(into findings: inout Findings) {
    // Tables of embeddings are longer than vocabularies, and some containers fill the rest.
    let count = max(ours.pieces.count, theirs.pieces.count)
    let (a, b) = (ours.padded(to: count), theirs.padded(to: count))
    findings.count(.vocabulary, count)
    let other = (0..<count).filter { !a.pieces[$0].utf8.elementsEqual(b.pieces[$0].utf8) }
    if let first = other.first {
      findings.append(
        Finding(
          .vocabulary, .error, of: "token \(first)", expected: "'\(a.pieces[first])'",
          found: "'\(b.pieces[first])' (\(other.count) of \(count) tokens differ)",
          consequence: "words would be read, and written, as others"))
    }
    let steering = (0..<count).filter { (a.kinds[$0] == .control) != (b.kinds[$0] == .control) }
    if let first = steering.first {
      func text(_ vocabulary: Vocabulary) -> String {
        vocabulary.kinds[first] == .control ? "a control token" : "no control token"
      }
      findings.append(
        Finding(
          .vocabulary, .warning, of: "token \(first), '\(a.pieces[first])'", expected: text(a),
          found: text(b) + (steering.count > 1 ? ", and \(steering.count - 1) more like it" : ""),
          consequence: "it would not be recognised in prompts, or be shown in answers"))
    }
    checkMerges(into: &findings)
  }

  private func checkMerges(into findings: inout Findings) {
    if !ours.merges.isEmpty, ours.model == theirs.model, ours.merges != theirs.merges {
      let same = zip(ours.merges, theirs.merges).prefix { $0 == $1 }.count
      func merge(_ vocabulary: Vocabulary) -> String {
        same < vocabulary.merges.count ? "'\(vocabulary.merges[same])'" : "no more"
      }
      findings.append(
        Finding(
          .vocabulary, .warning, of: "merge \(same)", expected: merge(ours), found: merge(theirs),
          consequence: "some words would be cut into other tokens"))
    }
    guard let a = ours.preTokenizer, let b = theirs.preTokenizer, a != b else { return }
    findings.append(
      Finding(
        .vocabulary, .warning, of: "pre-tokenizer", expected: "'\(a)'", found: "'\(b)'",
        consequence: "engines that go by the name would cut texts into other words"))
  }

  private func checkTexts(into findings: inout Findings) throws(ModelError) {
    var different: [(text: String, expected: [Int], found: [Int])] = []
    for text in TokenizationCorpus.texts {
      findings.count(.tokenization)
      for parsesSpecial in [false, true] {
        let (expected, found): ([Int], [Int])
        do throws(TokenizerError) {
          expected = try reference.tokenizer.encode(text, parsingSpecial: parsesSpecial)
          found = try candidate.tokenizer.encode(text, parsingSpecial: parsesSpecial)
        } catch {
          throw .tokenizer(error)
        }
        if expected != found {
          different.append((text, expected, found))
          break
        }
      }
    }
    guard let first = different.first else { return }
    findings.append(
      Finding(
        .tokenization, .error, of: "'\(first.text)'",
        expected: TokenizerComparison.text(of: first.expected, from: first.found),
        found: TokenizerComparison.text(of: first.found, from: first.expected)
          + " (\(different.count) of \(TokenizationCorpus.texts.count) texts differ)",
        consequence: "prompts would be read as tokens that the model was not taught"))
  }

  /// A few ids around the first that differs.
  private static func text(of tokens: [Int], from others: [Int]) -> String {
    let same = zip(tokens, others).prefix { $0 == $1 }.count
    let start = max(0, same - 2)
    let shown = tokens[min(start, tokens.count)..<min(tokens.count, same + 4)]
    return "\(tokens.count) ids, from the \(start)th on \(Array(shown))"
  }

  private func checkSpecialTokens(into findings: inout Findings) {
    let named: [(name: String, id: KeyPath<Vocabulary, Int?>, isVital: Bool, effect: String)] = [
      (
        "beginning of sequence", \.beginningOfSequence, ours.addsBeginningOfSequence,
        "sequences would begin otherwise than the model was taught"
      ),
      ("end of sequence", \.endOfSequence, true, "answers would not end where they should"),
      ("unknown", \.unknown, false, "characters without a token would become another one"),
      ("padding", \.padding, false, "engines that fill batches up would use another token"),
    ]
    for (name, key, isVital, effect) in named {
      guard let expected = ours[keyPath: key] else { continue }
      findings.count(.specialTokens)
      let found = theirs[keyPath: key]
      guard found != expected else { continue }
      findings.append(
        Finding(
          .specialTokens, isVital ? .error : .warning, of: name,
          expected: piece(expected, in: ours),
          found: found.map { piece($0, in: theirs) } ?? "none", consequence: effect))
    }
    if let expected = reference.architecture.imageToken,
      let found = candidate.architecture.imageToken
    {
      findings.count(.specialTokens)
      if expected != found {
        findings.append(
          Finding(
            .specialTokens, .error, of: "image", expected: piece(expected, in: ours),
            found: piece(found, in: theirs),
            consequence: "images would be put in the place of another token"))
      }
    }
    checkEnds(into: &findings)
    checkAdded(into: &findings)
  }

  /// Holds the ends of answers against each other, but for an end of sequence that was exchanged:
  /// that is a finding already.
  private func checkEnds(into findings: inout Findings) {
    let (a, b) = (reference.answerEnds, candidate.answerEnds)
    findings.count(.specialTokens)
    let told =
      ours.endOfSequence == theirs.endOfSequence
      ? [] : [ours.endOfSequence, theirs.endOfSequence].compactMap(\.self)
    let missing = Set(a.named).subtracting(b.all).subtracting(told)
    // A tokenizer's end is no surprise where a folder names other ends than its tokenizer.
    let known = a.all.union([ours.endOfSequence, ours.endOfTurn].compactMap(\.self))
    let added = Set(b.named).subtracting(known).subtracting(told)
    guard !missing.isEmpty || !added.isEmpty else { return }
    func text(_ ids: [Int], _ vocabulary: Vocabulary) -> String {
      ids.isEmpty ? "none" : ids.map { piece($0, in: vocabulary) }.joined(separator: ", ")
    }
    findings.append(
      Finding(
        .specialTokens, .error, of: "ends of answers", expected: text(a.named, ours),
        found: text(b.named, theirs),
        consequence: missing.isEmpty
          ? "answers would end where they should go on" : "answers would not end where they should"
      ))
  }

  private func checkAdded(into findings: inout Findings) {
    let added: [(name: String, of: (any Tokenizer) -> [Int])] = [
      ("tokens before a text", { $0.beginning }), ("tokens behind a text", { $0.end }),
    ]
    for (name, tokens) in added {
      findings.count(.specialTokens)
      let (expected, found) = (tokens(reference.tokenizer), tokens(candidate.tokenizer))
      guard expected != found else { continue }
      func text(_ tokens: [Int], _ vocabulary: Vocabulary) -> String {
        tokens.isEmpty ? "none" : tokens.map { piece($0, in: vocabulary) }.joined(separator: " ")
      }
      findings.append(
        Finding(
          .specialTokens, .error, of: name, expected: text(expected, ours),
          found: text(found, theirs),
          consequence: "every prompt would be one token longer or shorter than was taught"))
    }
  }

  private func piece(_ id: Int, in vocabulary: Vocabulary) -> String {
    guard vocabulary.pieces.indices.contains(id) else { return "\(id)" }
    return "\(id) '\(vocabulary.pieces[id])'"
  }
}
