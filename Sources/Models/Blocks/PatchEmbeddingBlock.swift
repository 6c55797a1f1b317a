// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

/// Cuts images into patches, embeds each by one linear layer (a convolution whose stride is its
/// width), puts the class token in front and adds learned positions.
///
/// - Source: Dosovitskiy et al., arXiv:2010.11929, section 3.1.
struct PatchEmbeddingBlock: Block {
  static let settings: Set = ["patchSize"]
  static let tensors: Set = ["patch", "class", "positions"]

  private let patch: Linear
  /// `[channels]`, or nil without a class token.
  private let classToken: [Float]?
  /// A row for each token: `[tokens * channels]`.
  private let positions: [Float]
  private let patchSize: Int

  init(_ reader: BlockReader) throws(ModelError) {
    patch = try reader.linear("patch")
    classToken = try reader.valuesIfPresent("class")
    positions = try reader.values("positions")
    patchSize = try reader.count("patchSize")
    guard patch.weight.columns % (patchSize * patchSize) == 0 else {
      throw reader.error("patches of \(patchSize) do not fit the tensor")
    }
  }

  /// How many tokens an image becomes.
  var tokenCount: Int { positions.count / patch.weight.rows }

  /// The images' channels, and the tokens that the positions are for.
  private var channels: Int { patch.weight.columns / (patchSize * patchSize) }

  /// Whether an image has the size that the positions are for.
  private func accepts(_ image: PixelTensor) -> Bool {
    let patches = (image.height / patchSize) * (image.width / patchSize)
    return image.channels == channels
      && patches + (classToken == nil ? 0 : 1) == tokenCount
  }

  func outputWidth(from width: Int) -> Int? {
    let channels = patch.weight.rows
    return positions.count % channels == 0 && (classToken?.count ?? channels) == channels
      ? channels : nil
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let columns = patch.weight.rows
    var rows: [Float] = []
    for image in flow.pixels {
      guard accepts(image) else {
        throw .input(
          "an image of \(image.channels) x \(image.height) x \(image.width) does not make the "
            + "\(tokenCount) tokens that the model takes; check the image processor's size")
      }
      let embedded = patch(patches(of: image))
      var own = (classToken ?? []) + embedded.values
      for i in own.indices { own[i] += positions[i] }
      rows += own
    }
    let lengths = flow.pixels.map { _ in tokenCount }
    flow.hidden = Matrix(rows: lengths.reduce(0, +), columns: columns, values: rows)
    flow.batch = Batch(lengths: lengths)
  }

  /// `[patches, channels * patchSize * patchSize]`, each patch as the convolution sees it.
  private func patches(of image: PixelTensor) -> Matrix {
    let down = image.height / patchSize
    let across = image.width / patchSize
    var values: [Float] = []
    values.reserveCapacity(down * across * patch.weight.columns)
    for top in 0..<down {
      for left in 0..<across {
        for channel in 0..<image.channels {
          for y in 0..<patchSize {
            let start =
              (channel * image.height + top * patchSize + y) * image.width + left * patchSize
            values.append(contentsOf: image.values[start..<start + patchSize])
          }
        }
      }
    }
    return Matrix(rows: down * across, columns: patch.weight.columns, values: values)
  }
}
