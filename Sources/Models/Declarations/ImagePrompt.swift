// SPDX-License-Identifier: Apache-2.0

package import Notation
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
  /// What comes before the tokens of a tile, by its `row` and `column` from 0, the number of its
  /// `image` from 0 and that of all `images`; where there is none the tokens of all tiles follow each
  /// other like those of a whole image.
  private let tile: Alternatives
  /// Whether that holds for an image; nil for all.
  private let tileCondition: Expression?
  /// What comes behind the last tile of each row.
  private let tileRowEnd: String
  /// What comes before the tokens of the overview behind or before the tiles.
  private let overview: Alternatives
  /// What the model's settings must meet.
  private let requirements: [PartDeclaration.Requirement]
  /// Numbers, texts and truth values of the model that formulas know.
  let settings: [HyperparameterDeclaration]
  /// Their values.
  package private(set) var values: [String: Expression.Value] = [:]
  /// How a question stands behind its images where the model has no chat template; nil for a line
  /// each.
  let question: (before: String, after: String)?

  /// - Parameters:
  ///   - reader: The member `imagePrompt` of a composition; nil for the token alone.
  ///   - token: How the token of images is spelt.
  /// - Throws: ``ModelError`` for a member that is no text, or not known.
  init(_ reader: DeclarationReader?, token: String) throws(ModelError) {
    try reader?.allow([
      "text", "before", "after", "rowBreak", "rowBreakTensor", "tile", "tileWhen", "tileRowEnd",
      "overview", "question", "set", "requires",
    ])
    text = try reader?["text"]?.string() ?? token
    before = try reader?["before"]?.string() ?? ""
    after = try reader?["after"]?.string() ?? ""
    rowBreak = try reader?["rowBreak"]?.string()
    rowBreakTensor = try reader?["rowBreakTensor"]?.string()
    tile = try Alternatives(reader?["tile"])
    tileRowEnd = try reader?["tileRowEnd"]?.string() ?? ""
    tileCondition = try reader?["tileWhen"]?.expression()
    overview = try Alternatives(reader?["overview"])
    requirements = try PartDeclaration.Requirement.list(reader?["requires"])
    var settings: [HyperparameterDeclaration] = []
    for (key, value) in try reader?["set"]?.members() ?? [] {
      settings.append(try HyperparameterDeclaration(value, name: key))
    }
    self.settings = settings
    question = try reader?["question"].map { (question) throws(ModelError) in
      try question.allow(["before", "after"])
      return (
        try question["before"]?.string() ?? "", try question["after"]?.string() ?? ""
      )
    }
  }

  /// The prompt with what a model says of it.
  ///
  /// - Parameter source: The top of `config.json`, or the GGUF of the vision part.
  /// - Returns: The same, with values.
  /// - Throws: ``ModelError`` for a value of another kind.
  func completed(from source: HyperparameterSource) throws(ModelError) -> ImagePrompt {
    var result = self
    for setting in settings {
      result.values[setting.name] = try source.value(
        of: setting, known: result.values, in: "imagePrompt")
    }
    for requirement in requirements {
      let holds: Bool
      do throws(Expression.Failure) { holds = try requirement.condition.bool(result.values) } catch
      {
        throw .declaration(name: "imagePrompt", sentence: "requires: \(error)")
      }
      guard holds else {
        throw .configuration(
          path: source.path, key: "imagePrompt", sentence: requirement.sentence)
      }
    }
    return result
  }

  /// A piece of what stands for an image.
  enum Piece: Equatable {
    case text(String)
    /// So many tokens of the image.
    case image(Int)
  }

  /// What stands for an image that the model sees as an embedding.
  ///
  /// - Parameters:
  ///   - image: What the model sees.
  ///   - number: Which image of the prompt it is, from 0.
  ///   - total: How many images there are.
  /// - Returns: Texts and tokens in their order.
  /// - Throws: ``ModelError/declaration(name:sentence:)`` for a formula that fails.
  func pieces(
    of image: ImageEmbedding, number: Int, of total: Int
  ) throws(ModelError) -> [Piece] {
    var values = values
    values["image"] = .number(Double(number))
    values["images"] = .number(Double(total))
    do throws(Expression.Failure) {
      if let layout = image.tiles, try tileCondition?.bool(values) ?? true,
        let tile = try tile.chosen(values)
      {
        return try pieces(of: layout, image, tile, values)
      }
    } catch {
      throw .declaration(name: "imagePrompt", sentence: "tile: \(error)")
    }
    if image.tiles == nil, let rowBreak, image.grid.count == image.rows {
      let rows = [[Piece]](repeating: [.image(image.grid.columns)], count: image.grid.rows)
      return [.text(before)] + rows.joined(separator: [.text(rowBreak)]) + [.text(after)]
    }
    return [.text(before), .image(image.rows), .text(after)]
  }

  /// The same for an image of tiles.
  private func pieces(
    of layout: TileLayout, _ image: ImageEmbedding, _ tile: NameTemplate,
    _ values: [String: Expression.Value]
  ) throws(Expression.Failure) -> [Piece] {
    var tiles: [Piece] = []
    for row in 0..<layout.rows {
      for column in 0..<layout.columns {
        var own = values
        own["row"] = .number(Double(row))
        own["column"] = .number(Double(column))
        tiles += [.text(try tile.name(own)), .image(image.grid.count)]
      }
      tiles.append(.text(tileRowEnd))
    }
    let whole: [Piece] = [
      .text(try overview.chosen(values)?.name(values) ?? ""), .image(image.overviewGrid.count),
    ]
    return layout.ordered([tiles], overview: whole).flatMap(\.self) + [.text(after)]
  }
}

/// Texts of which the first counts whose condition holds.
private struct Alternatives: Sendable {
  private let texts: [(condition: Expression?, text: NameTemplate)]

  /// - Parameter reader: One text, or a list of them with a condition each; nil for none.
  /// - Throws: ``ModelError`` for what is no text, or no formula.
  init(_ reader: DeclarationReader?) throws(ModelError) {
    var texts: [(condition: Expression?, text: NameTemplate)] = []
    if let reader, reader.json.array == nil {
      texts = [(nil, try NameTemplate(reader))]
    } else {
      for entry in try reader?.elements() ?? [] {
        try entry.allow(["when", "text"])
        texts.append((try entry["when"]?.expression(), try NameTemplate(entry.member("text"))))
      }
    }
    self.texts = texts
  }

  func chosen(
    _ values: [String: Expression.Value]
  ) throws(Expression.Failure) -> NameTemplate? {
    for (condition, text) in texts {
      if try condition?.bool(values) ?? true { return text }
    }
    return nil
  }
}
