// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
import Notation
import Tensors

/// Writes a safetensors file, its header padded with spaces to 8 bytes.
///
/// The bytes depend on the arguments alone.
package final class SafetensorsWriter: CheckpointWriter {
  private let metadata: [(key: String, value: String)]
  private let stream: TensorStream

  package var path: String { stream.path }
  package var notes: [String] { stream.notes }

  /// An order in which every tensor is aligned: larger elements first, then by name.
  package static func storageOrder(_ tensors: [TensorDescription]) -> [TensorDescription] {
    tensors.sorted { a, b in
      let (left, right) = (a.encoding.bytesPerBlock, b.encoding.bytesPerBlock)
      return left == right ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : left > right
    }
  }

  /// Checks everything that the header says and begins the file.
  ///
  /// - Throws: ``CheckpointError`` if safetensors cannot hold a tensor, a tensor would not be
  ///   aligned to its elements (see ``storageOrder(_:)``), or the disk cannot hold the file.
  package init(
    path: String, metadata: [(key: String, value: String)], tensors: [TensorDescription],
    resumption: Resumption? = nil
  ) throws(CheckpointError) {
    self.metadata = metadata
    var layout = SafetensorsLayout(path: path)
    try layout.append(metadata)
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
      let safetensors = try SafetensorsFile(file: file)
      guard safetensors.metadata.elementsEqual(metadata, by: { $0 == $1 }) else {
        throw CheckpointError(
          .verificationFailed, path: file.path, "found other metadata than was written")
      }
      return safetensors.tensors
    }
  }
}

/// Gathers the header of a safetensors file and places its tensors.
private struct SafetensorsLayout {
  let path: String
  private var header = JSON.Object()
  private var tensors: [(tensor: TensorDescription, offset: Int, byteCount: Int)] = []
  /// The end of the data so far.
  private var end = 0

  init(path: String) { self.path = path }

  mutating func append(_ metadata: [(key: String, value: String)]) throws(CheckpointError) {
    guard !metadata.isEmpty else { return }
    var object = JSON.Object()
    for (key, value) in metadata {
      guard object[key] == nil else {
        throw CheckpointError(
          .metadataMalformed, path: path, "the metadata key '\(key)' was given twice")
      }
      object[key] = .string(value)
    }
    header["__metadata__"] = .object(object)
  }

  mutating func append(_ tensor: TensorDescription) throws(CheckpointError) {
    func error(_ kind: CheckpointError.Kind, _ sentence: String) -> CheckpointError {
      CheckpointError(kind, path: path, tensor: tensor.name, sentence)
    }
    guard header[tensor.name] == nil, tensor.name != "__metadata__" else {
      throw error(.tensorDuplicate, "the name was declared twice, or is reserved")
    }
    guard tensor.encoding.isSafetensors else {
      throw error(
        .encodingUnsupported, "safetensors has no \(tensor.encoding); choose another type")
    }
    guard let byteCount = tensor.shape.elementCount.flatMap(tensor.encoding.byteCount(elements:)),
      byteCount <= Int.max - end
    else { throw error(.shapeTooLarge, "the shape \(tensor.shape) is not possible") }
    let alignment = tensor.encoding.elementsPerBlock == 1 ? tensor.encoding.bytesPerBlock : 1
    guard end % alignment == 0 else {
      throw error(
        .misaligned,
        "\(tensor.encoding) must begin at a multiple of \(alignment) bytes, found \(end); "
          + "declare larger elements first")
    }
    header[tensor.name] = [
      "dtype": .string(tensor.encoding.rawValue),
      "shape": .array(tensor.shape.dimensions.map(JSON.integer)),
      "data_offsets": [.integer(end), .integer(end + byteCount)],
    ]
    tensors.append((tensor, end, byteCount))
    end += byteCount
  }

  /// The header, padded, with each tensor's place in the file and where the file ends.
  func finished() throws(CheckpointError) -> (
    header: [UInt8], places: [TensorStream.Place], end: Int
  ) {
    var text = Array(JSON.object(header).text().utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: -text.count & 7)
    guard text.count <= SafetensorsFile.maximumHeaderLength else {
      throw CheckpointError(
        .headerTooLarge, path: path,
        "the header would take \(text.count) bytes, more than "
          + "\(SafetensorsFile.maximumHeaderLength); write several files")
    }
    let dataStart = 8 + text.count
    guard end <= Int.max - dataStart else {
      throw CheckpointError(.shapeTooLarge, path: path, "the tensors are too large for a file")
    }
    // Empty tensors do not move the end, so this is already the order in which they are read.
    let places = tensors.map {
      TensorStream.Place(
        tensor: $0.tensor, offset: dataStart + $0.offset, byteCount: $0.byteCount)
    }
    var length: [UInt8] = []
    UInt64(text.count).appendGGUF(to: &length)
    return (length + text, places, dataStart + end)
  }
}
