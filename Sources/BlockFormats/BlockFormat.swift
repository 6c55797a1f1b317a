// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// A way to store elements: how its bytes become Float32 values, and values bytes.
///
/// Decoding is exact. Encoding minimises the (importance-weighted) squared error of the decoded
/// values. Both give the same bytes on every machine. Blocks need no alignment.
package protocol BlockFormat: Sendable {
  var encoding: Encoding { get }

  /// Whether `encode` exists; calling it otherwise is a broken promise and traps.
  var canEncode: Bool { get }

  /// Decodes whole blocks.
  ///
  /// - Parameters:
  ///   - blocks: Any number of blocks; no alignment is needed.
  ///   - values: As many elements as the blocks hold.
  func decode(_ blocks: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>)

  /// How many elements are NaN or infinite, where that can be seen without decoding them.
  ///
  /// - Parameter blocks: Any number of blocks; no alignment is needed.
  /// - Returns: nil where they have to be decoded.
  func nonFiniteCount(in blocks: UnsafeRawBufferPointer) -> Int?

  /// Encodes one row.
  ///
  /// NaN is taken as 0 and infinities as the largest value by the block formats (scalars keep
  /// both): weights that hold any are rejected before, with ``BlockFormats/nonFiniteCount(_:)``.
  ///
  /// - Parameters:
  ///   - values: The row, a whole number of blocks.
  ///   - importance: The weight of each element's squared error, as many as values; only ratios
  ///     matter. nil: all alike.
  ///   - blocks: As many bytes as the row takes.
  func encode(
    _ values: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?,
    into blocks: UnsafeMutableRawBufferPointer)
}

extension BlockFormat {
  package var canEncode: Bool { true }

  package func nonFiniteCount(in blocks: UnsafeRawBufferPointer) -> Int? { nil }

  /// Encodes a row with the importance of its columns, if there is any.
  package func encode(
    _ values: UnsafeBufferPointer<Float>, weighted importance: [Float]?,
    into blocks: UnsafeMutableRawBufferPointer
  ) {
    guard let importance else { return encode(values, importance: nil, into: blocks) }
    importance.withUnsafeBufferPointer { encode(values, importance: $0, into: blocks) }
  }

  package func encode(_ values: [Float], importance: [Float]? = nil) -> [UInt8] {
    values.withUnsafeBufferPointer { encode($0, weighted: importance) }
  }

  /// The blocks of a row, with the importance of its columns, if there is any.
  package func encode(
    _ values: UnsafeBufferPointer<Float>, weighted importance: [Float]?
  ) -> [UInt8] {
    let count = (values.count / encoding.elementsPerBlock) * encoding.bytesPerBlock
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let blocks = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      encode(values, weighted: importance, into: blocks)
      initialized = count
    }
  }

  package func decode(_ blocks: [UInt8]) -> [Float] {
    let count = (blocks.count / encoding.bytesPerBlock) * encoding.elementsPerBlock
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      let values = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      blocks.withUnsafeBytes { decode($0, into: values) }
      initialized = count
    }
  }

  /// The number of blocks, after checking that the buffers agree on it.
  func blockCount(values: Int, bytes: Int, importance: Int? = nil) -> Int {
    let count = values / encoding.elementsPerBlock
    precondition(
      values == count * encoding.elementsPerBlock && bytes == count * encoding.bytesPerBlock,
      "\(encoding): \(values) elements do not fill \(bytes) bytes of blocks")
    if let importance {
      precondition(
        importance == values, "\(encoding): \(importance) weights for \(values) elements")
    }
    return count
  }
}
