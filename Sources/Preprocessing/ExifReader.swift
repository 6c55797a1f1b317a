// SPDX-License-Identifier: Apache-2.0

/// The orientation in Exif or XMP metadata; anything malformed reads as "none".
///
/// - Source: TIFF 6.0, section 2 (header and directories); Exif 2.32, section 4.6.
enum ExifReader {
  private static let orientationTag = 0x0112

  /// The orientation in a TIFF structure, which Exif metadata is.
  ///
  /// - Parameter bytes: From the byte-order mark on.
  /// - Returns: Nil if the tag is absent. A value outside 1…8 means upright.
  static func orientation(inTIFF bytes: some RandomAccessCollection<UInt8>) -> Orientation? {
    let data = Array(bytes)
    guard data.count >= 8 else { return nil }
    let isLittleEndian: Bool
    switch (data[0], data[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    func integer(at offset: Int, bytes count: Int) -> Int? {
      guard offset >= 0, offset <= data.count - count else { return nil }
      var value = 0
      for i in 0..<count {
        value = value << 8 | Int(data[offset + (isLittleEndian ? count - 1 - i : i)])
      }
      return value
    }
    guard integer(at: 2, bytes: 2) == 42, let directory = integer(at: 4, bytes: 4),
      let entries = integer(at: directory, bytes: 2)
    else { return nil }
    for entry in 0..<entries {
      let start = directory + 2 + entry * 12
      guard let tag = integer(at: start, bytes: 2), let type = integer(at: start + 2, bytes: 2),
        let count = integer(at: start + 4, bytes: 4), start + 12 <= data.count
      else { return nil }
      guard tag == orientationTag, count == 1 else { continue }
      let width = [1: 1, 3: 2, 4: 4][type]
      guard let width, let value = integer(at: start + 8, bytes: width) else { return nil }
      return Orientation(rawValue: value) ?? .upright
    }
    return nil
  }

  /// The orientation in an XMP packet: `tiff:Orientation` as an attribute or an element.
  static func orientation(inXMP bytes: some RandomAccessCollection<UInt8>) -> Orientation? {
    let packet = Array(bytes)
    let name = Array("tiff:Orientation".utf8)
    guard packet.count > name.count else { return nil }
    for start in 0..<packet.count - name.count
    where packet[start] == name[0] && packet[start..<start + name.count].elementsEqual(name) {
      let rest = packet[(start + name.count)...].prefix(3)
      let digit =
        if rest.starts(with: Array("=\"".utf8)) {
          rest.dropFirst(2).first
        } else if rest.first == UInt8(ascii: ">") {
          rest.dropFirst().first
        } else {
          UInt8?.none
        }
      guard let digit, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { continue }
      return Orientation(rawValue: Int(digit - UInt8(ascii: "0"))) ?? .upright
    }
    return nil
  }
}
