// SPDX-License-Identifier: Apache-2.0

/// A piece that is recognised in a text as a whole, before the text is cut into words.
package struct AddedToken: Sendable, Equatable {
  var id: Int
  var content: [UInt8]
  /// Whether it steers the model and is no text: `<|im_end|>`.
  var isSpecial: Bool
  /// Whether it swallows the white space before it, and after it.
  var stripsLeft = false
  var stripsRight = false
  /// Whether it must not touch a letter or digit on either side.
  var isSingleWord = false
  /// Whether it is looked for after normalization.
  var isNormalized = false
}

/// Finds added tokens in a text: the leftmost first, the longest of those.
struct AddedTokens: Sendable {
  /// A stretch of the text: an added token, or what lies between.
  struct Segment: Equatable {
    var range: Range<Int>
    /// The token's id; nil for text.
    var id: Int?
  }

  let tokens: [AddedToken]
  /// The tokens' places by their bytes.
  private var trie = ByteTrie()
  private var startsToken = [Bool](repeating: false, count: 256)

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() where !token.content.isEmpty {
      trie.insert(token.content, value: index)
      startsToken[Int(token.content[0])] = true
    }
  }

  /// Cuts valid UTF-8 into tokens and the text between them; no text is empty.
  func segments(of text: [UInt8], parsingSpecial: Bool) -> [Segment] {
    guard !tokens.isEmpty else { return text.isEmpty ? [] : [Segment(range: 0..<text.count)] }
    return text.withUnsafeBufferPointer { text in
      var segments: [Segment] = []
      var done = 0
      var position = 0
      while position < text.count {
        guard startsToken[Int(text[position])],
          let token = longestToken(in: text, at: position, parsingSpecial: parsingSpecial)
        else {
          position += 1
          continue
        }
        var start = position
        var end = position + token.content.count
        position = end
        if token.isSingleWord, touchesWord(text, start..<end) { continue }
        if token.stripsLeft { start = spaceStart(text, before: start, floor: done) }
        if token.stripsRight { end = spaceEnd(text, after: end) }
        if done < start { segments.append(Segment(range: done..<start)) }
        segments.append(Segment(range: start..<end, id: token.id))
        done = end
        position = max(position, end)
      }
      if done < text.count { segments.append(Segment(range: done..<text.count)) }
      return segments
    }
  }

  private func longestToken(
    in text: UnsafeBufferPointer<UInt8>, at start: Int, parsingSpecial: Bool
  ) -> AddedToken? {
    var longest: AddedToken?
    var node = ByteTrie.root
    var position = start
    while position < text.count, let next = trie.child(of: node, text[position]) {
      node = next
      position += 1
      if let index = trie.value(of: node), parsingSpecial || !tokens[index].isSpecial {
        longest = tokens[index]
      }
    }
    return longest
  }

  private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    range.lowerBound > 0
      && UTF8Text.scalar(text, before: range.lowerBound).0.isPartOfWord
      || range.upperBound < text.count
        && UTF8Text.scalar(text, at: range.upperBound).0.isPartOfWord
  }

  private func spaceStart(
    _ text: UnsafeBufferPointer<UInt8>, before end: Int, floor: Int
  ) -> Int {
    var position = end
    while position > floor {
      let (scalar, length) = UTF8Text.scalar(text, before: position)
      guard scalar.properties.isWhitespace else { break }
      position -= length
    }
    return position
  }

  private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, after start: Int) -> Int {
    var position = start
    while position < text.count {
      let (scalar, length) = UTF8Text.scalar(text, at: position)
      guard scalar.properties.isWhitespace else { break }
      position += length
    }
    return position
  }
}

extension AddedTokens {
  /// The tokens that a vocabulary itself marks as such: control, user-defined and unknown pieces.
  static func marked(in vocabulary: Vocabulary) -> [AddedToken] {
    vocabulary.pieces.indices.compactMap { id in
      switch vocabulary.kinds[id] {
      case .control, .unknown:
        AddedToken(id: id, content: Array(vocabulary.pieces[id].utf8), isSpecial: true)
      case .userDefined:
        AddedToken(id: id, content: Array(vocabulary.pieces[id].utf8), isSpecial: false)
      case .normal, .unused, .byte: nil
      }
    }
  }
}
