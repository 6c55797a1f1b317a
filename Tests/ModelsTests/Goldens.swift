// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Notation
import Tensors
import Testing

extension StoredTensor {
  /// The values of an F32 tensor.
  var floats: [Float] {
    (0..<byteCount / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  /// The values of an I32 tensor.
  var integers: [Int] {
    (0..<byteCount / 4).map {
      Int(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))
    }
  }
}

extension Checkpoint {
  /// Pixels that are kept as levels of 8 bits, `[tiles, channels, height, width]`, beside the means and
  /// deviations by which they were normalised.
  func pixels(_ name: String) throws -> [Float] {
    let levels = try #require(self[name])
    let mean = try #require(self["pixels.mean"]).floats
    let deviation = try #require(self["pixels.deviation"]).floats
    #expect(levels.encoding == .u8)
    let channels = levels.shape.dimensions[1]
    let area = levels.shape.dimensions[2...].reduce(1, *)
    return levels.bytes.enumerated().map { index, level in
      let channel = index / area % channels
      return (Float(Double(level) / 255) - mean[channel]) / deviation[channel]
    }
  }
}

extension [Float] {
  /// The Frobenius distance ‖a − b‖ / ‖b‖.
  func relativeDistance(from other: [Float]) -> Double {
    guard count == other.count else { return .infinity }
    let error = zip(self, other).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let energy = other.reduce(0.0) { $0 + Double($1) * Double($1) }
    return (error / energy).squareRoot()
  }

  func largestDifference(from other: [Float]) -> Double {
    guard count == other.count else { return .infinity }
    return zip(self, other).reduce(0.0) { Swift.max($0, abs(Double($1.0) - Double($1.1))) }
  }

  var standardDeviation: Double {
    let mean = reduce(0.0) { $0 + Double($1) } / Double(count)
    return (reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count))
      .squareRoot()
  }
}

extension String {
  var trimmed: Substring {
    drop { $0 == " " }
  }
}

/// What PyTorch generated.
struct GreedyGolden {
  let image: String
  let prompt: String
  let greedy: String

  static func read(_ path: String) throws -> [GreedyGolden] {
    let file = try MappedFile(path: path)
    let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
    return try text.split(separator: "\n").map { line in
      let json = try JSON(parsing: String(line))
      return GreedyGolden(
        image: try #require(json["image"]?.string), prompt: try #require(json["prompt"]?.string),
        greedy: try #require(json["greedy"]?.string))
    }
  }

  static func tokens(_ path: String) throws -> [Int] {
    let file = try MappedFile(path: path)
    let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
    let json = try JSON(parsing: text)
    return try #require(json["greedy_ids_256"]?.array).compactMap(\.integer)
  }
}
