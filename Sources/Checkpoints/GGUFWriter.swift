// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
import Notation
import Tensors

/// Writes a GGUF file: version 3, tensors aligned to 32 bytes and contiguous in declared order.
///
/// The bytes depend on the arguments alone.
package final class GGUFWriter: CheckpointWriter {
  private let metadata: GGUFMetadata
  private let stream: TensorStream

  package var path: String { stream.path }
  package var notes: [String] { stream.notes }

  /// Checks everything that the header says and begins the file.
  ///
  /// - Throws: ``CheckpointError`` if GGUF cannot hold a tensor, or the disk the file.
  package init(
    path: String, metadata: GGUFMetadata, tensors: [TensorDescription],
    resumption: Resumption? = nil
  ) throws(CheckpointError) {
    self.metadata = metadata
    var layout = GGUFLayout(path: path)
    try layout.append(metadata, tensorCount: tensors.count)
    for tensor in tensors { try layout.append(tensor) }
    let (header, places, end) = try layout.finished()
    stream = try TensorStream(
      path: path, header: header, places: places, end: end, resumption: resumption)
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    try stream.append(bytes)
  }

  package func endPart(_ note: String) throws(CheckpointError) { try stream.endPart(note) }

  package func finish() throws(CheckpointError) {
    if !stream.isChecked { try check() }
    try stream.commit()
  }

  package func check() throws(CheckpointError) {
    let metadata = metadata
    try stream.check { (file) throws(CheckpointError) in
      let gguf = try GGUFFile(file: file)
      guard gguf.metadata == metadata else {
        throw CheckpointError(
          .verificationFailed, path: file.path, "found other metadata than was written")
      }
      return gguf.tensors
    }
  }
}

/// Gathers the header of a GGUF file and places its tensors.
private struct GGUFLayout {
  let path: String
  private var header: [UInt8] = GGUFFile.magic
  private var tensors: [(tensor: TensorDescription, offset: Int, byteCount: Int)] = []
  private var names: Set<ExactName> = []
  /// The end of the data so far, aligned.
  private var end = 0

  init(path: String) { self.path = path }

  mutating func append(
    _ metadata: GGUFMetadata, tensorCount: Int
  ) throws(CheckpointError) {
    if let alignment = metadata["general.alignment"] {
      guard alignment == .uint32(UInt32(GGUFFile.defaultAlignment)) else {
        throw CheckpointError(
          .alignmentMalformed, path: path,
          "only an alignment of \(GGUFFile.defaultAlignment) is written, general.alignment says "
            + "\(alignment); remove the key")
      }
    }
    UInt32(3).appendGGUF(to: &header)
    UInt64(tensorCount).appendGGUF(to: &header)
    UInt64(metadata.count).appendGGUF(to: &header)
    for (key, value) in metadata {
      key.appendGGUF(to: &header)
      value.type.rawValue.appendGGUF(to: &header)
      value.append(to: &header)
    }
  }

  mutating func append(_ tensor: TensorDescription) throws(CheckpointError) {
    func error(_ kind: CheckpointError.Kind, _ sentence: String) -> CheckpointError {
      CheckpointError(kind, path: path, tensor: tensor.name, sentence)
    }
    guard tensor.name.utf8.count <= GGUFFile.maximumNameLength else {
      throw error(
        .nameTooLong,
        "GGUF names have at most \(GGUFFile.maximumNameLength) bytes, "
          + "found \(tensor.name.utf8.count); shorten it")
    }
    guard names.insert(ExactName(tensor.name)).inserted else {
      throw error(.tensorDuplicate, "the name was declared twice")
    }
    let dimensions = tensor.shape.dimensions
    guard dimensions.count <= GGUFFile.maximumDimensions else {
      throw error(
        .tooManyDimensions,
        "GGUF holds at most \(GGUFFile.maximumDimensions) dimensions, found \(tensor.shape)")
    }
    guard let id = tensor.encoding.ggufType else {
      throw error(.encodingUnsupported, "GGUF has no \(tensor.encoding); choose another type")
    }
    guard tensor.shape.rowLength % tensor.encoding.elementsPerBlock == 0 else {
      throw error(
        .rowNotDivisible,
        "\(tensor.encoding) needs rows divisible by \(tensor.encoding.elementsPerBlock), "
          + "found \(tensor.shape.rowLength); choose another type")
    }
    guard let byteCount = tensor.shape.elementCount.flatMap(tensor.encoding.byteCount(elements:)),
      byteCount <= Int.max - end,
      let next = (end + byteCount).aligned(to: GGUFFile.defaultAlignment)
    else { throw error(.shapeTooLarge, "the shape \(tensor.shape) is not possible") }
    tensor.name.appendGGUF(to: &header)
    UInt32(dimensions.count).appendGGUF(to: &header)
    for dimension in dimensions.reversed() { Int64(dimension).appendGGUF(to: &header) }
    id.appendGGUF(to: &header)
    UInt64(end).appendGGUF(to: &header)
    tensors.append((tensor, end, byteCount))
    end = next
  }

  /// The header, padded, with each tensor's place in the file and where the file ends.
  func finished() throws(CheckpointError) -> (
    header: [UInt8], places: [TensorStream.Place], end: Int
  ) {
    let padding = -header.count & (GGUFFile.defaultAlignment - 1)
    let dataStart = header.count + padding
    guard end <= Int.max - dataStart else {
      throw CheckpointError(.shapeTooLarge, path: path, "the tensors are too large for a file")
    }
    let places = tensors.map {
      TensorStream.Place(
        tensor: $0.tensor, offset: dataStart + $0.offset, byteCount: $0.byteCount)
    }
    return (header + [UInt8](repeating: 0, count: padding), places, dataStart + end)
  }
}
