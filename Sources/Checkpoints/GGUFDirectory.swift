// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation
import Tensors

extension GGUFReader {
  /// The fewest bytes that the entry of a tensor takes: lengths, type and offset.
  private static var smallestTensor: UInt64 { 8 + 4 + 4 + 8 }

  /// Reads the directory of tensors, the last part of the header.
  mutating func tensors(count: UInt64, alignment: Int) throws(CheckpointError) -> [StoredTensor] {
    try requireRoom(for: count, each: GGUFReader.smallestTensor, at: 8, "tensors")
    var entries: [Entry] = []
    entries.reserveCapacity(Int(count))
    var names: Set<ExactName> = []
    var end = 0
    for _ in 0..<count {
      let nameOffset = reader.position + 8
      let entry = try entry(expectedOffset: end)
      guard names.insert(ExactName(entry.name)).inserted else {
        throw error(
          .tensorDuplicate, at: nameOffset, tensor: entry.name, "the name stands here twice")
      }
      guard let next = (entry.offset + entry.byteCount).aligned(to: alignment) else {
        throw error(
          .shapeTooLarge, at: nameOffset, tensor: entry.name, "its bytes reach past any file")
      }
      end = next
      entries.append(entry)
    }
    // Without tensors there is no data, and the padding before it may be missing.
    guard let dataStart = reader.position.aligned(to: alignment) else {
      throw error(.alignmentMalformed, at: reader.position, "the alignment is too large")
    }
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(entries.count)
    for entry in entries {
      let (offset, overflow) = dataStart.addingReportingOverflow(entry.offset)
      guard !overflow, offset <= file.bytes.count,
        entry.byteCount <= file.bytes.count - offset
      else {
        throw error(
          .dataTruncated, at: overflow ? dataStart : offset, tensor: entry.name,
          "expected \(entry.byteCount) bytes, the file has \(file.bytes.count) in all; "
            + "it is cut off, copy or download it again")
      }
      tensors.append(
        StoredTensor(
          name: entry.name, encoding: entry.encoding, shape: entry.shape, file: file,
          offset: offset, byteCount: entry.byteCount))
    }
    return tensors
  }

  private struct Entry {
    let name: String
    let encoding: Encoding
    let shape: Shape
    /// From the start of the data.
    let offset: Int
    let byteCount: Int
  }

  private mutating func entry(expectedOffset: Int) throws(CheckpointError) -> Entry {
    subject = "the name of a tensor"
    let nameOffset = reader.position
    let name = try text(.textMalformed)
    subject = "the tensor '\(name)'"
    guard name.utf8.count <= GGUFFile.maximumNameLength else {
      throw error(
        .nameTooLong, at: nameOffset, tensor: name,
        "expected a name of at most \(GGUFFile.maximumNameLength) bytes, found \(name.utf8.count)")
    }
    let rankOffset = reader.position
    let rank: UInt32 = try read()
    guard rank <= UInt32(GGUFFile.maximumDimensions) else {
      throw error(
        .tooManyDimensions, at: rankOffset, tensor: name,
        "expected at most \(GGUFFile.maximumDimensions) dimensions, found \(rank)")
    }
    let shapeOffset = reader.position
    var innermostFirst: [Int] = []
    for _ in 0..<rank { innermostFirst.append(Int(try read() as Int64)) }
    let shape = Shape(innermostFirst.reversed())
    let typeOffset = reader.position
    let encoding = try encoding(tensor: name)
    guard let elements = shape.elementCount else {
      throw error(
        .shapeTooLarge, at: shapeOffset, tensor: name,
        "the shape \(shape) is negative or has too many elements")
    }
    guard shape.rowLength % encoding.elementsPerBlock == 0 else {
      throw error(
        .rowNotDivisible, at: typeOffset, tensor: name,
        "\(encoding) needs rows divisible by \(encoding.elementsPerBlock), "
          + "found \(shape.rowLength)")
    }
    guard let byteCount = encoding.byteCount(elements: elements) else {
      throw error(.shapeTooLarge, at: shapeOffset, tensor: name, "\(shape) takes too many bytes")
    }
    let placeOffset = reader.position
    let place: UInt64 = try read()
    guard place == UInt64(expectedOffset) else {
      throw error(
        .offsetMisplaced, at: placeOffset, tensor: name,
        "expected its bytes at \(expectedOffset) of the data, "
          + "aligned behind the tensor before it, found \(place)")
    }
    // A sum that overflows is refused by the caller with the next offset.
    guard byteCount <= Int.max - expectedOffset else {
      throw error(.shapeTooLarge, at: shapeOffset, tensor: name, "its bytes reach past any file")
    }
    return Entry(
      name: name, encoding: encoding, shape: shape, offset: expectedOffset, byteCount: byteCount)
  }

  private mutating func encoding(tensor: String) throws(CheckpointError) -> Encoding {
    let offset = reader.position
    let id: UInt32 = try read()
    if let encoding = Encoding(ggufType: id) { return encoding }
    if let name = Encoding.removedGGUFTypes[id] {
      throw error(
        .typeRemoved, at: offset, tensor: tensor,
        "the type \(name) (\(id)) was removed from GGUF; convert the original model again")
    }
    throw error(
      .typeUnknown, at: offset, tensor: tensor,
      "the type \(id) is unknown; a newer program or another branch made the file")
  }
}

extension Int {
  /// The next multiple of a power of two, or nil past the largest integer.
  func aligned(to alignment: Int) -> Int? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
