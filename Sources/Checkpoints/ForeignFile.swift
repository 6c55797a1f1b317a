// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// Recognises what people give by mistake where a checkpoint is expected.
enum ForeignFile {
  /// The error for a file that is not the container that was `expected`.
  static func error(_ file: MappedFile, expected: String) -> CheckpointError {
    let bytes = file.bytes
    func error(_ kind: CheckpointError.Kind, _ sentence: String) -> CheckpointError {
      CheckpointError(
        kind, path: file.path, byteOffset: 0, "expected a \(expected) file, found \(sentence)")
    }
    let head = String(decoding: bytes.prefix(256), as: UTF8.self)
    let text = head.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    switch true {
    case bytes.isEmpty:
      return error(.empty, "an empty file; copy or download it again")
    case bytes.starts(with: GGUFFile.magic):
      return error(.otherContainer, "a GGUF file; name it .gguf")
    case looksLikeSafetensors(bytes):
      return error(.otherContainer, "a safetensors file; name it .safetensors")
    case head.hasPrefix("version https://git-lfs.github.com/"):
      return error(.gitLFSPointer, "a Git LFS pointer; fetch the real file with 'git lfs pull'")
    case text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml"):
      return error(
        .htmlPage, "a web page; download the file itself, perhaps after logging in")
    case bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]):
      return error(
        .zipArchive,
        "a zip archive, such as PyTorch's own format; save the model as safetensors instead")
    case bytes.count > 2 && bytes[0] == 0x80 && (2...5).contains(bytes[1]) && bytes[2] != 0:
      return error(
        .pickle, "a Python pickle, which can run code; save the model as safetensors instead")
    case ["tjgg", "lmgg", "fmgg", "algg"].contains(String(head.unicodeScalars.prefix(4))):
      return error(.legacyGGML, "a GGML file from before GGUF; convert the original again")
    case isText(head):
      return error(.textFile, "a text file; name the file that holds the weights")
    default:
      let magic = bytes.prefix(4).map { hexadecimal($0) }.joined(separator: " ")
      return error(.unrecognized, "something else that begins with the bytes \(magic)")
    }
  }

  /// Whether this begins as safetensors does, perhaps cut off.
  static func looksLikeSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
      && bytes.loadUnaligned(as: UInt64.self).littleEndian
        <= UInt64(SafetensorsFile.maximumHeaderLength)
  }

  /// Whether nothing in it is a control character or was no UTF-8; the end may be cut off.
  private static func isText(_ head: String) -> Bool {
    head.unicodeScalars.dropLast(3).allSatisfy {
      $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{FFFD}" || (0x09...0x0D).contains($0.value)
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
