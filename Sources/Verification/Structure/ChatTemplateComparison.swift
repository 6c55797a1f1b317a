// SPDX-License-Identifier: Apache-2.0

import Models
import Tokenizers

/// Compares the prompts that two models' chat templates make of the same conversations.
struct ChatTemplateComparison {
  let reference: Model
  let candidate: Model

  /// What is said in the conversations.
  private static let conversations: [(name: String, messages: [ChatMessage])] = {
    let question = ChatMessage(role: "user", text: "What is in this picture?")
    let parts = ChatMessage(
      role: "user", content: .parts([.image, .text("What is in this picture?")]))
    let turns = [
      ChatMessage(role: "assistant", text: "A red circle."),
      ChatMessage(role: "user", text: "  And at the left? "),
    ]
    return [
      ("a question", [question]), ("a question with an image", [parts]),
      ("three turns", [question] + turns),
      (
        "a question with instructions",
        [ChatMessage(role: "system", text: "Be brief."), question]
      ),
    ]
  }()

  private enum Rendering: Equatable {
    case text(String)
    case refused(String)
  }

  func check(into findings: inout Findings) {
    let ours = reference.tokenizer.vocabulary.chatTemplate
    let theirs = candidate.tokenizer.vocabulary.chatTemplate
    switch (ours, theirs) {
    case (nil, nil): return
    case (.some, nil):
      findings.append(
        Finding(
          .chatTemplate, .error, of: "template", expected: "the original's", found: "none",
          consequence: "prompts would be given without the marks of turns, and answers ramble"))
    case (nil, .some):
      findings.append(
        Finding(
          .chatTemplate, .warning, of: "template", expected: "none", found: "one",
          consequence: "prompts would get marks that the original has no template for"))
    case (.some(let ours), .some(let theirs)): compare(ours, theirs, into: &findings)
    }
  }

  private func compare(_ ours: String, _ theirs: String, into findings: inout Findings) {
    var isDifferent = false
    for (name, messages) in ChatTemplateComparison.conversations {
      findings.count(.chatTemplate)
      let expected = ChatTemplateComparison.render(ours, messages, for: reference)
      let found = ChatTemplateComparison.render(theirs, messages, for: candidate)
      switch (expected, found) {
      case (.text(let expected), .text(let found)):
        guard !expected.utf8.elementsEqual(found.utf8) else { continue }
        isDifferent = true
        let (a, b) = ChatTemplateComparison.difference(expected, found)
        findings.append(
          Finding(
            .chatTemplate, .error, of: name, expected: a, found: b,
            consequence: "the model would be asked in a form that it was not taught"))
      case (.refused, .refused): continue
      case (.text, .refused(let reason)):
        isDifferent = true
        findings.append(
          Finding(
            .chatTemplate, .error, of: name, expected: "a prompt", found: "'\(reason)'",
            consequence: "engines would refuse such a conversation"))
      case (.refused(let reason), .text):
        isDifferent = true
        findings.append(
          Finding(
            .chatTemplate, .warning, of: name, expected: "'\(reason)'", found: "a prompt",
            consequence: "the model would be asked what the original refuses"))
      }
    }
    guard !isDifferent, !ours.utf8.elementsEqual(theirs.utf8) else { return }
    findings.append(
      Finding(
        .chatTemplate, .warning, of: "template", expected: "\(ours.utf8.count) bytes",
        found: "another text of \(theirs.utf8.count) bytes that gives the same prompts here",
        consequence: "tool calls and other rare messages may be given in another form"))
  }

  private static func render(
    _ template: String, _ messages: [ChatMessage], for model: Model
  ) -> Rendering {
    let vocabulary = model.tokenizer.vocabulary
    func piece(_ id: Int?) -> String {
      id.flatMap { vocabulary.pieces.indices.contains($0) ? vocabulary.pieces[$0] : nil } ?? ""
    }
    do throws(TokenizerError) {
      return .text(
        try ChatTemplate(template).render(
          messages, addsGenerationPrompt: true,
          beginningOfSequence: piece(vocabulary.beginningOfSequence),
          endOfSequence: piece(vocabulary.endOfSequence)))
    } catch {
      return .refused(error.description)
    }
  }

  /// Some characters of both from shortly before where they part.
  private static func difference(_ a: String, _ b: String) -> (String, String) {
    let (first, second) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    let start = max(0, zip(first, second).prefix { $0 == $1 }.count - 12)
    func part(_ scalars: [Unicode.Scalar]) -> String {
      let shown = scalars[min(start, scalars.count)..<min(scalars.count, start + 48)]
      var text = ""
      for scalar in shown { text += scalar == "\n" ? "\\n" : String(scalar) }
      return "'\(start > 0 ? "…" : "")\(text)\(start + 48 < scalars.count ? "…" : "")'"
    }
    return (part(first), part(second))
  }
}
