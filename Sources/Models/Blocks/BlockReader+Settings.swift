// SPDX-License-Identifier: Apache-2.0

import Layers
import Notation

/// The settings of a block: numbers, words and texts that formulas give.
extension BlockReader {
  func has(_ setting: String, in object: String? = nil) -> Bool {
    let settings = object.map { step.declaration.settings[$0] } ?? step.declaration.settings
    return settings?[setting] != nil
  }

  /// Whether a setting that is an object is there, with no members but the known ones.
  func members(of object: String, among known: Set<String>) throws(ModelError) -> Bool {
    guard let settings = step.declaration.settings[object] else { return false }
    try settings.allow(known)
    return true
  }

  private func value(_ setting: DeclarationReader) throws(ModelError) -> Expression.Value {
    let expression = try setting.expression()
    do throws(Expression.Failure) { return try expression.value(step.values) } catch {
      throw setting.error("\(error)")
    }
  }

  /// A number; `in` names a setting that is an object.
  func number(_ key: String, in object: String? = nil) throws(ModelError) -> Double {
    var settings = step.declaration.settings
    if let object { settings = try settings.member(object) }
    let member = try settings.member(key)
    guard case .number(let number) = try value(member) else {
      throw member.error("expected a number")
    }
    return number
  }

  /// More heads, channels or tokens than any model has; products of two still fit an integer.
  private static let maximumCount = 1 << 24

  /// A whole number of at least 1.
  func count(_ key: String) throws(ModelError) -> Int {
    let number = try number(key)
    guard let count = Int(exactly: number), (1...BlockReader.maximumCount).contains(count) else {
      throw error(
        "\(key): expected a whole number from 1 to \(BlockReader.maximumCount), found \(number)")
    }
    return count
  }

  /// A number that need not be given.
  func number(_ key: String, default fallback: Double) throws(ModelError) -> Double {
    has(key) ? try number(key) : fallback
  }

  /// The bound that a setting gives; nil without the setting, or for 0.
  func softCap(_ key: String) throws(ModelError) -> SoftCap? {
    SoftCap(Float(try number(key, default: 0)))
  }

  func bool(_ key: String, in object: String? = nil) throws(ModelError) -> Bool {
    var settings = step.declaration.settings
    if let object { settings = try settings.member(object) }
    let member = try settings.member(key)
    guard case .bool(let bool) = try value(member) else {
      throw member.error("expected true or false")
    }
    return bool
  }

  /// The text that a formula gives.
  func text(_ key: String, in object: String? = nil) throws(ModelError) -> String {
    var settings = step.declaration.settings
    if let object { settings = try settings.member(object) }
    let member = try settings.member(key)
    guard case .text(let text) = try value(member) else { throw member.error("expected a text") }
    return text
  }

  /// A word that stands for itself.
  func word(_ key: String, in object: String? = nil) throws(ModelError) -> String {
    var settings = step.declaration.settings
    if let object { settings = try settings.member(object) }
    return try settings.member(key).string()
  }

  /// The numbers that a list of formulas gives; nil for what is no list.
  func numbers(_ key: String, in object: String) throws(ModelError) -> [Double]? {
    let member = try step.declaration.settings.member(object).member(key)
    guard member.json.array != nil else { return nil }
    var numbers: [Double] = []
    for element in try member.elements() {
      guard case .number(let number) = try value(element) else {
        throw element.error("expected a number")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The numbers that a formula gives for each element of hyperparameters that are lists.
  func numbers(_ key: String, in object: String, count: Int) throws(ModelError) -> [Double] {
    let member = try step.declaration.settings.member(object).member(key)
    let expression = try member.expression()
    var numbers: [Double] = []
    for index in 0..<count {
      let names = Part.layerValues(step.values, of: index, in: part.declaration)
      do throws(Expression.Failure) { numbers.append(try expression.number(names)) } catch {
        throw member.error("\(error)")
      }
    }
    return numbers
  }

  func activation() throws(ModelError) -> Activation {
    let name = try text("activation")
    guard let activation = Activation(rawValue: name) else {
      throw error(
        "the activation '\(name)' is not known; known are "
          + Activation.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return activation
  }
}
