// SPDX-License-Identifier: Apache-2.0

import Notation

/// A JSON value of a declaration that knows where it stands, so that every mistake has a place.
struct DeclarationReader {
  let json: JSON
  /// The declaration's name.
  let name: String
  /// The dotted path of the value, empty at the top.
  let path: String

  init(_ json: JSON, name: String, path: String = "") {
    self.json = json
    self.name = name
    self.path = path
  }

  func error(_ sentence: String) -> ModelError {
    .declaration(name: name, sentence: (path.isEmpty ? "" : path + ": ") + sentence)
  }

  /// A member, or nil.
  subscript(key: String) -> DeclarationReader? {
    json[key].map {
      DeclarationReader($0, name: name, path: path.isEmpty ? key : path + "." + key)
    }
  }

  /// A member that must be there.
  func member(_ key: String) throws(ModelError) -> DeclarationReader {
    guard let member = self[key] else { throw error("expected a member '\(key)', found none") }
    return member
  }

  func string() throws(ModelError) -> String {
    guard let string = json.string else { throw error("expected a text") }
    return string
  }

  func number() throws(ModelError) -> Double {
    switch json {
    case .integer(let integer): return Double(integer)
    case .number(let number): return number
    default: throw error("expected a number")
    }
  }

  func bool() throws(ModelError) -> Bool {
    guard let bool = json.bool else { throw error("expected true or false") }
    return bool
  }

  /// One text, or a list of them.
  func strings() throws(ModelError) -> [String] {
    if let string = json.string { return [string] }
    var strings: [String] = []
    for element in try elements() { strings.append(try element.string()) }
    return strings
  }

  func elements() throws(ModelError) -> [DeclarationReader] {
    guard let array = json.array else { throw error("expected a list") }
    return array.enumerated().map {
      DeclarationReader($1, name: name, path: "\(path)[\($0)]")
    }
  }

  func members() throws(ModelError) -> [(key: String, value: DeclarationReader)] {
    guard let object = json.object else { throw error("expected an object") }
    return object.map { key, value in
      (key, DeclarationReader(value, name: name, path: path.isEmpty ? key : path + "." + key))
    }
  }

  /// A formula, or a number or truth value that stands for itself.
  func expression() throws(ModelError) -> Expression {
    let text: String
    switch json {
    case .string(let string): text = string
    case .integer(let integer): text = "\(integer)"
    case .number(let number): text = "\(number)"
    case .bool(let bool): text = "\(bool)"
    case .null, .array, .object: throw error("expected a formula")
    }
    do throws(Expression.Failure) { return try Expression(text) } catch {
      throw self.error("\(error)")
    }
  }

  /// Refuses members that mean nothing here, so that a misspelt one is not silently ignored.
  func allow(_ keys: Set<String>) throws(ModelError) {
    for (key, _) in try members() where !keys.contains(key) {
      throw error("'\(key)' is not known here; known are \(keys.sorted().joined(separator: ", "))")
    }
  }
}
