// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Testing

/// A file that breaks one rule, and the error that must name it.
struct BrokenGGUF: CustomTestStringConvertible, Sendable {
  let kind: CheckpointError.Kind
  let offset: Int
  let testDescription: String
  let bytes: [UInt8]

  /// A file of nothing but a header, spoiled by `change`.
  init(
    _ kind: CheckpointError.Kind, _ offset: Int, _ description: String,
    _ change: (inout GGUFBuilder) -> Void
  ) {
    self.kind = kind
    self.offset = offset
    testDescription = description
    var builder = GGUFBuilder()
    change(&builder)
    bytes = builder.bytes
  }

  /// One metadata entry with the key `k`; its type stands at byte 33.
  init(
    _ kind: CheckpointError.Kind, _ offset: Int, _ description: String, value: [UInt8],
    key: String = "k"
  ) {
    self.init(kind, offset, description) { $0.metadata = [(key, value)] }
  }

  /// One tensor named `a`: rank at byte 33, dimension at 37, type at 45, offset at 49, data at 64.
  init(
    _ kind: CheckpointError.Kind, _ offset: Int, _ description: String, data: Int = 32,
    tensor change: (inout GGUFBuilder.Tensor) -> Void
  ) {
    self.init(kind, offset, description) {
      var tensor = GGUFBuilder.Tensor()
      change(&tensor)
      $0.tensors = [tensor]
      $0.data = data
    }
  }
}

extension BrokenGGUF {
  static let all: [BrokenGGUF] = header + values + directory

  static let header: [BrokenGGUF] = [
    BrokenGGUF(.unrecognized, 0, "another magic") { $0.magic = "\u{1}GUF" },
    BrokenGGUF(.versionUnsupported, 4, "version 0") { $0.version = 0 },
    BrokenGGUF(.versionUnsupported, 4, "version 1") { $0.version = 1 },
    BrokenGGUF(.versionUnsupported, 4, "version 4") { $0.version = 4 },
    BrokenGGUF(.bigEndian, 4, "version 3 in big-endian") { $0.version = 0x0300_0000 },
    BrokenGGUF(.countTooLarge, 8, "one tensor, none there") { $0.tensorCount = 1 },
    BrokenGGUF(.countTooLarge, 8, "more tensors than numbers") { $0.tensorCount = .max },
    BrokenGGUF(.countTooLarge, 16, "one key, none there") { $0.metadataCount = 1 },
    BrokenGGUF(.countTooLarge, 16, "more keys than numbers") { $0.metadataCount = .max },
  ]

  static let values: [BrokenGGUF] = [
    BrokenGGUF(.valueTypeUnknown, 33, "type 13", value: GGUFBuilder.value(13, [0])),
    BrokenGGUF(.truncated, 37, "half an integer", value: GGUFBuilder.value(4, [0, 0])),
    BrokenGGUF(
      .truncated, 45, "a string past the end",
      value: GGUFBuilder.value(8, [9, 0, 0, 0, 0, 0, 0, 0, 65])),
    BrokenGGUF(
      .truncated, 45, "a string longer than any file",
      value: GGUFBuilder.value(8, [255, 255, 255, 255, 255, 255, 255, 255, 65])),
    BrokenGGUF(
      .textMalformed, 45, "a string that is not UTF-8",
      value: GGUFBuilder.value(8, [1, 0, 0, 0, 0, 0, 0, 0, 0xFF])),
    BrokenGGUF(.boolMalformed, 37, "a truth value of 2", value: GGUFBuilder.value(7, [2])),
    BrokenGGUF(
      .boolMalformed, 50, "a truth value of 3 in an array",
      value: GGUFBuilder.array(7, count: 3, [1, 3, 1])),
    BrokenGGUF(.nestedArray, 37, "an array of arrays", value: GGUFBuilder.array(9, count: 0)),
    BrokenGGUF(
      .valueTypeUnknown, 37, "an array of type 13", value: GGUFBuilder.array(13, count: 0)),
    BrokenGGUF(
      .countTooLarge, 41, "an array past the end",
      value: GGUFBuilder.array(4, count: 2, [0, 0, 0, 0])),
    BrokenGGUF(
      .countTooLarge, 41, "an array longer than any file",
      value: GGUFBuilder.array(10, count: .max, [0, 0, 0, 0])),
    BrokenGGUF(
      .truncated, 57, "strings past the end",
      value: GGUFBuilder.array(8, count: 1, [1, 0, 0, 0, 0, 0, 0, 0])),
    BrokenGGUF(.keyMalformed, 32, "a key that is not UTF-8") {
      $0.metadata = [("k", GGUFBuilder.value(0, [1]))]
      $0.spoil = (32, 0xFF)
    },
    BrokenGGUF(.keyDuplicate, 38, "a key twice") {
      $0.metadata = [("k", GGUFBuilder.value(0, [1])), ("k", GGUFBuilder.value(0, [1]))]
    },
    BrokenGGUF(
      .alignmentMalformed, 53, "an alignment of 24",
      value: GGUFBuilder.value(4, [24, 0, 0, 0]), key: "general.alignment"),
    BrokenGGUF(
      .alignmentMalformed, 53, "an alignment of 0",
      value: GGUFBuilder.value(4, [0, 0, 0, 0]), key: "general.alignment"),
    BrokenGGUF(
      .alignmentMalformed, 53, "an alignment of another type",
      value: GGUFBuilder.value(5, [32, 0, 0, 0]), key: "general.alignment"),
  ]

  static let directory: [BrokenGGUF] = [
    BrokenGGUF(.nameTooLong, 24, "a name of 64 bytes") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.name = String(repeating: "x", count: 64)
    },
    BrokenGGUF(.tooManyDimensions, 33, "five dimensions") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.rank = 5
      tensor.dimensions = [1, 1, 1, 1, 1]
    },
    BrokenGGUF(.shapeTooLarge, 37, "a negative dimension") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.dimensions = [-1]
    },
    BrokenGGUF(.shapeTooLarge, 37, "elements that overflow") {
      (tensor: inout GGUFBuilder.Tensor) in
      tensor.rank = 2
      tensor.dimensions = [1 << 32, 1 << 32]
    },
    BrokenGGUF(.shapeTooLarge, 37, "bytes that overflow") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.dimensions = [1 << 62]
    },
    BrokenGGUF(.shapeTooLarge, 32, "an end that overflows") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.type = 24
      tensor.dimensions = [.max]
    },
    BrokenGGUF(.typeUnknown, 45, "type 43") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.type = 43
    },
    BrokenGGUF(.rowNotDivisible, 45, "Q8_0 rows of 48") { (tensor: inout GGUFBuilder.Tensor) in
      tensor.type = 8
      tensor.dimensions = [48]
    },
    BrokenGGUF(.rowNotDivisible, 45 - 8, "a scalar in blocks") {
      (tensor: inout GGUFBuilder.Tensor) in
      tensor.type = 8
      tensor.rank = 0
      tensor.dimensions = []
    },
    BrokenGGUF(.offsetMisplaced, 49, "data that begins at 32") {
      (tensor: inout GGUFBuilder.Tensor) in
      tensor.offset = 32
    },
    BrokenGGUF(.offsetMisplaced, 49, "an offset past any file") {
      (tensor: inout GGUFBuilder.Tensor) in
      tensor.offset = .max
    },
    BrokenGGUF(.dataTruncated, 64, "a missing byte", data: 7) {
      (tensor: inout GGUFBuilder.Tensor) in
    },
    BrokenGGUF(.dataTruncated, 64, "no data", data: 0) { (tensor: inout GGUFBuilder.Tensor) in },
    BrokenGGUF(.truncated, 44, "half a directory") {
      $0.tensors = [GGUFBuilder.Tensor(name: "", rank: 4, dimensions: [])]
    },
    BrokenGGUF(.textMalformed, 32, "a name that is not UTF-8") {
      $0.tensors = [GGUFBuilder.Tensor()]
      $0.data = 32
      $0.spoil = (32, 0xFF)
    },
    BrokenGGUF(.tensorDuplicate, 65, "a name twice") {
      $0.tensors = [GGUFBuilder.Tensor(), GGUFBuilder.Tensor(offset: 32)]
      $0.data = 64
    },
    BrokenGGUF(.offsetMisplaced, 82, "a second tensor that overlaps") {
      $0.tensors = [GGUFBuilder.Tensor(), GGUFBuilder.Tensor(name: "b", offset: 0)]
      $0.data = 64
    },
    BrokenGGUF(.offsetMisplaced, 82, "a second tensor out of alignment") {
      $0.tensors = [GGUFBuilder.Tensor(), GGUFBuilder.Tensor(name: "b", offset: 8)]
      $0.data = 64
    },
    BrokenGGUF(.offsetMisplaced, 82, "a hole before the second tensor") {
      $0.tensors = [GGUFBuilder.Tensor(), GGUFBuilder.Tensor(name: "b", offset: 64)]
      $0.data = 96
    },
  ]
}
