// SPDX-License-Identifier: Apache-2.0

/// A part of a template that produces output or changes a variable.
indirect enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  /// Conditions with their bodies; a nil condition is `else`.
  case choice([(condition: TemplateExpression?, body: [TemplateStatement])])
  case loop(TemplateLoop)
  case set(TemplateTarget, TemplateExpression, line: Int)
  case capture(TemplateTarget, [TemplateStatement], line: Int)
  case macro(TemplateMacro)
  case leave
  case skip
}

/// `{% for targets in sequence if condition %}`.
struct TemplateLoop: Sendable {
  var targets: [String]
  var sequence: TemplateExpression
  var condition: TemplateExpression?
  var body: [TemplateStatement]
  var otherwise: [TemplateStatement]
}

struct TemplateMacro: Sendable {
  var name: String
  var parameters: [(name: String, standard: TemplateExpression?)]
  var body: [TemplateStatement]
}

enum TemplateTarget: Sendable {
  case names([String])
  /// `namespace.attribute`.
  case attribute(of: String, String)
}

/// An expression, with how deep it nests.
struct TemplateExpression: Sendable {
  /// The deepest nesting: evaluation recurses that far.
  static let maximumDepth = 100

  typealias Argument = (name: String?, value: TemplateExpression)

  indirect enum Kind: Sendable {
    case literal(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case mapping([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case element(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, [TemplateExpression?])
    case call(TemplateExpression, [Argument])
    case filter(TemplateExpression, String, [Argument])
    case test(TemplateExpression, String, [Argument], isNegated: Bool)
    case negative(TemplateExpression)
    case not(TemplateExpression)
    case both(TemplateExpression, TemplateExpression)
    case either(TemplateExpression, TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    /// `a < b <= c`.
    case comparison(TemplateExpression, [(relation: String, TemplateExpression)])
    case conditional(
      TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  }

  let kind: Kind
  let depth: Int
  let line: Int
}
