// SPDX-License-Identifier: Apache-2.0

import CKernels
import LinearAlgebra
import Parallelism

/// Rows of a matrix, rounded to bytes.
final class ByteRows: @unchecked Sendable {
  private let columns: Int
  private let groups: Int
  private let rows: pk_byte_rows

  /// - Parameters:
  ///   - matrix: Rows of whole runs.
  ///   - run: Elements that are rounded with one step.
  ///   - group: Elements whose codes are summed up; a divisor of `run`.
  init(_ matrix: Matrix, run: Int, group: Int) {
    columns = matrix.columns
    groups = matrix.columns / group
    rows = pk_byte_rows(
      codes: .allocate(capacity: max(1, matrix.rows * columns)),
      steps: .allocate(capacity: max(1, matrix.rows * groups)),
      sums: .allocate(capacity: max(1, matrix.rows * groups)))
    matrix.values.withUnsafeBufferPointer { x in
      let x = SharedReads(x)
      Parallel.forEach(matrix.rows) { row in
        pk_take_bytes(
          .current, x.base + row * columns, columns, run, group, kernelRows(from: row))
      }
    }
  }

  deinit {
    rows.codes.deallocate()
    rows.steps.deallocate()
    rows.sums.deallocate()
  }

  /// The rows from one of them on.
  func kernelRows(from row: Int) -> pk_byte_rows {
    pk_byte_rows(
      codes: rows.codes + row * columns, steps: rows.steps + row * groups,
      sums: rows.sums + row * groups)
  }
}
