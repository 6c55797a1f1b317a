// SPDX-License-Identifier: Apache-2.0

import Notation
import TestSupport
import Testing

struct ExpressionTests {
  typealias Value = Expression.Value

  static func value(_ formula: String, _ names: [String: Value] = [:]) throws -> Value {
    try Expression(formula).value(names)
  }

  @Test(
    arguments: [
      ("7", 7), ("0.25", 0.25), ("1e3", 1000), ("1.5e-2", 0.015), ("2 + 3 * 4", 14),
      ("(2 + 3) * 4", 20), ("10 - 4 - 3", 3), ("24 / 4 / 2", 3), ("2 ** 3 ** 2", 512),
      ("-2 ** 2", -4), ("(-2) ** 2", 4), ("2 * -3", -6), ("--5", 5), ("7 % 4", 3), ("-7 % 4", 1),
      ("7 / 2", 3.5), ("9 ** 0.5", 3), ("floor(7 / 2)", 3), ("ceil(7 / 2)", 4), ("round(2.5)", 2),
      ("round(3.5)", 4), ("sqrt(16)", 4), ("min(3, 1, 2)", 1), ("max(3, 1 + 3)", 4),
      ("1 < 2 ? 10 : 20", 10), ("1 > 2 ? 10 : 1 == 1 ? 20 : 30", 20),
    ] as [(String, Double)])
  func numbersFollowTheUsualPrecedence(_ formula: String, _ expected: Double) throws {
    #expect(try Self.value(formula) == .number(expected))
  }

  @Test(
    arguments: [
      ("1 + 1 == 2", true), ("not 1 == 2", true), ("not not true", true),
      ("true or false and false", true), ("(true or false) and false", false),
      ("not false and false", false), ("1 <= 1 and 2 >= 3", false), ("'a' == 'a'", true),
      ("'a' != 'b'", true), ("'1' == 1", false),
    ] as [(String, Bool)])
  func truthFollowsTheUsualPrecedence(_ formula: String, _ expected: Bool) throws {
    #expect(try Expression(formula).bool([:]) == expected)
  }

  /// Random sums and products, written without and with all parentheses.
  @Test(arguments: 0..<50)
  func precedenceIsThatOfTheFullyParenthesisedFormula(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    // A list of products; each factor a small number, so that all is exact.
    let terms = (0..<Int.random(in: 1...6, using: &random)).map { _ in
      (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 0...9, using: &random) }
    }
    let flat = terms.map { $0.map(String.init).joined(separator: " * ") }.joined(separator: " - ")
    let expected = terms.dropFirst().reduce(terms[0].reduce(1, *)) { $0 - $1.reduce(1, *) }
    #expect(try Expression(flat).integer([:]) == expected)
  }

  @Test func operatorsShortCut() throws {
    let formula = try Expression("known or 1 / 0 == 1")
    #expect(try formula.bool(["known": .bool(true)]))
    #expect(try !Expression("known and 1 / 0 == 1").bool(["known": .bool(false)]))
    #expect(try Expression("known ? 1 : 1 / 0").integer(["known": .bool(true)]) == 1)
  }

  @Test func namesAreThoseThatTheFormulaUses() throws {
    let formula = try Expression("max(a, b_2) + (c ? a : 'd') * 2")
    #expect(formula.names == ["a", "b_2", "c", "a"])
    #expect(try Expression("a * b").integer(["a": .number(6), "b": .number(7)]) == 42)
  }

  @Test(
    arguments: [
      ("", "the end"), ("1 +", "the end"), ("(1", "the end"), ("1)", "')'"), ("1 2", "'2'"),
      ("a b", "'b'"), ("* 2", "'*'"), ("1 ? 2", "the end"), ("1 ? 2 ; 3", "';'"),
      ("f(1,", "the end"),
      ("f(1 2)", "'2'"), ("a = 1", "'='"), ("1.2.3", "'1.2.3'"), ("1e", "'1e'"), ("and", "'and'"),
      ("1 + or", "'or'"), ("2 * not 1", "'not'"), ("a && b", "'&'"), ("1e999", "'1e999'"),
      ("½", "'½'"), ("a\tb", "'\t'"),
    ])
  func anErrorNamesTheTokenThatWasNotExpected(_ formula: String, _ token: String) throws {
    let failure = #expect(throws: Expression.Failure.self) { try Expression(formula) }
    #expect(failure?.reason == "\(token) was not expected")
    #expect(failure?.formula == formula)
  }

  @Test(
    arguments: [
      ("missing + 1", "'missing' is not known here"), ("1 / 0", "division by zero"),
      ("1 % 0", "division by zero"), ("'a' + 1", "expected a number, found 'a'"),
      ("1 and true", "expected true or false, found 1"), ("-true", "expected a number, found true"),
      ("2 ** 65", "the exponent must be a whole number from 0 to 64, or 0.5"),
      ("2 ** -1", "the exponent must be a whole number from 0 to 64, or 0.5"),
      ("nothing(1)", "there is no function 'nothing' of 1 arguments"),
      ("floor(1, 2)", "there is no function 'floor' of 2 arguments"),
      ("min()", "there is no function 'min' of 0 arguments"),
      ("sqrt(0 - 1)", "the result is no finite number"),
      ("1e300 * 1e300", "the result is no finite number"),
      ("1e300 / 1e-300", "the result is no finite number"),
      ("1e10 ** 64", "the result is no finite number"),
    ])
  func anEvaluationSaysWhatItMet(_ formula: String, _ reason: String) throws {
    let expression = try Expression(formula)
    let failure = #expect(throws: Expression.Failure.self) { try expression.value([:]) }
    #expect(failure?.reason == reason)
  }

  @Test(arguments: ["0.5", "1e19", "-1e300", "true", "'1'"])
  func onlyWholeNumbersAreIntegers(_ formula: String) throws {
    let expression = try Expression(formula)
    #expect(throws: Expression.Failure.self) { try expression.integer([:]) }
  }

  @Test func openQuotesAndLongFormulasAreErrors() {
    #expect(throws: Expression.Failure.self) { try Expression("'a") }
    #expect(throws: Expression.Failure.self) {
      try Expression(String(repeating: "1", count: Expression.maximumLength + 1))
    }
  }

  /// The deepest formulas that the length allows, on the smallest stack that a thread gets.
  @Test(arguments: [
    String(repeating: "(", count: 1000), String(repeating: "-", count: 1000),
    String(repeating: "-", count: 999) + "1", String(repeating: "not ", count: 249) + "true",
    String(repeating: "(", count: 499) + "1" + String(repeating: ")", count: 499),
    "1" + String(repeating: "**1", count: 333), "1" + String(repeating: "?1:1", count: 249),
    String(repeating: "f(", count: 333), "1" + String(repeating: "+1", count: 499),
    "true" + String(repeating: " or true", count: 124),
    "1" + String(repeating: "?1", count: 400), "1" + String(repeating: "+1", count: 100),
    String(repeating: "(1+", count: 31) + "1" + String(repeating: "+1", count: 69)
      + String(repeating: ")", count: 31),
  ])
  func depthNeverOverflowsTheStack(_ formula: String) {
    onSmallStack {
      guard let expression = try? Expression(formula) else { return }
      _ = try? expression.value([:])
      _ = expression.names
    }
  }
}
