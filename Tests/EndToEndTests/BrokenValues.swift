// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import TestSupport
import Testing

extension BrokenConversion {
  /// Bytes of a block of Q8_0: a scale in half precision, then 32 codes.
  private static let blockBytes = 34

  /// Adds 1 to the exponent of each scale of Q8_0, which doubles it.
  private static func double(_ tensor: inout FixtureCopy.Tensor) {
    for start in stride(from: 0, to: tensor.bytes.count, by: blockBytes) {
      tensor.bytes[start + 1] &+= 4
    }
  }

  /// The rows of a tensor in the reverse order.
  private static func reverseRows(_ tensor: inout FixtureCopy.Tensor) {
    let rows = tensor.description.shape.dimensions[0]
    let width = tensor.bytes.count / rows
    tensor.bytes = (0..<rows).reversed().flatMap {
      Array(tensor.bytes[$0 * width..<($0 + 1) * width])
    }
  }

  /// Turns F32 into Q8_0.
  private static func quantize(_ tensor: inout FixtureCopy.Tensor) {
    let values = tensor.bytes.withUnsafeBytes { bytes -> [Float] in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    tensor.description.encoding = .q8_0
    tensor.bytes = []
    for start in stride(from: 0, to: values.count, by: 32) {
      let block = values[start..<start + 32]
      let scale = (block.map(abs).max() ?? 127) / 127
      let bits = HalfPrecision.encodedHalf(scale)
      tensor.bytes += [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
      for value in block {
        let code = Int8(clamping: Int((value / scale).rounded()))
        tensor.bytes.append(UInt8(bitPattern: code))
      }
    }
  }

  /// Turns F32 into BF16, rounding toward zero.
  private static func narrow(_ tensor: inout FixtureCopy.Tensor) {
    tensor.description.encoding = .bf16
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: tensor.bytes.count, by: 4) {
      bytes += tensor.bytes[start + 2..<start + 4]
    }
    tensor.bytes = bytes
  }

  /// Queries with their rows in the order of a GGUF once more: of a head's 8 rows, row 2i comes
  /// from i and row 2i + 1 from i + 4.
  private static func reorderTwice(_ tensor: inout FixtureCopy.Tensor) {
    let rows = 64
    let width = tensor.bytes.count / rows
    var bytes: [UInt8] = []
    for row in 0..<rows {
      let element = row % 8
      let source = row - element + (element % 2) * 4 + element / 2
      bytes += tensor.bytes[source * width..<(source + 1) * width]
    }
    tensor.bytes = bytes
  }

  /// Exchanges rows and columns of a square matrix of 16-bit numbers.
  private static func transpose(_ tensor: inout FixtureCopy.Tensor) {
    let size = tensor.description.shape.dimensions[0]
    var bytes: [UInt8] = []
    for row in 0..<size {
      for column in 0..<size {
        let start = 2 * (column * size + row)
        bytes += tensor.bytes[start..<start + 2]
      }
    }
    tensor.bytes = bytes
  }

  /// Exchanges the first two of eight experts.
  private static func exchangeExperts(_ tensor: inout FixtureCopy.Tensor) {
    let size = tensor.bytes.count / 8
    let bytes = tensor.bytes
    tensor.bytes = Array(bytes[size..<2 * size]) + Array(bytes[..<size]) + bytes[(2 * size)...]
  }

  private static func fillWithZeros(_ tensor: inout FixtureCopy.Tensor) {
    tensor.bytes = [UInt8](repeating: 0, count: tensor.bytes.count)
  }

  /// Conversions whose values are wrong.
  static let values: [BrokenConversion] = [
    BrokenConversion(
      "NaN", .storiesGGUF,
      ["error: non-finite: language.attention.norm, layer 1 ('blk.1.attn_norm.weight')", "1 of 64"]
    ) {
      try $0.changeTensor("blk.1.attn_norm.weight") { $0.bytes[2...3] = [0xC0, 0x7F] }
    },
    BrokenConversion(
      "a tensor that was not written", .storiesGGUF,
      ["error: range: language.attention.value, layer 2", "all zero", "no effect"]
    ) {
      try $0.changeTensor("blk.2.attn_v.weight", fillWithZeros)
    },
    BrokenConversion(
      "scales applied twice as large", .storiesGGUF,
      ["error: range: language.attention.output, layer 0", "times 2", "applied twice"]
    ) { try $0.changeTensor("blk.0.attn_output.weight", double) },
    BrokenConversion(
      "rows in another order", .storiesGGUF,
      ["error: range: language.feedForward.gate, layer 3", "permuted or transposed"]
    ) { try $0.changeTensor("blk.3.ffn_gate.weight", reverseRows) },
    BrokenConversion(
      "queries in the order of the other container", .storiesGGUF,
      ["error: range: language.attention.query, layer 1", "permuted or transposed"]
    ) {
      try $0.changeTensor("blk.1.attn_q.weight", reorderTwice)
    },
    BrokenConversion(
      "a transposed matrix", .llavaMLX,
      ["error: range: connector.", "permuted or transposed, of another tensor"]
    ) { files in
      try files.changeTensors { tensors in
        let place = try #require(
          tensors.firstIndex {
            $0.description.shape == [256, 256] && $0.description.encoding == .bf16
              && $0.description.name.contains("projector")
          })
        transpose(&tensors[place])
      }
    },
    BrokenConversion(
      "one row that is zero", .storiesGGUF,
      ["error: range: language.feedForward.up, layer 0", "1 of 172 rows", "the first 7"]
    ) {
      try $0.changeTensor("blk.0.ffn_up.weight") { tensor in
        let width = tensor.bytes.count / 172
        for byte in 7 * width..<8 * width { tensor.bytes[byte] = 0 }
      }
    },
    BrokenConversion(
      "two experts are exchanged", .moeGGUF,
      ["error: range: language.experts.up, layer 1", "768 of 3072 rows", "the first 0"]
    ) {
      try $0.changeTensor("blk.1.ffn_up_exps.weight", exchangeExperts)
    },
    BrokenConversion(
      "scales that default to 1", .llavaMLX, ["error: range: language.attention.output, layer 0"]
    ) { files in
      try files.changeTensors { tensors in
        let place = try #require(
          tensors.firstIndex { $0.description.name.hasSuffix("layers.0.self_attn.o_proj.scales") })
        // 1 in BF16.
        for byte in tensors[place].bytes.indices {
          tensors[place].bytes[byte] = byte % 2 == 0 ? 0x80 : 0x3F
        }
      }
    },
    BrokenConversion("scales that are missing", .llavaMLX, status: 2, ["o_proj"]) { files in
      try files.changeTensors { tensors in
        tensors.removeAll { $0.description.name.hasSuffix("layers.0.self_attn.o_proj.scales") }
      }
    },
    BrokenConversion(
      "a norm that was quantized", .storiesGGUF, status: 0,
      ["warning: dtypes: language.norm.norm ('output_norm.weight'): expected F32, found Q8_0"]
    ) {
      try $0.changeTensor("output_norm.weight", quantize)
    },
    BrokenConversion(
      "a norm in fewer bits than the original's", .storiesGGUF, status: 0,
      ["warning: dtypes: language.norm.norm", "expected F32, found BF16", "relative error"]
    ) {
      try $0.changeTensor("output_norm.weight", narrow)
    },
    BrokenConversion(
      "made of another version of the files", .storiesGGUF, status: 0,
      ["warning: provenance: 'stories260K-Q8_0.gguf' was made of", "'model.safetensors'"]
    ) {
      try $0.setKey(
        "pare.source.checksums", .array(GGUFArray(["model.safetensors crc32:00000000"])))
    },
    BrokenConversion(
      "a folder made of another version of the files", .llavaMLX, status: 0,
      ["warning: provenance: 'model.safetensors' was made of", "found crc32:00000000"]
    ) { try $0.setString("pare.source.checksums", "model.safetensors crc32:00000000") },
    BrokenConversion(
      "a folder made of other files", .llavaMLX, status: 0,
      ["warning: provenance: 'model.safetensors' was made of", "found 'b.safetensors'"]
    ) {
      try $0.setString(
        "pare.source.checksums",
        "model.safetensors crc32:00000000\nb.safetensors crc32:00000000")
    },
    BrokenConversion(
      "parts of two models", .llavaGGUF, status: 0,
      ["warning: provenance: 'mmproj-llava-tiny-Q8_0.gguf'", "not trained with"]
    ) {
      try $0.setKey(
        "pare.source.checksums", .array(GGUFArray(["model.safetensors crc32:00000000"])),
        in: $0.projector())
    },
  ]
}
