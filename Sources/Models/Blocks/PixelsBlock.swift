// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

/// The pixels of images as rows, line by line: what convolutions begin with.
struct PixelsBlock: Block {
  static let settings: Set = ["channels"]
  static let tensors: Set<String> = []

  private let channels: Int

  init(_ reader: BlockReader) throws(ModelError) { channels = try reader.count("channels") }

  func outputWidth(from width: Int) -> Int? { channels }

  func run(_ flow: inout Flow) throws(ModelError) {
    var rows: [Float] = []
    var grids: [Grid] = []
    for image in flow.pixels.flatMap(\.parts) {
      guard image.channels == channels else {
        throw .input(
          "an image has \(image.channels) channels, the model takes \(channels); check the image "
            + "processor")
      }
      // Planes of channels become channels of pixels.
      let grid = Grid(rows: image.height, columns: image.width)
      rows += Matrix(rows: channels, columns: grid.count, values: image.values).transposed().values
      grids.append(grid)
    }
    flow.batch = Batch(lengths: grids.map(\.count))
    flow.hidden = Matrix(
      rows: grids.reduce(0) { $0 + $1.count }, columns: channels, values: rows)
    flow.grids = grids
    flow.tiles = flow.pixels.map(\.tiles)
  }
}
