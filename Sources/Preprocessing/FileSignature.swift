// SPDX-License-Identifier: Apache-2.0

/// What a file is by its first bytes, as far as users hand it over as an image.
enum FileSignature: Equatable {
  case png, jpeg
  case other(String)
  case text
  case empty
  case unknown

  init(of bytes: UnsafeRawBufferPointer) {
    func starts(_ signature: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + signature.count
        && bytes[offset..<offset + signature.count].elementsEqual(signature)
    }
    func starts(_ signature: String, at offset: Int = 0) -> Bool {
      starts(Array(signature.utf8), at: offset)
    }
    self =
      if bytes.isEmpty {
        .empty
      } else if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        .png
      } else if starts([0xFF, 0xD8, 0xFF]) {
        .jpeg
      } else if starts("GIF8") {
        .other("a GIF image")
      } else if starts("RIFF"), starts("WEBP", at: 8) {
        .other("a WebP image")
      } else if starts("ftypavif", at: 4) || starts("ftypavis", at: 4) {
        .other("an AVIF image")
      } else if ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(where: {
        starts("ftyp" + $0, at: 4)
      }) {
        .other("a HEIC image")
      } else if starts("ftyp", at: 4) {
        .other("a video (MP4 or QuickTime)")
      } else if starts("II*\0") || starts("MM\0*") {
        .other("a TIFF image")
      } else if starts("BM"), bytes.count >= 26 {
        .other("a BMP image")
      } else if starts([0xFF, 0x0A]) || starts([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20]) {
        .other("a JPEG XL image")
      } else if starts([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]) {
        .other("a JPEG 2000 image")
      } else if starts([0, 0, 1, 0]) {
        .other("an icon (ICO)")
      } else if starts("8BPS") {
        .other("a Photoshop document")
      } else if starts("%PDF") {
        .other("a PDF document")
      } else if starts("<svg") {
        .other("an SVG drawing")
      } else if starts([0x50, 0x4B, 3, 4]) {
        .other("a ZIP archive")
      } else if starts([0x1F, 0x8B]) {
        .other("gzip-compressed data")
      } else if starts("GGUF") {
        .other("a GGUF model")
      } else if starts("version https://git-lfs") {
        .other("a Git LFS pointer instead of the file itself")
      } else if FileSignature.isText(bytes.prefix(512)) {
        .text
      } else {
        .unknown
      }
  }

  /// What was found, as a noun phrase for a message.
  var found: String {
    switch self {
    case .png: "a PNG image"
    case .jpeg: "a JPEG image"
    case .other(let noun): noun
    case .text: "text"
    case .empty: "an empty file"
    case .unknown: "data of an unknown kind"
    }
  }

  /// What to do about it, for a message.
  var remedy: String {
    switch self {
    case .other("a Git LFS pointer instead of the file itself"): "fetch it with `git lfs pull`"
    case .other: "convert it to PNG or JPEG"
    case .png, .jpeg, .text, .empty, .unknown: "check that this is the file you meant"
    }
  }

  private static func isText(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
      && String(validating: trimmedToCharacters(bytes), as: UTF8.self) != nil
  }

  /// Drops up to three bytes of a character that the end of the excerpt may have cut.
  private static func trimmedToCharacters(
    _ bytes: Slice<UnsafeRawBufferPointer>
  ) -> Slice<UnsafeRawBufferPointer> {
    for dropped in 0..<4 {
      let shorter = bytes.dropLast(dropped)
      if String(validating: shorter, as: UTF8.self) != nil { return shorter }
    }
    return bytes
  }
}
