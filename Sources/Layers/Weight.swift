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

  package let source: any Source
  package let format: any BlockFormat
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
    self.rows = rows
    self.columns = columns
    self.firstRow = firstRow
    self.rowOrder = rowOrder
  }

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

  /// All elements as f32, for small parameters such as norms and biases.
  package func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      decode(
        rows: 0..<rows,
        into: UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * columns)]))
      count = rows * columns
    }
  }

  /// The stored bytes of all rows, where they lie in order.
  package var storedRows: UnsafeRawBufferPointer? {
    guard rowOrder == nil else { return nil }
    let start = firstRow * rowBytes
    return UnsafeRawBufferPointer(rebasing: source.bytes[start..<start + rows * rowBytes])
  }

  /// The stored f32 values themselves, where no expansion is needed.
  package var denseRows: UnsafePointer<Float>? {
    guard format.encoding == .f32, rowOrder == nil, let base = source.bytes.baseAddress else {
      return nil
    }
    let address = base + firstRow * rowBytes
    guard Int(bitPattern: address) % MemoryLayout<Float>.alignment == 0 else { return nil }
    return address.assumingMemoryBound(to: Float.self)
  }
}
