// SPDX-License-Identifier: Apache-2.0

import Preprocessing
import Testing

struct FileSignatureTests {
  @Test(arguments: [
    ("", "an empty file"), ("GIF89a", "a GIF image"), ("RIFF....WEBPVP8 ", "a WebP image"),
    ("\0\0\0\u{18}ftypheic", "a HEIC image"), ("\0\0\0\u{18}ftypmif1", "a HEIC image"),
    ("\0\0\0\u{18}ftypavif", "an AVIF image"), ("\0\0\0\u{18}ftypisom", "a video"),
    ("II*\0", "a TIFF image"), ("MM\0*", "a TIFF image"), ("%PDF-1.7", "a PDF document"),
    ("<svg xmlns", "an SVG drawing"), ("PK\u{3}\u{4}", "a ZIP archive"), ("GGUF", "a GGUF model"),
    ("version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"), ("grüße", "text"),
    ("<html>", "text"), ("\u{1}\u{2}\u{3}", "data of an unknown kind"),
  ])
  func `a file that is no PNG or JPEG is named for what it is`(
    _ content: String, _ noun: String
  ) {
    let bytes = Array(content.utf8)
    let error = #expect(throws: ImageError.self) {
      try bytes.withUnsafeBytes { try Image(decoding: $0, path: "a.png") }
    }
    #expect(
      error?.description.hasPrefix("a.png: expected a PNG or JPEG image, found \(noun)") == true)
  }

  @Test(arguments: 0..<4)
  func `text is text wherever the excerpt cuts a character`(_ shift: Int) {
    let text = String(repeating: "x", count: shift) + String(repeating: "🖼", count: 200)
    let bytes = Array(text.utf8)
    let error = #expect(throws: ImageError.self) {
      try bytes.withUnsafeBytes { try Image(decoding: $0, path: "a.png") }
    }
    #expect(error?.description.contains("found text;") == true)
  }
}
