// SPDX-License-Identifier: Apache-2.0

/// Where the tokens of texts stand that have images among them.
struct TextPlaces {
  /// For each direction (time, height, width) a position a token.
  private(set) var positions: [[Int]] = [[], [], []]
  /// For each token of an image the number of keys up to the image's end; 0 for others.
  private(set) var reaches: [Int] = []
  /// For each text the position after its last token.
  private(set) var ends: [Int] = []

  /// - Parameters:
  ///   - sequences: Their images make as many tokens as they have places for them.
  ///   - imageToken: The token whose places images take.
  ///   - starts: The position of each text's first token.
  ///   - offsets: How many tokens each text had before.
  ///
  /// An image's tokens have the time of its beginning, and go on from there in height and width;
  /// the text behind it goes on after the longer side.
  ///
  /// - Source: Wang et al., arXiv:2409.12191, section 2.1.
  init(of sequences: [TokenSequence], imageToken: Int?, starts: [Int], offsets: [Int]) {
    for (sequence, (start, offset)) in zip(sequences, zip(starts, offsets)) {
      var next = start
      // Between the tiles of an image there may be text.
      var images = sequence.images.flatMap(\.grids)[...]
      var place = 0
      while place < sequence.tokens.count {
        if sequence.tokens[place] == imageToken, let grid = images.popFirst(), grid.count > 0 {
          for index in 0..<grid.count {
            append(next, next + index / grid.columns, next + index % grid.columns)
            reaches.append(offset + place + grid.count)
          }
          next += max(grid.rows, grid.columns)
          place += grid.count
        } else {
          append(next, next, next)
          reaches.append(0)
          next += 1
          place += 1
        }
      }
      ends.append(next)
    }
  }

  private mutating func append(_ time: Int, _ height: Int, _ width: Int) {
    positions[0].append(time)
    positions[1].append(height)
    positions[2].append(width)
  }
}
