// SPDX-License-Identifier: Apache-2.0

import Notation

/// Derives a declaration from another one: `extends` names it, `changes` says what differs.
///
/// A change is a dotted path with its new value. A path into a list names an element by its `id`,
/// or its `block`, or, for a repetition, `layers`. A path that ends in `+` appends.
enum DeclarationChanges {
  /// The most declarations that may extend each other in a row.
  private static let maximumDepth = 16

  /// The declaration with everything that it inherits.
  static func resolve(
    _ json: JSON, name: String, among declarations: [String: JSON], depth: Int = 0
  ) throws(ModelError) -> JSON {
    guard let base = json["extends"] else { return json }
    guard let baseName = base.string, let found = declarations[baseName] else {
      throw .declaration(name: name, sentence: "extends: there is no declaration '\(base)'")
    }
    guard depth < maximumDepth else {
      throw .declaration(
        name: name, sentence: "extends: declarations extend each other in a circle")
    }
    var result = try resolve(found, name: baseName, among: declarations, depth: depth + 1)
    for key in ["name", "about"] {
      if let value = json[key] { result = result.setting(key, to: value) }
    }
    for (path, value) in json["changes"]?.object ?? JSON.Object() {
      var steps: [Substring] = []
      for part in path.split(separator: ".", omittingEmptySubsequences: false) {
        // A key may itself hold dots, in braces of metadata keys: "{architecture}.expert_count".
        if let last = steps.last, last.first == "{" {
          steps[steps.count - 1] = Substring(last + "." + part)
        } else {
          steps.append(part)
        }
      }
      guard let changed = apply(value, at: steps[...], to: result) else {
        throw .declaration(
          name: name, sentence: "changes: '\(path)' leads nowhere in '\(baseName)'")
      }
      result = changed
    }
    return result
  }

  private static func apply(_ value: JSON, at path: ArraySlice<Substring>, to json: JSON) -> JSON? {
    guard let first = path.first else { return value }
    let rest = path.dropFirst()
    switch json {
    case .object(var object):
      let key = String(first)
      if rest.isEmpty, key.last == "+", let old = object[String(key.dropLast())]?.array {
        object[String(key.dropLast())] = .array(old + (value.array ?? [value]))
        return .object(object)
      }
      if key == "+", rest.isEmpty, let steps = object["steps"]?.array {
        object["steps"] = .array(steps + [value])
        return .object(object)
      }
      if object["repeat"] != nil, object[key] == nil, let steps = object["steps"] {
        guard let changed = apply(value, at: path, to: steps) else { return nil }
        object["steps"] = changed
        return .object(object)
      }
      guard let changed = apply(value, at: rest, to: object[key] ?? .object(JSON.Object())) else {
        return nil
      }
      object[key] = changed
      return .object(object)
    case .array(var elements):
      let place = elements.firstIndex { element in
        if let id = element["id"]?.string { return id == first }
        return element["block"].map { $0.string == String(first) } ?? (first == "layers")
      }
      guard let place, let changed = apply(value, at: rest, to: elements[place]) else {
        return nil
      }
      elements[place] = changed
      return .array(elements)
    case .null, .bool, .integer, .number, .string: return nil
    }
  }
}

extension JSON {
  func setting(_ key: String, to value: JSON) -> JSON {
    guard case .object(var object) = self else { return self }
    object[key] = value
    return .object(object)
  }
}
