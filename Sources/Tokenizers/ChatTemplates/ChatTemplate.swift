// SPDX-License-Identifier: Apache-2.0

/// A turn of a conversation.
package struct ChatMessage: Sendable, Equatable {
  package enum Part: Sendable, Equatable {
    case text(String)
    case image
  }

  package enum Content: Sendable, Equatable {
    case text(String)
    case parts([Part])
  }

  /// Such as `user`, `assistant` or `system`.
  package var role: String
  package var content: Content

  package init(role: String, content: Content) {
    self.role = role
    self.content = content
  }

  package init(role: String, text: String) { self.init(role: role, content: .text(text)) }
}

/// A model's chat template: the part of Jinja that such templates are written in.
///
/// Output, steps, nesting and string lengths are bounded, so that no template can hang the program
/// or exhaust its memory. White space is treated as Transformers sets Jinja up (`trim_blocks` and
/// `lstrip_blocks`). There is no clock: `strftime_now` is undefined, and templates that ask fall
/// back to their fixed date.
///
/// Source: jinja.palletsprojects.com/en/stable/templates; Formats/tokenizers.md lists what is
/// supported.
package struct ChatTemplate: Sendable {
  private let body: [TemplateStatement]

  /// Parses a template.
  ///
  /// - Throws: ``TokenizerError/template(line:reason:)`` for wrong or unsupported syntax.
  package init(_ source: String) throws(TokenizerError) {
    var parser = TemplateParser(segments: try TemplateLexer.segments(of: source))
    body = try parser.document()
  }

  /// Renders a conversation as the text that the model was trained on.
  ///
  /// - Parameters:
  ///   - messages: In order. Text content reaches the template as a string, parts as a list of
  ///     objects with `type` and `text`.
  ///   - addsGenerationPrompt: Whether the assistant's turn is opened at the end.
  ///   - beginningOfSequence: What `bos_token` stands for.
  ///   - endOfSequence: What `eos_token` stands for.
  /// - Returns: Text in which special tokens are spelled out; encode it with `parsingSpecial`.
  /// - Throws: ``TokenizerError/template(line:reason:)`` for what the template refuses, operations
  ///   that do not fit, or work beyond the bounds.
  package func render(
    _ messages: [ChatMessage], addsGenerationPrompt: Bool, beginningOfSequence: String = "",
    endOfSequence: String = ""
  ) throws(TokenizerError) -> String {
    try render([
      "messages": .list(.init(messages.map(\.templateValue))),
      "add_generation_prompt": .bool(addsGenerationPrompt),
      "bos_token": .string(beginningOfSequence), "eos_token": .string(endOfSequence),
      "tools": .none, "documents": .none,
    ])
  }

  /// Renders with these variables.
  func render(
    _ variables: [String: TemplateValue], maximumSteps: Int = TemplateEvaluator.standardSteps
  ) throws(TokenizerError) -> String {
    var evaluator = TemplateEvaluator(variables: variables, maximumSteps: maximumSteps)
    return try evaluator.render(body)
  }
}

extension ChatMessage {
  fileprivate var templateValue: TemplateValue {
    let value: TemplateValue =
      switch content {
      case .text(let text): .string(text)
      case .parts(let parts): .list(.init(parts.map(\.templateValue)))
      }
    return .mapping(.init([("role", .string(role)), ("content", value)]))
  }
}

extension ChatMessage.Part {
  fileprivate var templateValue: TemplateValue {
    switch self {
    case .text(let text): .mapping(.init([("type", "text"), ("text", .string(text))]))
    case .image: .mapping(.init([("type", "image")]))
    }
  }
}
