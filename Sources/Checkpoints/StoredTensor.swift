// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
package import Tensors

/// A tensor where it lies in a mapped file.
package struct StoredTensor: Sendable {
  /// Exactly as in the file.
  package let name: String
  package let encoding: Encoding
  /// Outermost dimension first, also when the file stores the reverse.
  package let shape: Shape
  package let file: MappedFile
  /// Where its bytes begin, from the start of the file, at any alignment.
  package let offset: Int
  package let byteCount: Int
  /// Where the scales of packed codes are; encoding, offset and bytes are then those of the codes,
  /// the shape is that of the weight.
  package let packed: PackedWeight?

  package init(
    name: String, encoding: Encoding, shape: Shape, file: MappedFile, offset: Int, byteCount: Int,
    packed: PackedWeight? = nil
  ) {
    self.name = name
    self.encoding = encoding
    self.shape = shape
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
    self.packed = packed
  }

  /// Bytes of the tensor with all that belongs to it.
  package var totalByteCount: Int { packed?.byteCount ?? byteCount }

  /// How it is stored, for people: an encoding, or the scheme of a packed weight.
  package var storage: String { packed?.scheme.description ?? encoding.rawValue }

  /// The stored bytes, little-endian; valid as long as the tensor or its file is kept.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + byteCount])
  }

  /// The name, encoding and shape, as a writer takes them.
  package var description: TensorDescription {
    TensorDescription(name: name, encoding: encoding, shape: shape)
  }
}

/// What a writer must know of a tensor before its bytes.
package struct TensorDescription: Sendable, Hashable {
  package var name: String
  package var encoding: Encoding
  /// Outermost dimension first.
  package var shape: Shape

  package init(name: String, encoding: Encoding, shape: Shape) {
    self.name = name
    self.encoding = encoding
    self.shape = shape
  }
}
