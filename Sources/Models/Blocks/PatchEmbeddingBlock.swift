// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

/// Cuts images into patches, embeds each by one linear layer (a convolution whose stride is its
/// width), puts the class token in front and adds learned positions, where the model has them.
///
/// A model of videos takes `frames` images at once; a still image is repeated for each. With
/// `interpolatesPositions`, an image may have other patches than there are positions.
///
/// - Source: Dosovitskiy et al., arXiv:2010.11929, section 3.1.
struct PatchEmbeddingBlock: Block {
  static let settings = LearnedPositions.settings.union(["patchSize", "frames", "scale", "offset"])
  static let tensors: Set = ["patch", "class", "positions"]

  private let patch: Linear
  /// `[channels]`, or nil without a class token.
  private let classToken: [Float]?
  /// A row for each token; nil where positions come in later.
  private let positions: LearnedPositions?
  private let patchSize: Int
  private let frames: Int
  /// What each pixel is multiplied with, and what is then added.
  private let scale: Float
  private let offset: Float

  init(_ reader: BlockReader) throws(ModelError) {
    patch = try reader.linear("patch")
    classToken = try reader.valuesIfPresent("class")
    let channels = max(patch.weight.rows, 1)
    let table = try reader.valuesIfPresent("positions")
    guard (table?.count ?? 0) % channels == 0 else {
      throw reader.error("positions: expected rows of \(channels) numbers")
    }
    let (placeless, filter) = (classToken == nil ? 0 : 1, try LearnedPositions.filter(reader))
    positions = table.map {
      LearnedPositions($0, channels: channels, placeless: placeless, filter: filter)
    }
    patchSize = try reader.count("patchSize")
    frames = reader.has("frames") ? try reader.count("frames") : 1
    scale = Float(try reader.number("scale", default: 1))
    offset = Float(try reader.number("offset", default: 0))
    guard patchSize <= 1 << 12, frames <= 1 << 8,
      patch.weight.columns % (patchSize * patchSize * frames) == 0
    else { throw reader.error("patches of \(patchSize) do not fit the tensor") }
  }

  /// How many tokens an image becomes, where positions say so.
  var tokenCount: Int? { positions?.count }

  /// The images' channels.
  private var channels: Int { patch.weight.columns / (patchSize * patchSize * frames) }

  /// The patches of an image; nil if the model does not take its size.
  private func grid(of image: PixelTensor) -> Grid? {
    let grid = Grid(rows: image.height / patchSize, columns: image.width / patchSize)
    guard image.channels == channels, grid.count > 0 else { return nil }
    guard let positions else {
      return image.height % patchSize == 0 && image.width % patchSize == 0 ? grid : nil
    }
    return positions.fits(grid) ? grid : nil
  }

  func outputWidth(from width: Int) -> Int? {
    let channels = patch.weight.rows
    return (classToken?.count ?? channels) == channels ? channels : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let columns = patch.weight.rows
    var rows: [Float] = []
    var grids: [Grid] = []
    var known: [Grid: [Float]] = [:]
    for image in flow.pixels.flatMap(\.parts) {
      guard let grid = grid(of: image) else {
        throw .input(
          "an image of \(image.channels) x \(image.height) x \(image.width) does not make "
            + (tokenCount.map { "the \($0) tokens that the model takes" }
              ?? "patches of \(channels) x \(patchSize) x \(patchSize)")
            + "; check the image processor's size")
      }
      let embedded = patch(patches(of: image, grid))
      var own = (classToken ?? []) + embedded.values
      if let positions {
        let rows = known[grid] ?? positions.rows(for: grid)
        known[grid] = rows
        for i in own.indices { own[i] += rows[i] }
      }
      rows += own
      grids.append(grid)
    }
    let lengths = grids.map { $0.count + (classToken == nil ? 0 : 1) }
    flow.hidden = Matrix(rows: lengths.reduce(0, +), columns: columns, values: rows)
    flow.batch = Batch(lengths: lengths)
    flow.grids = grids
    flow.tiles = flow.pixels.map(\.tiles)
  }

  /// `[patches, channels * frames * patchSize * patchSize]`, each patch as the convolution sees it.
  private func patches(of image: PixelTensor, _ grid: Grid) -> Matrix {
    var values: [Float] = []
    values.reserveCapacity(grid.count * patch.weight.columns)
    for top in 0..<grid.rows {
      for left in 0..<grid.columns {
        for channel in 0..<image.channels {
          for _ in 0..<frames {
            for y in 0..<patchSize {
              let start =
                (channel * image.height + top * patchSize + y) * image.width + left * patchSize
              values.append(contentsOf: image.values[start..<start + patchSize])
            }
          }
        }
      }
    }
    if scale != 1 || offset != 0 {
      for i in values.indices { values[i] = values[i] * scale + offset }
    }
    return Matrix(rows: grid.count, columns: patch.weight.columns, values: values)
  }
}
