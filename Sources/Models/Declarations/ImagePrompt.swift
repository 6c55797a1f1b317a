// SPDX-License-Identifier: Apache-2.0

import Notation
import Preprocessing

/// How an image stands in a prompt.
package struct ImagePrompt: Sendable {
  /// What prompts and chat templates write for it.
  package let text: String
  /// What comes before the tokens of an image that is not cut, and behind the last of any.
  private let before: String
  private let after: String
  /// What comes between the rows of an image that is not cut; nil where they follow each other.
  let rowBreak: String?
  /// The tensor in which a GGUF keeps the embedding of that beside the encoder; nil if it does not.
  let rowBreakTensor: String?
  /// What comes before the tokens of a tile, by its `row` and `column` from 0; nil where the tokens
  /// of all tiles follow each other like those of a whole image.
  private let tile: NameTemplate?
  /// What comes behind the last tile of each row.
  private let tileRowEnd: String
  /// What comes before the tokens of the overview behind the tiles.
  private let overview: String
  /// How a question stands behind its images where the model has no chat template; nil for a line
  /// each.
  let question: (before: String, after: String)?

  /// - Parameters:
  ///   - reader: The member `imagePrompt` of a composition; nil for the token alone.
  ///   - token: How the token of images is spelt.
  /// - Throws: ``ModelError`` for a member that is no text, or not known.
  init(_ reader: DeclarationReader?, token: String) throws(ModelError) {
    try reader?.allow([
      "text", "before", "after", "rowBreak", "rowBreakTensor", "tile", "tileRowEnd", "overview",
      "question",
    ])
    text = try reader?["text"]?.string() ?? token
    before = try reader?["before"]?.string() ?? ""
    after = try reader?["after"]?.string() ?? ""
    rowBreak = try reader?["rowBreak"]?.string()
    rowBreakTensor = try reader?["rowBreakTensor"]?.string()
    tile = try reader?["tile"].map { (tile) throws(ModelError) in try NameTemplate(tile) }
    tileRowEnd = try reader?["tileRowEnd"]?.string() ?? ""
    overview = try reader?["overview"]?.string() ?? ""
    question = try reader?["question"].map { (question) throws(ModelError) in
      try question.allow(["before", "after"])
      return (
        try question["before"]?.string() ?? "", try question["after"]?.string() ?? ""
      )
    }
  }

  /// A piece of what stands for an image.
  enum Piece: Equatable {
    case text(String)
    /// So many tokens of the image.
    case image(Int)
  }

  /// What stands for an image that the model sees as an embedding.
  ///
  /// - Throws: ``ModelError/declaration(name:sentence:)`` for a formula that fails.
  func pieces(of image: ImageEmbedding) throws(ModelError) -> [Piece] {
    guard let layout = image.tiles, let tile else {
      if let rowBreak, image.grid.count == image.rows {
        let rows = [[Piece]](repeating: [.image(image.grid.columns)], count: image.grid.rows)
        return [.text(before)] + rows.joined(separator: [.text(rowBreak)]) + [.text(after)]
      }
      return [.text(before), .image(image.rows), .text(after)]
    }
    let count = image.rows / layout.count
    var pieces: [Piece] = []
    for row in 0..<layout.rows {
      for column in 0..<layout.columns {
        let values: [String: Expression.Value] = [
          "row": .number(Double(row)), "column": .number(Double(column)),
        ]
        do throws(Expression.Failure) { pieces.append(.text(try tile.name(values))) } catch {
          throw .declaration(name: "imagePrompt", sentence: "tile: \(error)")
        }
        pieces.append(.image(count))
      }
      pieces.append(.text(tileRowEnd))
    }
    return pieces + [.text(overview), .image(count), .text(after)]
  }
}
