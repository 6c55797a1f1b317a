// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Testing

@testable import Tokenizers

struct ChatTemplateTests {
  private static func template(_ row: JSON) throws -> String {
    guard let model = row["model"]?.string else { return try #require(row["template"]?.string) }
    if model == "qwen2-vl" {
      let text = try #require(
        try TokenizerFiles.open(Fixtures.path("tokenizers/qwen2-vl/chat_template.json")))
      return try #require(try TokenizerFiles.json(of: text)["chat_template"]?.string)
    }
    let tokenizer = try #require(Goldens.Model(rawValue: model)).tokenizer()
    return try #require(tokenizer.vocabulary.chatTemplate)
  }

  private static func value(_ json: JSON) -> TemplateValue {
    switch json {
    case .null: .none
    case .bool(let value): .bool(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .array(let values): .list(.init(values.map(value)))
    case .object(let object): .mapping(.init(object.map { ($0.key, value($0.value)) }))
    }
  }

  @Test func outputEqualsThatOfTheReference() throws {
    for row in try Goldens.rows("templates.json") {
      let source = try Self.template(row)
      let variables = Dictionary(
        uniqueKeysWithValues: try #require(row["variables"]?.object).map {
          ($0.key, Self.value($0.value))
        })
      if let expected = row["output"]?.string {
        do {
          let output = try ChatTemplate(source).render(variables)
          #expect(output == expected, "\(source)")
        } catch {
          Issue.record("\(source): \(error)")
        }
      } else {
        #expect(throws: TokenizerError.self, "\(source)") {
          try ChatTemplate(source).render(variables)
        }
      }
    }
  }

  @Test func messagesReachTheTemplateAsItsModelExpects() throws {
    let source = try #require(try Goldens.Model.smolVLM.tokenizer().vocabulary.chatTemplate)
    let message = ChatMessage(role: "user", content: .parts([.image, .text("What is it?")]))
    let prompt = try ChatTemplate(source).render([message], addsGenerationPrompt: true)
    #expect(
      prompt == "<|im_start|>User:<image>What is it?<end_of_utterance>\nAssistant:")
  }

  @Test(arguments: [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(s='x') %}{% for i in range(100) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(100) %}{% set n.l = n.l + n.l %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(1000) %}{% set n.l = [n.l] %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l == n.l }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 'x' * 1000000000 }}",
    "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "{{ range(10000000000) }}",
    "{% set s = 'ab' * 1000000 %}{{ s.replace('a', s) }}", "{{ 9223372036854775807 + 1 }}",
    "{{ (0 - 9223372036854775807 - 1) // -1 }}",
  ])
  func hostileTemplatesStopWithAnError(source: String) throws {
    #expect(throws: TokenizerError.self) {
      try ChatTemplate(source).render([:], maximumSteps: 20_000)
    }
  }

  @Test(arguments: ["(", "[", "{'a':", "not ", "-", "x if ", "a.b(", "1 + ", "x[", "a|d("])
  func deepNestingStopsWithAnError(opening: String) throws {
    #expect(throws: TokenizerError.self) {
      try ChatTemplate("{{ " + String(repeating: opening, count: 100_000))
    }
    #expect(throws: TokenizerError.self) {
      try ChatTemplate(String(repeating: "{% if x %}", count: 10_000))
    }
  }
}
