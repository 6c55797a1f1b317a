// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import Preprocessing
import Testing

struct ImageTests {
  static let pngs = Golden.cases("decoded").filter { $0["file"]?.string?.hasSuffix(".png") == true }
  static let jpegs = [
    "grey", "grey-progressive", "noise", "rgb-420", "rgb-422", "rgb-444", "rgb-progressive",
    "rgb-restart", "rgb-untransformed", "tiny", "xmp",
  ]
  /// Versions of libjpeg differ by at most one level where they differ.
  static let libjpegTolerance = 1

  @Test func `there are golden results`() { #expect(ImageTests.pngs.count > 40) }

  @Test(arguments: pngs)
  func `a PNG decodes to the pixels of Pillow, as stored and upright`(_ golden: JSON) throws {
    let path = Fixtures.path(try golden.text("file"))
    let stored = try Image(path: path, isUpright: false)
    #expect(try stored.width == golden.integer("width"))
    #expect(try stored.height == golden.integer("height"))
    #expect(try crc32(stored.pixels) == golden.integer("crc"))
    let upright = try Image(path: path)
    #expect(
      try [upright.width, upright.height, crc32(upright.pixels)] == golden.integers("upright"))
  }

  @Test(arguments: jpegs)
  func `a JPEG decodes to the pixels of Pillow`(_ name: String) throws {
    let path = Fixtures.path("preprocessing/\(name).jpg")
    let decoded = try Image(path: path, isUpright: false)
    let expected = try Image(path: path + ".expected.png")
    let difference = try #require(largestDifference(decoded, expected))
    #expect(difference <= ImageTests.libjpegTolerance)
  }

  @Test func `a photograph decodes to the pixels of Pillow`() throws {
    let decoded = try Image(path: Fixtures.path("images/rocket.jpg"))
    let expected = try Image(path: Fixtures.path("preprocessing/rocket.jpg.expected.png"))
    let (x, y) = (256, 160)
    var excerpt: [UInt8] = []
    for row in y..<y + expected.height {
      let start = (row * decoded.width + x) * 3
      excerpt += decoded.pixels[start..<start + expected.width * 3]
    }
    let cut = Image(width: expected.width, height: expected.height, pixels: excerpt)
    let difference = try #require(largestDifference(cut, expected))
    #expect(difference <= ImageTests.libjpegTolerance)
  }

  @Test(arguments: [
    "images/truncated.jpg": "damaged", "preprocessing/cmyk.jpg": "CMYK",
    "preprocessing/golden.json": "found text", "preprocessing/000.clip.f32": "unknown kind",
    "missing.png": "cannot open",
  ])
  func `what is no usable image is refused by name`(_ file: String, _ reason: String) {
    let path = Fixtures.path(file)
    let error = #expect(throws: ImageError.self) { try Image(path: path) }
    let message = error?.description ?? ""
    #expect(message.hasPrefix(path + ": "))
    #expect(message.contains(reason))
  }

  @Test(arguments: ["rgba8", "palette4-interlaced"])
  func `a PNG cut anywhere before its last pixel is refused`(_ name: String) throws {
    let bytes = try Golden.bytes("preprocessing/\(name).png")
    for count in 0..<bytes.count - 28 {
      #expect(throws: ImageError.self) { try ImageTests.decode(bytes.prefix(count)) }
    }
  }

  @Test(arguments: ["rgb-420", "rgb-progressive", "grey"])
  func `a JPEG cut anywhere is refused`(_ name: String) throws {
    let bytes = try Golden.bytes("preprocessing/\(name).jpg")
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: ImageError.self) { try ImageTests.decode(bytes.prefix(count)) }
    }
    #expect(throws: ImageError.self) { try ImageTests.decode(bytes.dropLast()) }
  }

  @Test(arguments: ["rgba8.png", "rgb-420.jpg"])
  func `what follows the image is ignored`(_ name: String) throws {
    let bytes = try Golden.bytes("preprocessing/" + name)
    #expect(try ImageTests.decode(bytes + [0, 255, 216, 7]) == ImageTests.decode(bytes))
  }

  @Test(arguments: [
    "grey1-interlaced.png", "palette8-short.png", "exif-after.png", "xmp.png", "rgb-420.jpg",
    "rgb-progressive.jpg", "orientation8.jpg", "tiny.jpg",
  ])
  func `a flipped byte gives an image or an error`(_ name: String) throws {
    let bytes = try Golden.bytes("preprocessing/" + name)
    let step = max(bytes.count / 150, 1)
    for position in stride(from: 0, to: bytes.count, by: step) {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = bytes
        changed[position] ^= flip
        do {
          let image = try ImageTests.decode(changed)
          #expect(image.pixels.count == image.width * image.height * 3)
        } catch let error as ImageError {
          #expect(error.description.hasPrefix("test: "))
        }
      }
    }
  }

  @Test func `a PNG that claims more pixels than its bytes can hold is refused`() throws {
    var bytes = try Golden.bytes("preprocessing/rgb8.png")
    bytes.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
    let checksum = UInt32(crc32(bytes[12..<29]))
    for i in 0..<4 { bytes[29 + i] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * i)) }
    let error = #expect(throws: ImageError.self) { try ImageTests.decode(bytes) }
    #expect(error?.description.contains("16384 x 16384 pixels cannot come from") == true)
    bytes[19] = 1
    let second = UInt32(crc32(bytes[12..<29]))
    for i in 0..<4 { bytes[29 + i] = UInt8(truncatingIfNeeded: second >> UInt32(24 - 8 * i)) }
    let tooLarge = #expect(throws: ImageError.self) { try ImageTests.decode(bytes) }
    #expect(tooLarge?.description.contains("268435456 pixels") == true)
  }

  static func decode(_ bytes: some Collection<UInt8>) throws -> Image {
    let copy = Array(bytes)
    return try copy.withUnsafeBytes { try Image(decoding: $0, path: "test") }
  }
}
