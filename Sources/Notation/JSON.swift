// SPDX-License-Identifier: Apache-2.0

/// A JSON value; objects keep the order of their members.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(Object)

  /// Members in the order of the text, with keys that are unique byte for byte.
  package struct Object: Sendable, Hashable, Sequence {
    package private(set) var members: [(key: String, value: JSON)] = []
    private var index: [ExactName: Int] = [:]

    package init() {}
    package init(_ members: KeyValuePairs<String, JSON>) {
      for (key, value) in members { self[key] = value }
    }

    package var count: Int { members.count }
    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSON? {
      get { index[ExactName(key)].map { members[$0].value } }
      set {
        let exact = ExactName(key)
        switch (index[exact], newValue) {
        case (let place?, let value?): members[place].value = value
        case (nil, let value?):
          index[exact] = members.count
          members.append((key, value))
        case (let place?, nil):
          members.remove(at: place)
          index = Dictionary(
            uniqueKeysWithValues: members.enumerated().map { (ExactName($1.key), $0) })
        case (nil, nil): break
        }
      }
    }

    package func makeIterator() -> IndexingIterator<[(key: String, value: JSON)]> {
      members.makeIterator()
    }

    package static func == (a: Object, b: Object) -> Bool {
      a.count == b.count && a.allSatisfy { b[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(count) }
  }
}

extension JSON {
  /// A member of an object, or nil if this is no object or lacks the key.
  package subscript(key: String) -> JSON? { object?[key] }

  /// The value under a dotted path such as `text_config.hidden_size`, or `sizes.0` in a list.
  package func value(at path: some StringProtocol) -> JSON? {
    path.split(separator: ".").reduce(Optional(self)) { json, step in
      if let array = json?.array {
        return Int(step).flatMap { array.indices.contains($0) ? array[$0] : nil }
      }
      return json?[String(step)]
    }
  }

  package var object: Object? { if case .object(let value) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var isNull: Bool { self == .null }

  /// The value as an integer, also of a number without a fraction such as `1e3`.
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    var object = Object()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}
