// SPDX-License-Identifier: Apache-2.0

import Fixtures
import LinearAlgebra
import Models
import Preprocessing
import TestSupport
import Testing
import Tokenizers

/// How images stand in prompts.
struct ImagePromptTests {
  /// A prompt with one image, as text with `*` for each token of the image.
  private static func prompt(
    _ family: String, _ question: String, rows: Int, tiles: TileLayout?,
    grid: Grid = Grid(rows: 1, columns: 2), overview: Grid? = nil
  ) throws -> String {
    let copy = try FixtureCopy(visionLanguage: family)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let image = ImageEmbedding(
      matrix: Matrix(rows: rows, columns: 1), grid: grid, tiles: tiles, overviewGrid: overview)
    let tokens = try PromptBuilder(model).tokens(question: question, images: [image])
    let token = try #require(model.architecture.imageToken)
    return tokens.split(separator: token, omittingEmptySubsequences: false).map {
      String(
        decoding: $0.dropFirst($0.first == 1 ? 1 : 0).flatMap(model.tokenizer.bytes),
        as: UTF8.self)
    }.joined(separator: "*")
  }

  @Test("a whole image has words before and behind it")
  func whole() throws {
    let text = try ImagePromptTests.prompt("gemma3", "look", rows: 2, tiles: nil)
    #expect(text.contains("<start_of_image>**"))
    #expect(text.contains("**") && text.contains("<end_of_image>\n\n"))
    let small = try ImagePromptTests.prompt("smolvlm", "look", rows: 2, tiles: nil)
    #expect(small.contains("<fake_token_around_image><global-img>**"))
    #expect(!small.contains("row_1"))
  }

  @Test("tiles stand row by row, each with its place, the overview behind them")
  func tiles() throws {
    let text = try ImagePromptTests.prompt(
      "smolvlm", "look", rows: 10, tiles: TileLayout(rows: 2, columns: 2))
    let places = ["<row_1_col_1>**", "<row_1_col_2>**", "<row_2_col_1>**", "<row_2_col_2>**"]
    var rest = text[...]
    for place in places + ["\n\n", "<global-img>**"] {
      let range = try #require(rest.firstRange(of: place), "\(place) in \(rest)")
      rest = rest[range.upperBound...]
    }
    #expect(rest.contains("<fake_token_around_image>"))
    #expect(text.count { $0 == "*" } == 10)
  }

  @Test("an overview may have more tokens than a tile")
  func overview() throws {
    let tiles = TileLayout(
      rows: 1, columns: 2, overviewSize: PixelSize(width: 24, height: 8))
    let text = try ImagePromptTests.prompt(
      "lfm2vl", "look", rows: 7, tiles: tiles, overview: Grid(rows: 1, columns: 3)
    ).filter { $0 != " " }
    #expect(
      text.hasPrefix(
        "<|image_start|><|img_row_1_col_1|>**<|img_row_1_col_2|>**<|img_thumbnail|>***"
          + "<|image_end|>"), "\(text)")
    let whole = try ImagePromptTests.prompt("lfm2vl", "look", rows: 2, tiles: nil)
      .filter { $0 != " " }
    #expect(whole.hasPrefix("<|image_start|>**<|image_end|>"), "\(whole)")
  }

  @Test("a layout of its own is all of the prompt, images first")
  func layout() throws {
    let text = try ImagePromptTests.prompt("paligemma", "look", rows: 3, tiles: nil)
    #expect(text.hasPrefix("***"))
    #expect(text.contains("<bos>look"))
    #expect(text.hasSuffix("look\n"))
    let others = try ImagePromptTests.prompt("llava-siglip", "look", rows: 3, tiles: nil)
    #expect(!others.contains("<bos>") && others.contains("\nlook"))
  }

  @Test(
    "rows of an image have breaks between them, and one end", arguments: ["pixtral", "mistral3"])
  func breaks(family: String) throws {
    let text = try ImagePromptTests.prompt(
      family, "look", rows: 6, tiles: nil, grid: Grid(rows: 3, columns: 2))
    let rows = text.split(separator: "[IMG_BREAK]").map { $0.filter { "*".contains($0) } }
    #expect(rows == ["**", "**", "**"])
    let end = try #require(text.firstRange(of: "[IMG_END]"))
    #expect(!text[..<end.lowerBound].contains("look") && text[end.upperBound...].contains("look"))
    #expect(text.count { $0 == "*" } == 6)
  }

  /// Prompts of MM1 with so many images of so many tiles, and a text before each tile or not.
  private static func subImages(
    _ count: Int, _ indicator: String?, rows: Int = 1, columns: Int = 2
  ) throws -> String {
    let copy = try FixtureCopy(visionLanguage: "mm1")
    if let indicator {
      try copy.replace(
        "\"model_type\": \"mm1\"",
        with: "\"model_type\": \"mm1\", \"sub_image_text\": \"\(indicator)\"", in: "config.json")
    }
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let image = ImageEmbedding(
      matrix: Matrix(rows: rows * columns + 1, columns: 1), grid: Grid(rows: 1, columns: 1),
      tiles: TileLayout(rows: rows, columns: columns, overview: count == 1 ? .first : .last))
    let images = [ImageEmbedding](repeating: image, count: count)
    let tokens = try PromptBuilder(model).tokens(question: "look", images: images)
    return try text(of: tokens, model)
  }

  /// Tokens as text, with `*` for each token of an image.
  private static func text(of tokens: [Int], _ model: Model) throws -> String {
    let token = try #require(model.architecture.imageToken)
    return tokens.split(separator: token, omittingEmptySubsequences: false).map {
      String(
        decoding: $0.dropFirst($0.first == 1 ? 1 : 0).flatMap(model.tokenizer.bytes),
        as: UTF8.self)
    }.joined(separator: "*").filter { $0 != " " }
  }

  @Test("tiles and overview have their index where the model says so, for fewer than 3 images")
  func indices() throws {
    #expect(try ImagePromptTests.subImages(1, nil).hasPrefix("***\n"))
    #expect(try ImagePromptTests.subImages(1, "none").hasPrefix("***\n"))
    #expect(
      try ImagePromptTests.subImages(1, "index").hasPrefix("(0,0,0)*(0,1,1)*(0,1,2)*\n"))
    let two = try ImagePromptTests.subImages(2, "index")
    #expect(
      two.hasPrefix("(0,1,1)*(0,1,2)*(0,0,0)*\n(1,1,1)*(1,1,2)*(1,0,0)*\nlook"), "\(two)")
    #expect(try ImagePromptTests.subImages(3, "index").hasPrefix("***\n***\n***\n"))
  }

  @Test("or separators between columns and rows, and a colon before the overview")
  func separators() throws {
    #expect(
      try ImagePromptTests.subImages(1, "separators", rows: 2).hasPrefix(":**,*<n>*,*\n"))
    let two = try ImagePromptTests.subImages(2, "separators", rows: 2, columns: 3)
    #expect(two.hasPrefix("*,*,*<n>*,*,*:*\n*,*,*<n>*,*,*:*\nlook"), "\(two)")
    #expect(try ImagePromptTests.subImages(3, "separators").hasPrefix("***\n***\n***\n"))
  }

  @Test("an indicator that is not known is refused")
  func unknownIndicator() throws {
    let error = #expect(throws: ModelError.self) {
      try ImagePromptTests.subImages(1, "indices")
    }
    #expect(error?.description.contains("sub_image_text: known are none, index") ?? false)
  }

  @Test("a prompt says where its images stand, or they come first")
  func places() throws {
    let image = ImageEmbedding(
      matrix: Matrix(rows: 2, columns: 1), grid: Grid(rows: 1, columns: 2), tiles: nil)
    func prompt(_ family: String, _ question: String, _ count: Int) throws -> String {
      let copy = try FixtureCopy(visionLanguage: family)
      let model = try Model(path: copy.path, library: try DeclarationLibrary())
      let tokens = try PromptBuilder(model).tokens(
        question: question, images: [ImageEmbedding](repeating: image, count: count))
      return try ImagePromptTests.text(of: tokens, model)
    }
    let shots = "<image>\none.\n<image>\n"
    #expect(try prompt("mm1", shots, 2) == "**\none.\n**\n")
    #expect(try prompt("mm1", "one.", 2) == "**\n**\none.")
    // Where a template goes through the parts of a message, they stand there, too.
    let templated = try FixtureCopy("llava-tiny")
    let template =
      #"{"chat_template": "{% for m in messages %}{% for c in m['content'] %}{% if c['type'] == "#
      + #"'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"}"#
    try templated.write(Array(template.utf8), to: "tokenizer_config.json")
    let model = try Model(path: templated.path, library: try DeclarationLibrary())
    let tokens = try PromptBuilder(model).tokens(
      question: "one<image>two", images: [image])
    #expect(try ImagePromptTests.text(of: tokens, model).hasSuffix("one**two"))
    let error = #expect(throws: ModelError.self) { try prompt("mm1", shots, 1) }
    #expect(error?.description.contains("2 places for images, one image was given") ?? false)
  }

  @Test("settings that the whole model decides count before those of the processor's file")
  func settings() throws {
    let copy = try FixtureCopy(visionLanguage: "internvl")
    try copy.replace(
      "\"crop_to_patches\": true", with: "\"crop_to_patches\": false",
      in: "preprocessor_config.json")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let pixels = try #require(model.imageProcessor).pixels(of: image)
    #expect(pixels.tiles == TileLayout(rows: 1, columns: 2))
  }
}
