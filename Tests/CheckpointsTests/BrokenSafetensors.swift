// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import TestSupport
import Testing

/// A file that breaks one rule, and the error that must name it.
struct BrokenSafetensors: CustomTestStringConvertible, Sendable {
  let kind: CheckpointError.Kind
  let offset: Int?
  let bytes: [UInt8]
  let testDescription: String

  /// A header, its length before it (the true one if none is given), then data.
  init(
    _ kind: CheckpointError.Kind, _ offset: Int?, _ name: String, header: String, data: Int = 0,
    length: UInt64? = nil
  ) {
    self.kind = kind
    self.offset = offset
    testDescription = name
    var builder = ByteBuilder()
    builder.append(length ?? UInt64(header.utf8.count), as: UInt64.self)
    builder.append(header)
    builder.append([UInt8](repeating: 1, count: data))
    bytes = builder.bytes
  }

  init(_ kind: CheckpointError.Kind, _ offset: Int?, _ name: String, bytes: [UInt8]) {
    self.kind = kind
    self.offset = offset
    self.bytes = bytes
    testDescription = name
  }

  static func entry(
    _ name: String = "a", dtype: String = "F32", shape: String = "[2]", at range: String
  ) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(range)}"#
  }
}

extension BrokenSafetensors {
  static let all: [BrokenSafetensors] = [
    BrokenSafetensors(.empty, 0, "no bytes", bytes: []),
    BrokenSafetensors(.headerTruncated, 0, "half a length", bytes: [2, 0, 0, 0]),
    BrokenSafetensors(.headerTruncated, 8, "half a header", header: "{}", length: 100),
    BrokenSafetensors(.headerTooLarge, 0, "101 MB of header", header: "{}", length: 100_000_001),
    BrokenSafetensors(
      .unrecognized, 0, "neither length nor header", bytes: .init(repeating: 0xFF, count: 40)),
    BrokenSafetensors(.headerNotObject, 8, "a header that is a list", header: "[]"),
    BrokenSafetensors(.headerNotObject, 8, "a space before the header", header: " {}"),
    BrokenSafetensors(.headerNotObject, 8, "no header", header: ""),
    BrokenSafetensors(.headerMalformed, 9, "a key without quotes", header: "{a}"),
    BrokenSafetensors(.headerMalformed, 11, "something after the header", header: "{} x"),
    BrokenSafetensors(
      .headerMalformed, 9 + 53, "a name twice",
      header: "{" + BrokenSafetensors.entry(at: "[0,8]") + ","
        + BrokenSafetensors.entry(at: "[0,8]") + "}", data: 8),
    BrokenSafetensors(
      .headerMalformed, 10, "a name that is not UTF-8",
      bytes: [
        7, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D,
      ]),
    BrokenSafetensors(.metadataMalformed, 9, "metadata no object", header: #"{"__metadata__":1}"#),
    BrokenSafetensors(
      .metadataMalformed, 25, "a number in metadata", header: #"{"__metadata__":{"a":1}}"#),
    BrokenSafetensors(.entryMalformed, 9, "an entry no object", header: #"{"a":1}"#),
    BrokenSafetensors(
      .entryMalformed, 9, "no shape", header: #"{"a":{"dtype":"F32","data_offsets":[0,0]}}"#),
    BrokenSafetensors(
      .entryMalformed, 9, "three offsets",
      header: "{" + BrokenSafetensors.entry(at: "[0,4,8]") + "}", data: 8),
    BrokenSafetensors(
      .entryMalformed, 9, "a negative dimension",
      header: "{" + BrokenSafetensors.entry(shape: "[-2]", at: "[0,8]") + "}", data: 8),
    BrokenSafetensors(
      .entryMalformed, 9, "a dimension with a fraction",
      header: "{" + BrokenSafetensors.entry(shape: "[2.0]", at: "[0,8]") + "}", data: 8),
    BrokenSafetensors(
      .entryMalformed, 9, "an unknown member",
      header: #"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"b":1}}"#, data: 1),
    BrokenSafetensors(
      .unknownDtype, 9, "an unknown dtype",
      header: "{" + BrokenSafetensors.entry(dtype: "F33", at: "[0,8]") + "}", data: 8),
    BrokenSafetensors(
      .unknownDtype, 9, "a block format of GGUF",
      header: "{" + BrokenSafetensors.entry(dtype: "Q8_0", shape: "[32]", at: "[0,34]") + "}",
      data: 34),
    BrokenSafetensors(
      .rangeReversed, 9, "an end before its begin",
      header: "{" + BrokenSafetensors.entry(at: "[8,0]") + "}"),
    BrokenSafetensors(
      .dataTruncated, 9, "too little data",
      header: "{" + BrokenSafetensors.entry(at: "[0,8]") + "}", data: 7),
    BrokenSafetensors(
      .dataTruncated, 9, "an end past any file",
      header: "{" + BrokenSafetensors.entry(at: "[0,9223372036854775807]") + "}", data: 7),
    BrokenSafetensors(
      .shapeTooLarge, 9, "a shape that overflows",
      header: "{" + BrokenSafetensors.entry(shape: "[4294967296,4294967296]", at: "[0,8]") + "}",
      data: 8),
    BrokenSafetensors(
      .sizeMismatch, 9, "a byte too many", header: "{" + BrokenSafetensors.entry(at: "[0,9]") + "}",
      data: 9),
    BrokenSafetensors(
      .sizeMismatch, 9, "half a byte",
      header: "{" + BrokenSafetensors.entry(dtype: "F4", shape: "[3]", at: "[0,1]") + "}", data: 1),
    BrokenSafetensors(
      .sizeMismatch, 9, "bytes that overflow",
      header: "{"
        + BrokenSafetensors.entry(dtype: "F64", shape: "[2305843009213693952]", at: "[0,0]") + "}"),
    BrokenSafetensors(
      .rangeGap, 8 + 56 + 1, "a hole before the first",
      header: "{" + BrokenSafetensors.entry(at: "[1,9]") + "}  ", data: 9),
    BrokenSafetensors(
      .rangeGap, 8 + 111 + 9, "a hole between two",
      header: "{" + BrokenSafetensors.entry(at: "[0,8]") + ","
        + BrokenSafetensors.entry("b", at: "[9,17]") + "}   ", data: 17),
    BrokenSafetensors(
      .rangeOverlap, 8 + 111 + 4, "two that overlap",
      header: "{" + BrokenSafetensors.entry(at: "[0,8]") + ","
        + BrokenSafetensors.entry("b", at: "[4,12]") + "}   ", data: 12),
    BrokenSafetensors(
      .dataTrailing, 8 + 56 + 8, "a byte after the last",
      header: "{" + BrokenSafetensors.entry(at: "[0,8]") + "}  ", data: 9),
    BrokenSafetensors(.dataTrailing, 10, "data without tensors", header: "{}", data: 1),
  ]
}
