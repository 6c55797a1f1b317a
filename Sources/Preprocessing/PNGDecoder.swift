// SPDX-License-Identifier: Apache-2.0

import CImageCodecs

/// PNG → RGB as Pillow's `Image.open(file).convert("RGB")` makes it.
///
/// Alpha and transparent palette entries are dropped, never blended. Grey of fewer than eight bits
/// is spread over the range; 16-bit grey is clipped at 255 (Pillow keeps it as integers), while
/// the other 16-bit types keep their upper byte. See `Formats/images.md`.
enum PNGDecoder {
  /// Deflate spends at least one bit on 129 bytes (258 of a run in two symbols of one bit).
  private static let maximumExpansion = 1032

  private enum ColorType: UInt32 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6
  }

  static func image(
    from bytes: UnsafeRawBufferPointer, name: String
  ) throws(ImageError) -> Image {
    let file = bytes.bindMemory(to: UInt8.self)
    var header = ic_png_header_t()
    var message = CodecMessage()
    guard ic_png_header(file.baseAddress, file.count, &header, &message.characters) == 0 else {
      throw .damaged(name: name, reason: message.text)
    }
    let width = Int(header.width)
    let height = Int(header.height)
    try Image.check(width: width, height: height, of: "PNG image", in: name)
    guard let type = ColorType(rawValue: header.color_type), header.channels <= 4 else {
      throw .damaged(name: name, reason: "colour type \(header.color_type) is unknown")
    }
    let stored = width * height * Int(header.channels) * Int(header.bit_depth) / 8
    guard stored / maximumExpansion <= file.count else {
      throw .damaged(
        name: name, reason: "\(width) x \(height) pixels cannot come from \(file.count) bytes")
    }

    let sampleBytes = header.bit_depth == 16 ? 2 : 1
    var palette = [UInt8](repeating: 0, count: 768)
    var samples = [UInt8](
      repeating: 0, count: width * height * Int(header.channels) * sampleBytes)
    let status = ic_png_samples(
      file.baseAddress, file.count, &samples, samples.count, &palette, &message.characters)
    guard status == 0 else { throw .damaged(name: name, reason: message.text) }

    let pixels =
      switch (type, sampleBytes) {
      case (.rgb, 1): samples
      case (.rgb, _): rgb(samples, stride: 6, offsets: (0, 2, 4))
      case (.rgba, 1): rgb(samples, stride: 4, offsets: (0, 1, 2))
      case (.rgba, _): rgb(samples, stride: 8, offsets: (0, 2, 4))
      case (.greyAlpha, 1): rgb(samples, stride: 2, offsets: (0, 0, 0))
      case (.greyAlpha, _): rgb(samples, stride: 4, offsets: (0, 0, 0))
      case (.grey, 1): rgb(samples, table: greyTable(bits: header.bit_depth))
      case (.grey, _): rgb(clipping: samples)
      case (.palette, _): rgb(samples, table: palette)
      }
    return Image(width: width, height: height, pixels: pixels, name: name)
  }

  /// Grey levels of 1, 2, 4 or 8 bits spread evenly over 0…255, as RGB entries.
  private static func greyTable(bits: UInt32) -> [UInt8] {
    let top = 1 << Int(bits) - 1
    return (0..<256).flatMap { level in
      [UInt8](repeating: UInt8(min(level, top) * 255 / top), count: 3)
    }
  }

  private static func rgb(_ samples: [UInt8], table: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: samples.count * 3) { output, count in
      count = samples.count * 3
      for (i, sample) in samples.enumerated() {
        output[3 * i] = table[3 * Int(sample)]
        output[3 * i + 1] = table[3 * Int(sample) + 1]
        output[3 * i + 2] = table[3 * Int(sample) + 2]
      }
    }
  }

  private static func rgb(
    _ samples: [UInt8], stride: Int, offsets: (Int, Int, Int)
  ) -> [UInt8] {
    let pixels = samples.count / stride
    return [UInt8](unsafeUninitializedCapacity: pixels * 3) { output, count in
      count = pixels * 3
      for i in 0..<pixels {
        output[3 * i] = samples[i * stride + offsets.0]
        output[3 * i + 1] = samples[i * stride + offsets.1]
        output[3 * i + 2] = samples[i * stride + offsets.2]
      }
    }
  }

  private static func rgb(clipping samples: [UInt8]) -> [UInt8] {
    rgb(
      (0..<samples.count / 2).map { samples[2 * $0] > 0 ? 255 : samples[2 * $0 + 1] },
      table: greyTable(bits: 8))
  }
}
