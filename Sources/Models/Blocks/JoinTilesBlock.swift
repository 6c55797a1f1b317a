// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra
import Preprocessing

/// Puts the tiles of an image together to one grid without the borders around the image, a row of its
/// own behind each line of it, and all of that behind the overview; one sequence an image.
///
/// - Source: Liu et al., LLaVA-NeXT (January 2024), `image_newline` with `spatial_unpad`.
struct JoinTilesBlock: Block {
  static let settings: Set<String> = []
  static let tensors: Set = ["newline"]

  /// What comes behind each line: `[channels]`.
  private let newline: [Float]

  init(_ reader: BlockReader) throws(ModelError) { newline = try reader.values("newline") }

  func outputWidth(from width: Int) -> Int? { width == newline.count ? width : nil }

  func run(_ flow: inout Flow) throws(ModelError) {
    let grids = try flow.checkedGrids()
    let starts = flow.batch.starts
    // The line's end is one more row behind all others.
    let end = flow.hidden.rows
    var rows: [Int] = []
    var lengths: [Int] = []
    var first = 0
    for layout in flow.tiles {
      let before = rows.count
      if let layout {
        let overview = layout.overview == .first ? first : first + layout.count - 1
        let tile = layout.overview == .first ? first + 1 : first
        guard Set(grids[first..<first + layout.count]).count == 1 else {
          throw .input("the tiles of an image have other sizes; check the image processor")
        }
        rows += starts[overview]..<starts[overview] + grids[overview].count
        rows += JoinTilesBlock.lines(of: layout, grid: grids[first]) {
          starts[tile + $0] + $1
        }.flatMap { $0 + [end] }
        first += layout.count
      } else {
        rows += Array(starts[first]..<starts[first] + grids[first].count) + [end]
        first += 1
      }
      lengths.append(rows.count - before)
    }
    let extended = Matrix(
      rows: end + 1, columns: flow.hidden.columns, values: flow.hidden.values + newline)
    flow.hidden = extended.gathered(rows)
    flow.batch = Batch(lengths: lengths)
    flow.grids = lengths.map { Grid(rows: 1, columns: $0) }
    flow.tiles = lengths.map { _ in nil }
  }

  /// The lines of an image across its tiles.
  ///
  /// - Parameters:
  ///   - layout: Of the tiles.
  ///   - grid: Of the rows in a tile.
  ///   - row: The row for the number of a tile and a place in it.
  /// - Returns: The rows of each line.
  private static func lines(
    of layout: TileLayout, grid: Grid, row: (Int, Int) -> Int
  ) -> [[Int]] {
    let whole = Grid(rows: layout.rows * grid.rows, columns: layout.columns * grid.columns)
    let (cutRows, cutColumns) = borders(of: whole, around: layout.fitted)
    return (cutRows..<whole.rows - cutRows).map { y in
      (cutColumns..<whole.columns - cutColumns).map { x in
        row(
          y / grid.rows * layout.columns + x / grid.columns,
          y % grid.rows * grid.columns + x % grid.columns)
      }
    }
  }

  /// How many rows, or columns, on each side show nothing but the border around an image.
  private static func borders(of grid: Grid, around image: PixelSize?) -> (Int, Int) {
    guard let image else { return (0, 0) }
    let (width, height) = (Double(image.width), Double(image.height))
    let (columns, rows) = (Double(grid.columns), Double(grid.rows))
    /// Whole after a rounding to seven decimals, as the model was trained with.
    func whole(_ length: Double) -> Int { Int((length * 1e7).rounded(.toNearestOrEven) / 1e7) }
    return width / height > columns / rows
      ? ((grid.rows - whole(height * (columns / width))) / 2, 0)
      : (0, (grid.columns - whole(width * (rows / height))) / 2)
  }
}
