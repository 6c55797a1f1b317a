// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
import Notation
import Tensors

/// A safetensors file whose header was checked from end to end. `Formats/safetensors.md`
package struct SafetensorsFile: Sendable {
  /// The longest header that is read, in bytes; the reference implementation's limit.
  package static let maximumHeaderLength = 100_000_000

  package let file: MappedFile
  /// In the order in which their bytes lie in the file.
  package let tensors: [StoredTensor]
  /// The strings under `__metadata__`, in their order.
  package let metadata: [(key: String, value: String)]

  /// Reads and checks the header; tensor bytes are not touched.
  ///
  /// - Throws: ``CheckpointError``, its byte offset counted from the start of the file.
  package init(file: MappedFile) throws(CheckpointError) {
    self.file = file
    let header = try SafetensorsHeader(file: file)
    metadata = try header.metadata()
    tensors = try header.tensors()
  }
}

/// The header before its entries are understood.
private struct SafetensorsHeader {
  let file: MappedFile
  /// The JSON text, trailing spaces included.
  let text: UnsafeRawBufferPointer
  let entries: JSON.Object
  /// Where the data begins.
  var dataStart: Int { 8 + text.count }
  var dataCount: Int { file.bytes.count - dataStart }

  init(file: MappedFile) throws(CheckpointError) {
    self.file = file
    func error(
      _ kind: CheckpointError.Kind, _ offset: Int, _ sentence: String
    ) -> CheckpointError {
      CheckpointError(kind, path: file.path, byteOffset: offset, sentence)
    }
    let foreign = ForeignFile.error(file, expected: "safetensors")
    // Only a file that is nothing else is said to be damaged.
    let isForeign = ![.otherContainer, .unrecognized].contains(foreign.kind)
    var reader = ByteReader(file.bytes)
    guard !isForeign, !file.bytes.starts(with: GGUFFile.magic) else { throw foreign }
    guard let length = try? reader.read(UInt64.self) else {
      throw error(
        .headerTruncated, 0,
        "expected the 8-byte length of the header, found \(file.bytes.count) bytes; "
          + "the file is cut off, copy or download it again")
    }
    guard length <= UInt64(SafetensorsFile.maximumHeaderLength) else {
      if reader.remaining == 0 || file.bytes[8] != UInt8(ascii: "{") { throw foreign }
      throw error(
        .headerTooLarge, 0,
        "a header of \(length) bytes, more than \(SafetensorsFile.maximumHeaderLength); "
          + "the file is damaged")
    }
    guard let text = try? reader.take(length) else {
      if reader.remaining > 0, file.bytes[8] != UInt8(ascii: "{") { throw foreign }
      throw error(
        .headerTruncated, 8,
        "expected a header of \(length) bytes, found \(reader.remaining); "
          + "the file is cut off, copy or download it again")
    }
    guard text.first == UInt8(ascii: "{") else {
      throw error(.headerNotObject, 8, "the header must begin with '{'; the file is damaged")
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: text) } catch {
      throw CheckpointError(
        .headerMalformed, path: file.path, byteOffset: 8 + error.byteOffset,
        "the header is no valid JSON: \(error.reason)")
    }
    guard let entries = json.object else {
      throw error(.headerNotObject, 8, "the header must be a JSON object")
    }
    self.text = text
    self.entries = entries
  }

  func metadata() throws(CheckpointError) -> [(key: String, value: String)] {
    guard let value = entries["__metadata__"] else { return [] }
    guard let object = value.object else {
      throw error(.metadataMalformed, at: "__metadata__", "expected an object of strings")
    }
    var metadata: [(key: String, value: String)] = []
    for (key, value) in object {
      guard let string = value.string else {
        throw error(
          .metadataMalformed, at: key, "expected a string under __metadata__.\(key)")
      }
      metadata.append((key, string))
    }
    return metadata
  }

  func tensors() throws(CheckpointError) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(entries.count)
    for (name, entry) in entries where name != "__metadata__" {
      tensors.append(try tensor(name, entry))
    }
    // Empty tensors share their place with a neighbour: the header's order decides.
    let order = tensors.indices.sorted {
      (tensors[$0].offset, tensors[$0].byteCount, $0)
        < (tensors[$1].offset, tensors[$1].byteCount, $1)
    }
    tensors = order.map { tensors[$0] }
    try requireCoverage(tensors)
    return tensors
  }

  private func tensor(_ name: String, _ entry: JSON) throws(CheckpointError) -> StoredTensor {
    func fail(_ kind: CheckpointError.Kind, _ sentence: String) -> CheckpointError {
      error(kind, at: name, tensor: name, sentence)
    }
    guard let object = entry.object, object.count == 3, let dtype = object["dtype"]?.string,
      let shape = object["shape"]?.array, let range = object["data_offsets"]?.array,
      range.count == 2
    else {
      throw fail(
        .entryMalformed, "expected the members dtype, shape and data_offsets, and no other")
    }
    guard let encoding = Encoding(safetensors: dtype) else {
      throw fail(.unknownDtype, "the dtype '\(dtype)' is unknown; convert the tensor first")
    }
    let dimensions = shape.compactMap { $0.count }
    let ends = range.compactMap { $0.count }
    guard dimensions.count == shape.count, ends.count == 2 else {
      throw fail(.entryMalformed, "shape and data_offsets must be whole numbers, not negative")
    }
    guard ends[0] <= ends[1] else {
      throw fail(.rangeReversed, "its bytes end at \(ends[1]), before their begin at \(ends[0])")
    }
    guard ends[1] <= dataCount else {
      throw fail(
        .dataTruncated,
        "its bytes end at \(ends[1]) of the data, found only \(dataCount); "
          + "the file is cut off, copy or download it again")
    }
    guard let elements = Shape(dimensions).elementCount else {
      throw fail(.shapeTooLarge, "the shape \(Shape(dimensions)) has too many elements")
    }
    guard let byteCount = encoding.byteCount(elements: elements), byteCount == ends[1] - ends[0]
    else {
      let expected =
        encoding.byteCount(elements: elements).map(String.init) ?? "no whole number of"
      throw fail(
        .sizeMismatch,
        "\(encoding) \(Shape(dimensions)) takes \(expected) bytes, found \(ends[1] - ends[0])")
    }
    return StoredTensor(
      name: name, encoding: encoding, shape: Shape(dimensions), file: file,
      offset: dataStart + ends[0], byteCount: byteCount)
  }

  /// Every byte of the data must belong to exactly one tensor.
  private func requireCoverage(_ tensors: [StoredTensor]) throws(CheckpointError) {
    var end = dataStart
    for tensor in tensors {
      guard tensor.offset == end else {
        throw CheckpointError(
          tensor.offset > end ? .rangeGap : .rangeOverlap, path: file.path, tensor: tensor.name,
          byteOffset: tensor.offset,
          "expected its bytes at \(end - dataStart) of the data, where those before it end, "
            + "found \(tensor.offset - dataStart)")
      }
      end += tensor.byteCount
    }
    guard end == file.bytes.count else {
      throw CheckpointError(
        .dataTrailing, path: file.path, byteOffset: end,
        "expected the end of the file after the last tensor, "
          + "found \(file.bytes.count - end) more bytes")
    }
  }

  /// An error that points at a key of the header.
  private func error(
    _ kind: CheckpointError.Kind, at key: String, tensor: String? = nil, _ sentence: String
  ) -> CheckpointError {
    let needle = Array(JSON.string(key).text().utf8)
    let place = text.indices.first { text[$0...].starts(with: needle) } ?? 0
    return CheckpointError(
      kind, path: file.path, tensor: tensor, byteOffset: 8 + place, sentence)
  }
}

extension JSON {
  /// A whole number that is not negative and was written as one.
  fileprivate var count: Int? {
    if case .integer(let value) = self, value >= 0 { value } else { nil }
  }
}

extension Encoding {
  /// The scalar type that safetensors spells so, or nil.
  init?(safetensors dtype: String) {
    self.init(rawValue: dtype)
    guard isSafetensors else { return nil }
  }

  /// Whether safetensors has this type.
  var isSafetensors: Bool { ggufType == nil || Encoding.scalarsOfBoth.contains(self) }

  private static let scalarsOfBoth: Set<Encoding> = [
    .f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8,
  ]
}
