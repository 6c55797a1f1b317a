// SPDX-License-Identifier: Apache-2.0

/// Finds the orientation among the marker segments of a JPEG file.
///
/// - Source: ITU-T T.81, annex B (segments); Exif 2.32, section 4.7.2 (APP1).
enum JPEGMetadata {
  private static let exifIdentifier = Array("Exif\0\0".utf8)
  private static let xmpIdentifier = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

  /// The orientation, upright if nothing states one.
  static func orientation(in bytes: UnsafeRawBufferPointer) -> Orientation {
    var exif: [UInt8] = []
    var fromXMP: Orientation?
    var position = 2
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xFF else {
        position += 1
        continue
      }
      let marker = bytes[position + 1]
      switch marker {
      case 0xFF: position += 1  // padding before a marker
      case 0x00, 0x01, 0xD0...0xD8: position += 2  // nothing follows
      case 0xDA, 0xD9: position = bytes.count  // metadata stands before the first scan
      default:
        let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
        let end = position + 2 + length
        guard length >= 2, end <= bytes.count else {
          position = bytes.count
          continue
        }
        if marker == 0xE1 {
          let content = bytes[position + 4..<end]
          if content.starts(with: exifIdentifier) {
            exif += content.dropFirst(exifIdentifier.count)  // may go on in further segments
          } else if content.starts(with: xmpIdentifier) {
            fromXMP = ExifReader.orientation(inXMP: content)
          }
        }
        position = end
      }
    }
    return ExifReader.orientation(inTIFF: exif) ?? fromXMP ?? .upright
  }
}

/// Finds the orientation among the chunks of a PNG file.
///
/// - Source: PNG, third edition, 11.3.3.4 (iTXt) and 11.3.4.5 (eXIf).
enum PNGMetadata {
  private static let xmpKeyword = Array("XML:com.adobe.xmp\0".utf8)

  /// The orientation, upright if nothing states one.
  ///
  /// Compressed XMP is not read.
  static func orientation(in bytes: UnsafeRawBufferPointer) -> Orientation {
    var fromExif: Orientation?
    var fromXMP: Orientation?
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let start = position + 8
      guard length <= bytes.count - start else { break }
      let content = bytes[start..<start + length]
      switch String(decoding: bytes[position + 4..<start], as: UTF8.self) {
      case "eXIf": fromExif = ExifReader.orientation(inTIFF: content)
      case "iTXt" where content.starts(with: xmpKeyword):
        if content.dropFirst(xmpKeyword.count).first == 0 {
          fromXMP = ExifReader.orientation(inXMP: content)
        }
      default: break
      }
      position = start + length + 4
    }
    return fromExif ?? fromXMP ?? .upright
  }
}
