// SPDX-License-Identifier: Apache-2.0

/// A name that equals another only byte for byte.
///
/// `String` compares by canonical equivalence: it takes `é` as one scalar and `é` as two for the
/// same name. The files do not.
struct ExactName: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ExactName, b: ExactName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
