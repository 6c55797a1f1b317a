// SPDX-License-Identifier: Apache-2.0

package import BinaryIO

/// A GGUF file whose header was checked from end to end. `Formats/gguf.md`
package struct GGUFFile: Sendable {
  /// The four bytes that every file begins with.
  static let magic = Array("GGUF".utf8)
  /// The alignment of tensors where the metadata names none, in bytes.
  package static let defaultAlignment = 32
  /// The longest name of a tensor, in bytes.
  package static let maximumNameLength = 63
  package static let maximumDimensions = 4

  package let file: MappedFile
  /// 2 or 3.
  package let version: Int
  package let metadata: GGUFMetadata
  /// In the order of the header, which is that of their bytes.
  package let tensors: [StoredTensor]
  /// The power of two, in bytes, that tensors are aligned to.
  package let alignment: Int

  /// Reads and checks the header; tensor bytes are not touched.
  ///
  /// - Throws: ``CheckpointError``, its byte offset counted from the start of the file.
  package init(file: MappedFile) throws(CheckpointError) {
    self.file = file
    guard file.bytes.starts(with: GGUFFile.magic) else {
      throw ForeignFile.error(file, expected: "GGUF")
    }
    var reader = GGUFReader(file: file)
    let header = try reader.header()
    version = header.version
    metadata = try reader.metadata(count: header.metadataCount)
    alignment = try reader.alignment()
    tensors = try reader.tensors(count: header.tensorCount, alignment: alignment)
  }
}
