// SPDX-License-Identifier: Apache-2.0

import CImageCodecs

/// JPEG → RGB as Pillow's `Image.open(file).convert("RGB")` makes it: libjpeg's accurate integer
/// DCT and smooth chroma upsampling.
enum JPEGDecoder {
  /// The largest unit that is coded together: 8 x 8 samples, subsampled by four in each direction.
  private static let largestUnit = 32

  static func image(
    from bytes: UnsafeRawBufferPointer, name: String
  ) throws(ImageError) -> Image {
    let file = bytes.bindMemory(to: UInt8.self)
    var header = ic_jpeg_header_t()
    var message = CodecMessage()
    guard ic_jpeg_header(file.baseAddress, file.count, &header, &message.characters) == 0 else {
      throw .damaged(name: name, reason: message.text)
    }
    let width = Int(header.width)
    let height = Int(header.height)
    try Image.check(width: width, height: height, of: "JPEG image", in: name)
    switch header.components {
    case 1, 3: break
    case 4:
      throw .unsupported(
        name: name, found: "a JPEG in CMYK or YCCK, which is meant for print",
        remedy: "convert it to RGB")
    case let components:
      throw .unsupported(
        name: name, found: "a JPEG of \(components) components", remedy: "convert it to RGB")
    }
    // A Huffman code has at least one bit, so each unit of a whole image takes as much.
    let units = (width / largestUnit) * (height / largestUnit)
    guard header.arithmetic != 0 || units / 8 <= file.count else {
      throw .damaged(
        name: name, reason: "\(width) x \(height) pixels cannot come from \(file.count) bytes")
    }

    var samples = [UInt8](repeating: 0, count: width * height * Int(header.components))
    let status = ic_jpeg_samples(
      file.baseAddress, file.count, &samples, samples.count, &message.characters)
    guard status == 0 else { throw .damaged(name: name, reason: message.text) }
    let pixels = header.components == 3 ? samples : rgb(grey: samples)
    return Image(width: width, height: height, pixels: pixels, name: name)
  }

  private static func rgb(grey: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: grey.count * 3) { output, count in
      count = grey.count * 3
      for (i, level) in grey.enumerated() {
        output[3 * i] = level
        output[3 * i + 1] = level
        output[3 * i + 2] = level
      }
    }
  }
}
