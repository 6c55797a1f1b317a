// SPDX-License-Identifier: Apache-2.0

/// A name that equals another only byte for byte.
///
/// `String` compares by canonical equivalence: it takes `é` as one scalar and `é` as two for the
/// same name. The files do not.
package struct ExactName: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (a: ExactName, b: ExactName) -> Bool {
    a.text.utf8.elementsEqual(b.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
