// SPDX-License-Identifier: Apache-2.0

import Notation

/// The keys and values of a GGUF file in their order; keys are unique byte for byte.
package struct GGUFMetadata: Sendable, Sequence {
  private var entries: [(key: String, value: GGUFValue)] = []
  private var places: [ExactName: Int] = [:]

  package init() {}

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  package var keys: [String] { entries.map(\.key) }

  /// The value of a key; setting a new key appends it, setting nil removes it.
  package subscript(key: String) -> GGUFValue? {
    get { places[ExactName(key)].map { entries[$0].value } }
    set {
      switch (places[ExactName(key)], newValue) {
      case (let place?, let value?): entries[place].value = value
      case (nil, let value?):
        places[ExactName(key)] = entries.count
        entries.append((key, value))
      case (let place?, nil):
        entries.remove(at: place)
        places = [:]
        for (place, entry) in entries.enumerated() { places[ExactName(entry.key)] = place }
      case (nil, nil): break
      }
    }
  }

  package func makeIterator() -> IndexingIterator<[(key: String, value: GGUFValue)]> {
    entries.makeIterator()
  }
}

extension GGUFMetadata: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, GGUFValue)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension GGUFMetadata: Equatable {
  /// The same keys in the same order with equal values.
  package static func == (a: GGUFMetadata, b: GGUFMetadata) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { ExactName($0.key) == ExactName($1.key) && $0.value == $1.value }
  }
}
