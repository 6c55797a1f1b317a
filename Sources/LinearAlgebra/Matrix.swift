// SPDX-License-Identifier: Apache-2.0

/// Activations: `rows` vectors of `columns` f32 each, row after row.
package struct Matrix: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  package var values: [Float]

  /// A matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = [Float](repeating: 0, count: rows * columns)
  }

  /// Takes over values that are already row-major.
  ///
  /// - Precondition: There are exactly `rows * columns` of them.
  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) values for \(rows)x\(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix whose elements a body writes, all of them; clearing them first would cost as much as
  /// many an operation.
  package init(
    rows: Int, columns: Int, writing body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.rows = rows
    self.columns = columns
    let elements = rows * columns
    values = [Float](unsafeUninitializedCapacity: elements) { buffer, count in
      body(UnsafeMutableBufferPointer(rebasing: buffer[..<elements]))
      count = elements
    }
  }

  package func row(_ index: Int) -> ArraySlice<Float> {
    values[index * columns..<(index + 1) * columns]
  }

  /// The rows of a range, copied.
  package func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: range.count, columns: columns,
      values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// The given rows in the given order, copied.
  package func gathered(_ indices: [Int]) -> Matrix {
    var result: [Float] = []
    result.reserveCapacity(indices.count * columns)
    for index in indices { result.append(contentsOf: row(index)) }
    return Matrix(rows: indices.count, columns: columns, values: result)
  }

  package func transposed() -> Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for i in 0..<rows {
      for j in 0..<columns { result.values[j * rows + i] = values[i * columns + j] }
    }
    return result
  }
}

/// Lets workers of ``Parallel`` write disjoint parts of one buffer.
///
/// The caller promises that no two indices touch the same element; nothing else is shared.
package struct DisjointWrites: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Float>

  package init(_ buffer: UnsafeMutableBufferPointer<Float>) {
    base = buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped
  }
}

/// Lets workers of ``Parallel`` read one buffer.
package struct SharedReads: @unchecked Sendable {
  package let base: UnsafePointer<Float>

  package init(_ buffer: UnsafeBufferPointer<Float>) {
    base = buffer.baseAddress ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
  }
}
