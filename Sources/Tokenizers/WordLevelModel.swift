// SPDX-License-Identifier: Apache-2.0

/// A vocabulary of whole words: one that is not there becomes the unknown piece.
struct WordLevelModel: WordModel {
  private let words: PieceTable
  private let unknown: Int

  /// Makes a model of a checked vocabulary.
  ///
  /// - Parameters:
  ///   - vocabulary: The pieces. Those that steer a model are no words.
  ///   - unknown: The id of the unknown piece.
  ///   - isByteLevel: Whether pieces spell bytes in ``ByteAlphabet``.
  init(_ vocabulary: Vocabulary, unknown: Int, isByteLevel: Bool) {
    var words = PieceTable(capacity: vocabulary.pieces.count)
    for (id, piece) in vocabulary.pieces.enumerated() where vocabulary.kinds[id] == .normal {
      let spelled = isByteLevel ? ByteAlphabet.bytes(of: piece) : Array(piece.utf8)
      if let spelled { words.insert(spelled, id: id) }
    }
    self.words = words
    self.unknown = unknown
  }

  func append(_ range: Range<Int>, of text: [UInt8], to ids: inout [Int]) {
    ids.append(words.id(of: text, range).map(Int.init) ?? unknown)
  }
}
