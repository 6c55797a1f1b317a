// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Tensors

/// One number for each row and group of a packed weight: scales or biases, in any order.
struct NumberPlane: Sendable {
  let tensor: StoredTensor
  private let format: any BlockFormat
  private let elementBytes: Int
  private let rowStride: Int
  private let groupStride: Int
  /// Groups of a row.
  let groups: Int

  /// - Parameters:
  ///   - tensor: Holds the numbers.
  ///   - encoding: How the bytes are to be read, which the dtype does not always say.
  ///   - rows: How many rows there are.
  ///   - groups: How many groups a row has.
  ///   - rowStride: Elements from one row to the next.
  ///   - groupStride: Elements from one group to the next.
  /// - Throws: ``CheckpointError`` if the tensor does not reach so far.
  init(
    _ tensor: StoredTensor, as encoding: Encoding? = nil, rows: Int, groups: Int, rowStride: Int,
    groupStride: Int
  ) throws(CheckpointError) {
    let encoding = encoding ?? tensor.encoding
    let (rowEnd, overflow) = max(0, rows - 1).multipliedReportingOverflow(by: rowStride)
    let (groupEnd, groupOverflow) = max(0, groups - 1).multipliedReportingOverflow(by: groupStride)
    guard let format = BlockFormats.format(for: encoding), encoding.elementsPerBlock == 1,
      encoding.bytesPerBlock == tensor.encoding.bytesPerBlock, !overflow, !groupOverflow,
      rowEnd < tensor.byteCount, groupEnd < tensor.byteCount, rows == 0 || groups > 0,
      rows == 0 || (rowEnd + groupEnd + 1) * encoding.bytesPerBlock <= tensor.byteCount
    else {
      throw CheckpointError(
        .packingMalformed, path: tensor.file.path, tensor: tensor.name,
        "expected a number for each of \(rows) rows and \(groups) groups, found "
          + "\(tensor.encoding) \(tensor.shape)")
    }
    self.tensor = tensor
    self.format = format
    elementBytes = encoding.bytesPerBlock
    self.rowStride = rowStride
    self.groupStride = groupStride
    self.groups = groups
  }

  /// The numbers of a row's groups.
  func read(row: Int, into values: UnsafeMutableBufferPointer<Float>) {
    let bytes = tensor.bytes
    let start = row * rowStride * elementBytes
    if groupStride == 1 || groups == 1 {
      format.decode(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + groups * elementBytes]),
        into: values)
      return
    }
    for group in 0..<groups {
      let place = start + group * groupStride * elementBytes
      format.decode(
        UnsafeRawBufferPointer(rebasing: bytes[place..<place + elementBytes]),
        into: UnsafeMutableBufferPointer(rebasing: values[group..<group + 1]))
    }
  }
}
