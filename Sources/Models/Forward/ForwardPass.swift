// SPDX-License-Identifier: Apache-2.0

import BlockFormats
package import Layers
package import LinearAlgebra
import Notation
package import Preprocessing
import Tensors

/// The computation of a model in f32, from images and tokens to logits.
///
/// Weights stay in their stored encoding and are expanded tile by tile where they are used; peak
/// memory is the activations and one layer.
package struct ForwardPass: Sendable {
  package let model: Model
  private let vision: PartRunner?
  private let connector: PartRunner?
  let language: PartRunner
  private let table: Weight

  /// What is done beside the computation, or otherwise.
  package struct Options {
    /// Gives a linear layer, by its parameter and the number of the expert, somebody who looks at it.
    package var observers: ((Parameter, Int) -> Linear.Observer?)?
    /// Gives other tensors for a parameter; nil leaves its own.
    package var exchange: (BoundParameter) -> BoundParameter? = { _ in nil }
    /// Whether what goes into a linear layer is rounded as llama.cpp does beside such weights.
    package var roundsActivations = false

    package init() {}
  }

  /// Prepares a model's blocks.
  ///
  /// - Parameters:
  ///   - model: What is computed.
  ///   - options: What is done beside.
  /// - Throws: ``ModelError`` if the numbers and tensors of the model do not fit each other.
  package init(_ model: Model, options: Options = Options()) throws(ModelError) {
    self.model = model
    var runners: [PartDeclaration.Kind: PartRunner] = [:]
    var width: Int?
    for (part, parameters) in zip(model.architecture.parts, model.census.parameters) {
      let runner = try PartRunner(
        part, parameters: parameters.map { own in own.flatMap { options.exchange($0) ?? $0 } },
        inputWidth: width, options: options)
      runners[part.kind] = runner
      width = runner.outputWidth
    }
    guard let language = runners[.language], let table = language.table else {
      throw .declaration(
        name: model.architecture.name, sentence: "expected a language part with an embedding")
    }
    vision = runners[.vision]
    connector = runners[.connector]
    self.language = language
    self.table = table
    if let connector, connector.outputWidth != imageWidth {
      throw .configuration(
        path: model.path, key: "connector",
        sentence: "it gives \(connector.outputWidth) channels, the language model takes "
          + "\(imageWidth); the parts do not belong together")
    }
  }

  /// The channels of a token of an image: its embedding, and behind it what it brings to layers.
  private var imageWidth: Int { table.columns * (1 + language.levelCount) }

  /// All blocks, those of the vision part first.
  package var places: [BlockPlace] {
    [vision, connector, language].compactMap(\.self).flatMap(\.places)
  }

  package var vocabularySize: Int { language.outputWidth }

  /// Numbers that come out for a token, or for a text: the vocabulary's, or those of an embedding.
  package var outputWidth: Int { language.outputWidth }

  /// Whether tokens of a prompt see all of it, so that none is a guess from those before it.
  package var seesWholePrompts: Bool { language.seesWholePrompts }

  /// Tokens that the model was made for; positions beyond are not trusted.
  package var contextLength: Int {
    let value = model.architecture.part(.language)?.values["contextLength"]
    if case .number(let number)? = value, let length = Int(exactly: number), length > 0 {
      return length
    }
    return .max
  }

  /// What an image becomes.
  package struct ImageView: Sendable {
    /// The vision part's output, `[patches, channels]`.
    package let encoded: Matrix
    /// What takes the image's place in the language model.
    package let embedding: ImageEmbedding
  }

  /// What images become in the language model's place for them.
  ///
  /// - Returns: One for each image; otherwise as ``views(of:trace:)``.
  package func embeddings(
    of images: [PixelTensor], trace: TraceSink? = nil
  ) throws(ModelError) -> [ImageEmbedding] {
    try views(of: images, trace: trace).map(\.embedding)
  }

  /// What images become on their way into the language model.
  ///
  /// - Parameters:
  ///   - images: Of the size that the model takes.
  ///   - trace: Receives the intermediate results of the vision part and the connector.
  /// - Returns: One for each image.
  /// - Throws: ``ModelError/input(_:)`` if the model sees no images, or none of this size.
  package func views(
    of images: [PixelTensor], trace: TraceSink? = nil
  ) throws(ModelError) -> [ImageView] {
    guard !images.isEmpty else { return [] }
    let (vision, connector) = try imageParts()
    var flow = Flow(hidden: Matrix(rows: 0, columns: 0), batch: Batch(lengths: []), pixels: images)
    try vision.run(&flow, trace: trace)
    flow.pixels = []
    let encoded = flow.embeddings.map(\.matrix)
    try connector.run(&flow, trace: trace)
    trace?("connector", [flow.hidden.rows, flow.hidden.columns], flow.hidden.values)
    return zip(encoded, flow.embeddings).map(ImageView.init)
  }

  /// The logits of tokens, one sequence after the other.
  ///
  /// - Parameters:
  ///   - sequences: Each begins at position 0.
  ///   - rows: The tokens whose logits are wanted, counted through all sequences; nil for all.
  ///   - trace: Receives the intermediate results of the language model.
  /// - Returns: `[rows, vocabulary]`
  /// - Throws: ``ModelError/input(_:)`` for tokens outside the vocabulary, or places without images.
  package func logits(
    _ sequences: [TokenSequence], rows: [Int]? = nil, trace: TraceSink? = nil
  ) throws(ModelError) -> Matrix {
    var flow = try flow(of: sequences)
    flow.outputRows = rows
    try language.run(&flow, trace: trace)
    trace?("logits", [flow.hidden.rows, flow.hidden.columns], flow.hidden.values)
    return flow.hidden
  }

  func imageParts() throws(ModelError) -> (PartRunner, PartRunner) {
    guard let vision, let connector else {
      throw .input(
        "\(model.path): the model takes text only; leave the image out, or name its vision part "
          + "with --mmproj")
    }
    return (vision, connector)
  }

  /// What several sequences have computed so far.
  package struct State: Sendable {
    fileprivate var caches: [KeyValueCache?]
    fileprivate var lengths: [Int]
    /// The position of each sequence's next token: less than its length after images.
    fileprivate var positions: [Int]

    /// Forgets all sequences but the given ones, in the given order.
    package mutating func keep(_ sequences: [Int]) {
      for index in caches.indices { caches[index]?.keep(sequences) }
      lengths = sequences.map { lengths[$0] }
      positions = sequences.map { positions[$0] }
    }
  }

  /// A state in which no sequence has begun.
  package func state(sequenceCount: Int) -> State {
    State(
      caches: (0..<language.cacheCount).map { _ in KeyValueCache(sequenceCount: sequenceCount) },
      lengths: [Int](repeating: 0, count: sequenceCount),
      positions: [Int](repeating: 0, count: sequenceCount))
  }

  /// Goes on with sequences by some tokens each.
  ///
  /// - Returns: The logits after the last token of each sequence: `[sequences, vocabulary]`.
  package func advance(
    _ state: inout State, by sequences: [TokenSequence]
  ) throws(ModelError) -> Matrix {
    let places = TextPlaces(
      of: sequences, imageToken: model.architecture.imageToken, starts: state.positions,
      offsets: state.lengths)
    var flow = try flow(of: sequences, places: places, offsets: state.lengths)
    let batch = flow.batch
    flow.caches = state.caches
    flow.outputRows = zip(batch.starts, batch.lengths).map { $0 + $1 - 1 }
    flow.keepsWeights = true
    state.caches = []
    try language.run(&flow, trace: nil)
    state.caches = flow.caches
    state.lengths = zip(state.lengths, batch.lengths).map { $0 + $1 }
    state.positions = language.usesPlaces ? places.ends : state.lengths
    return flow.hidden
  }

  /// What goes into the language model for sequences that begin.
  func flow(of sequences: [TokenSequence]) throws(ModelError) -> Flow {
    let none = sequences.map { _ in 0 }
    return try flow(
      of: sequences,
      places: TextPlaces(
        of: sequences, imageToken: model.architecture.imageToken, starts: none, offsets: none),
      offsets: none)
  }

  private func flow(
    of sequences: [TokenSequence], places: TextPlaces, offsets: [Int]
  ) throws(ModelError) -> Flow {
    let (hidden, imageLevels) = try embedded(sequences)
    var flow = Flow(
      hidden: hidden, batch: Batch(lengths: sequences.map(\.tokens.count), offsets: offsets))
    flow.imageLevels = imageLevels
    let imageToken = model.architecture.imageToken
    flow.tokens = sequences.flatMap(\.tokens).map { $0 == imageToken ? nil : $0 }
    flow.positions = language.usesPlaces ? places.positions : nil
    flow.reaches = places.reaches
    flow.promptReaches = zip(sequences, offsets).flatMap { sequence, offset in
      sequence.tokens.indices.map { $0 < sequence.promptCount ? offset + sequence.promptCount : 0 }
    }
    return flow
  }

  /// Token embeddings, with images in the places of image tokens, and what these bring to layers.
  private func embedded(
    _ sequences: [TokenSequence]
  ) throws(ModelError) -> (hidden: Matrix, levels: (rows: [Int], values: Matrix)?) {
    let columns = table.columns
    var levels: (rows: [Int], values: [Float]) = ([], [])
    let scale = language.tableScale
    let count = sequences.reduce(0) { $0 + $1.tokens.count }
    var result = Matrix(rows: count, columns: columns)
    var row = 0
    for sequence in sequences {
      for image in sequence.images where image.matrix.columns != imageWidth {
        throw .input(
          "an image has \(image.matrix.columns) channels, the language model takes "
            + "\(imageWidth); the parts of the model do not belong together")
      }
      let rows = sequence.images.map(\.matrix).flatMap { image in
        (0..<image.rows).map { (image, $0) }
      }
      var used = 0
      for token in sequence.tokens {
        guard token >= 0, token < table.rows else {
          throw .input(
            "the token \(token) is outside the model's vocabulary of \(table.rows)")
        }
        let place = row * columns..<(row + 1) * columns
        if token == model.architecture.imageToken {
          if used < rows.count {
            let values = rows[used].0.row(rows[used].1)
            result.values.replaceSubrange(place, with: values.prefix(columns))
            if imageWidth > columns {
              levels.rows.append(row)
              levels.values += values.dropFirst(columns)
            }
          }
          used += 1
        } else {
          result.values.withUnsafeMutableBufferPointer { values in
            table.decode(
              rows: token..<token + 1, into: UnsafeMutableBufferPointer(rebasing: values[place]))
            if scale != 1 { for i in place { values[i] *= scale } }
          }
        }
        row += 1
      }
      guard used == rows.count else {
        throw .input(
          "the prompt has \(used) tokens in the places of images, the images given make "
            + "\(rows.count); give as many images as the prompt has places")
      }
    }
    guard !levels.rows.isEmpty else { return (result, nil) }
    let brought = levels.rows.count
    return (
      result,
      (levels.rows, Matrix(rows: brought, columns: imageWidth - columns, values: levels.values))
    )
  }
}
