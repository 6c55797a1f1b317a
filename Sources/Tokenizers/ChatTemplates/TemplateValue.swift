// SPDX-License-Identifier: Apache-2.0

/// A value while a chat template runs; it behaves as in Python.
enum TemplateValue: Sendable {
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list(TemplateList)
  case mapping(TemplateMapping)
  /// `namespace(...)`, by its place in the evaluator: the only value that can change.
  case namespace(Int)
  /// A macro, by its place in the evaluator.
  case macro(Int)
  /// A function of the language.
  case function(String)

  /// How deep lists and mappings nest below, so that nothing recursive runs out of stack.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .mapping(let mapping): mapping.depth
    default: 0
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let list): !list.elements.isEmpty
    case .mapping(let mapping): !mapping.entries.isEmpty
    case .namespace, .macro, .function: true
    }
  }

  /// Python's name of the type, for messages.
  var typeName: String {
    switch self {
    case .undefined: "undefined"
    case .none: "None"
    case .bool: "bool"
    case .integer: "int"
    case .number: "float"
    case .string: "str"
    case .list: "list"
    case .mapping: "dict"
    case .namespace: "namespace"
    case .macro, .function: "function"
    }
  }

  /// A number, where booleans count as 0 and 1.
  var double: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  var int: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  var string: String? { if case .string(let value) = self { value } else { nil } }
}

extension TemplateValue: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self = .string(value) }
}

struct TemplateList: Sendable {
  let elements: [TemplateValue]
  let depth: Int

  init(_ elements: [TemplateValue]) {
    self.elements = elements
    depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
  }
}

/// Keys and values in their order; keys are strings.
struct TemplateMapping: Sendable {
  let entries: [(key: String, value: TemplateValue)]
  let depth: Int

  init(_ entries: [(key: String, value: TemplateValue)]) {
    self.entries = entries
    depth = 1 + (entries.lazy.map(\.value.depth).max() ?? 0)
  }

  subscript(key: String) -> TemplateValue? {
    entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }
}
