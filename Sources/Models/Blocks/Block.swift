// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

/// A kind of computation that declarations name: it reads its settings and tensors once, and
/// then changes what flows through a part.
protocol Block: Sendable {
  /// The settings that a declaration may give.
  static var settings: Set<String> { get }
  /// The tensors that it may have.
  static var tensors: Set<String> { get }
  /// - Throws: ``ModelError`` if tensors or settings do not fit each other.
  init(_ reader: BlockReader) throws(ModelError)
  /// How wide the rows are that the block makes of rows of some width; nil if it cannot take them.
  func outputWidth(from width: Int) -> Int?
  func run(_ flow: inout Flow) throws(ModelError)
}

/// What goes through the steps of a part.
struct Flow {
  /// The activations: `[rows of all sequences, channels]`.
  var hidden: Matrix
  /// How the rows divide into images, or texts.
  var batch: Batch
  /// The images of a vision part.
  var pixels: [PixelTensor] = []
  /// How each image was cut into tiles, which are then sequences of the batch.
  var tiles: [TileLayout?] = []
  /// How the rows of each image lie in it, beside a class token; empty for texts.
  var grids: [Grid] = []
  /// Where the rows of texts stand, a list for each direction; nil for one after the other.
  var positions: [[Int]]?
  /// How many keys the rows of texts see at least, for images are seen whole.
  var reaches: [Int]?
  /// The same where prompts are seen whole.
  var promptReaches: [Int]?
  /// The keys and values of attention layers, where they are kept.
  var caches: [KeyValueCache?] = []
  /// Keys and values of this step that layers have kept for later ones, by the names that they have.
  var memories: [String: Attention.Memory] = [:]
  /// The tokens of texts; nil where an image stands.
  var tokens: [Int?] = []
  /// What each layer is given of its own, one behind the other: `[tokens, layers * channels]`.
  var layerInputs: Matrix?
  /// Whether weights are needed again so soon that their pages had better stay.
  var keepsWeights = false
  /// The rows that the output is wanted of; nil for all.
  var outputRows: [Int]?
  /// What layers of the encoder have put by for layers of the decoder.
  var levels: [Level] = []
  /// The rows of texts that are images', and what these bring to layers, one level behind the
  /// other; nil where nothing is brought.
  var imageLevels: (rows: [Int], values: Matrix)?

  /// The rows of images as they were after a layer.
  struct Level {
    let hidden: Matrix
    let grids: [Grid]
  }
}

extension Flow {
  /// What a layer has kept of earlier tokens, to be changed and put back; nil where nothing is kept.
  ///
  /// It is gone from here meanwhile, for two owners would copy it.
  mutating func takeCache(at index: Int) -> KeyValueCache? {
    guard !caches.isEmpty else { return nil }
    defer { caches[index] = nil }
    return caches[index]
  }

  /// Puts it back.
  mutating func putCache(_ cache: KeyValueCache?, at index: Int) {
    if !caches.isEmpty { caches[index] = cache }
  }

  /// The grids of images whose rows are nothing but them.
  ///
  /// - Throws: ``ModelError/input(_:)`` if a class token is still among the rows.
  func checkedGrids() throws(ModelError) -> [Grid] {
    guard grids.map(\.count) == batch.lengths else {
      throw .input(
        "the rows of an image do not form the rectangle of its patches, as this model needs it; "
          + "the parts of the model do not belong together")
    }
    return grids
  }

  /// Where rows stand in images or in texts; nil for one after the other.
  var places: [[Int]]? {
    guard grids.map(\.count) == batch.lengths else { return positions }
    return [
      grids.flatMap { grid in (0..<grid.count).map { $0 / grid.columns } },
      grids.flatMap { grid in (0..<grid.count).map { $0 % grid.columns } },
    ]
  }
}

extension Linear {
  /// How wide its results are; nil if it cannot take rows of this width.
  func outputWidth(from width: Int) -> Int? { width == weight.columns ? weight.rows : nil }
}

extension FeedForward {
  func outputWidth(from width: Int) -> Int? {
    guard let hidden = up.outputWidth(from: width),
      gate.map({ $0.outputWidth(from: width) == hidden }) ?? true
    else { return nil }
    return down.outputWidth(from: hidden)
  }
}

extension Norm {
  func outputWidth(from width: Int) -> Int? { width == weight.count ? width : nil }
}

/// The kinds of blocks by the names that declarations use.
enum BlockRegistry {
  static let kinds: [String: any Block.Type] = [
    "activation": ActivationBlock.self,
    "addLayerInput": AddLayerInputBlock.self,
    "addLevel": AddLevelBlock.self,
    "addRow": AddRowBlock.self,
    "addTable": AddTableBlock.self,
    "attention": AttentionBlock.self,
    "attentionPool": AttentionPoolBlock.self,
    "averagePool": AveragePoolBlock.self,
    "averageSquares": AverageSquaresBlock.self,
    "bottleneck": BottleneckBlock.self,
    "convolution": ConvolutionBlock.self,
    "convolutionFeedForward": ConvolutionFeedForwardBlock.self,
    "dropFirst": DropFirstBlock.self,
    "embedding": EmbeddingBlock.self,
    "experts": ExpertsBlock.self,
    "feedForward": FeedForwardBlock.self,
    "gatedDelta": GatedDeltaBlock.self,
    "joinTiles": JoinTilesBlock.self,
    "keepLevel": KeepLevelBlock.self,
    "layerInputs": LayerInputsBlock.self,
    "linear": LinearBlock.self,
    "mergeLevel": MergeLevelBlock.self,
    "mergePatches": MergePatchesBlock.self,
    "norm": NormBlock.self,
    "output": OutputBlock.self,
    "patchEmbedding": PatchEmbeddingBlock.self,
    "pixels": PixelsBlock.self,
    "pool": PoolBlock.self,
    "positionAxes": PositionAxesBlock.self,
    "positionGrid": PositionGridBlock.self,
    "positionTable": PositionTableBlock.self,
    "scale": ScaleBlock.self,
    "shortConvolution": ShortConvolutionBlock.self,
    "standardize": StandardizeBlock.self,
    "ropeDivisors": RopeDivisorsBlock.self,
    "squeezeExcitation": SqueezeExcitationBlock.self,
  ]
}
