// SPDX-License-Identifier: Apache-2.0

package import BlockFormats
import Tensors

/// A parameter of a model in its stored encoding, expanded to f32 tile by tile where it is used.
///
/// The forward pass cannot tell a dense weight from a quantized one.
package struct Weight: Sendable {
  /// Where the bytes are; keeps a mapped file open.
  package protocol Source: Sendable {
    /// The bytes of the whole weight.
    var bytes: UnsafeRawBufferPointer { get }
    /// Tells that the bytes are not needed for a while.
    func release()
  }

  /// Expands rows whose codes, scales and offsets are stored apart, or in another order.
  package protocol Rows: Sendable {
    /// Expands rows to f32, all elements of each.
    func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>)
  }

  package let source: any Source
  /// How rows are stored; F32 where ``expander`` makes them.
  package let format: any BlockFormat
  /// Makes rows that are no blocks one behind the other; nil where they are.
  package let expander: (any Rows)?
  /// Rows: the outputs of a linear layer.
  package let rows: Int
  /// Elements a row: the inputs of a linear layer.
  package let columns: Int
  /// Row `i` of the weight is stored as row `rowOrder[i]`; nil where the order is the same.
  package let rowOrder: [Int]?
  private let firstRow: Int

  /// - Precondition: `source` holds at least the rows asked for, whole blocks a row.
  package init(
    source: any Source, format: any BlockFormat, rows: Int, columns: Int, firstRow: Int = 0,
    rowOrder: [Int]? = nil
  ) {
    self.source = source
    self.format = format
    expander = nil
    self.rows = rows
    self.columns = columns
    self.firstRow = firstRow
    self.rowOrder = rowOrder
  }

  /// - Precondition: `expander` makes at least the rows asked for, of `columns` elements.
  package init(
    source: any Source, expander: any Rows, rows: Int, columns: Int, firstRow: Int = 0,
    rowOrder: [Int]? = nil
  ) {
    self.source = source
    format = F32()
    self.expander = expander
    self.rows = rows
    self.columns = columns
    self.firstRow = firstRow
    self.rowOrder = rowOrder
  }

  private init(_ weight: Weight, rows: Range<Int>) {
    source = weight.source
    format = weight.format
    expander = weight.expander
    self.rows = rows.count
    columns = weight.columns
    rowOrder = weight.rowOrder.map { Array($0[rows]) }
    firstRow = weight.rowOrder == nil ? weight.firstRow + rows.lowerBound : weight.firstRow
  }

  private init(_ weight: Weight, picking rows: [Int]) {
    source = weight.source
    format = weight.format
    expander = weight.expander
    self.rows = rows.count
    columns = weight.columns
    rowOrder = rows.map { weight.rowOrder?[$0] ?? $0 }
    firstRow = weight.firstRow
  }

  /// Some of the rows as a weight of its own, such as the queries of a joint projection.
  ///
  /// - Precondition: The weight has these rows.
  package func slice(_ rows: Range<Int>) -> Weight { Weight(self, rows: rows) }

  /// Some of the rows, in any order, as a weight of its own.
  ///
  /// - Precondition: The weight has these rows.
  package func picking(_ rows: [Int]) -> Weight { Weight(self, picking: rows) }

  /// Bytes of one row.
  package var rowBytes: Int {
    columns / format.encoding.elementsPerBlock * format.encoding.bytesPerBlock
  }

  /// Expands rows to f32.
  ///
  /// - Parameters:
  ///   - range: Rows of this weight.
  ///   - values: Room for `range.count * columns` elements.
  package func decode(rows range: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    if let expander {
      expand(range, with: expander, into: values)
      return
    }
    let bytes = source.bytes
    guard let rowOrder else {
      let start = (firstRow + range.lowerBound) * rowBytes
      format.decode(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + range.count * rowBytes]),
        into: values)
      return
    }
    for (place, row) in range.enumerated() {
      let start = (firstRow + rowOrder[row]) * rowBytes
      format.decode(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowBytes]),
        into: UnsafeMutableBufferPointer(
          rebasing: values[place * columns..<(place + 1) * columns]))
    }
  }

  private func expand(
    _ range: Range<Int>, with expander: any Rows, into values: UnsafeMutableBufferPointer<Float>
  ) {
    guard let rowOrder else {
      expander.decode(
        rows: firstRow + range.lowerBound..<firstRow + range.upperBound, into: values)
      return
    }
    for (place, row) in range.enumerated() {
      let stored = firstRow + rowOrder[row]
      expander.decode(
        rows: stored..<stored + 1,
        into: UnsafeMutableBufferPointer(
          rebasing: values[place * columns..<(place + 1) * columns]))
    }
  }

  /// All elements as f32, for small parameters such as norms and biases.
  package func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      decode(
        rows: 0..<rows,
        into: UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * columns)]))
      count = rows * columns
    }
  }

  /// The place of a row among the stored ones.
  package func storedPlace(of row: Int) -> Int { firstRow + (rowOrder?[row] ?? row) }

  /// The blocks of a row, where it is made of blocks one behind the other.
  package func storedRow(_ row: Int) -> UnsafeRawBufferPointer? {
    guard expander == nil else { return nil }
    let start = storedPlace(of: row) * rowBytes
    return UnsafeRawBufferPointer(rebasing: source.bytes[start..<start + rowBytes])
  }

  /// The stored bytes of all rows, where they lie in order.
  package var storedRows: UnsafeRawBufferPointer? {
    guard rowOrder == nil, expander == nil else { return nil }
    let start = firstRow * rowBytes
    return UnsafeRawBufferPointer(rebasing: source.bytes[start..<start + rows * rowBytes])
  }

  /// The stored f32 values themselves, where no expansion is needed.
  package var denseRows: UnsafePointer<Float>? {
    guard format.encoding == .f32, rowOrder == nil, expander == nil,
      let base = source.bytes.baseAddress
    else { return nil }
    let address = base + firstRow * rowBytes
    guard Int(bitPattern: address) % MemoryLayout<Float>.alignment == 0 else { return nil }
    return address.assumingMemoryBound(to: Float.self)
  }
}
