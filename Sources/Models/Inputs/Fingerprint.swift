// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
import Preprocessing

/// A checksum of everything that decides what long work gathers: another run goes on with what was left
/// only if it has the same.
package struct Fingerprint {
  private var checksum = Checksum()

  package init() {}

  /// Adds a text.
  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Adds what is in a file.
  ///
  /// - Throws: ``FileError`` if it cannot be read.
  package mutating func add(file path: String) throws(FileError) {
    let file = try MappedFile(path: path)
    add(file.bytes)
    withExtendedLifetime(file) {}
  }

  /// Adds an image: its file, and whether it is seen as a whole.
  ///
  /// - Throws: ``FileError`` for a file that cannot be read.
  package mutating func add(_ image: SampleImage) throws(FileError) {
    try add(file: image.path)
    if image.isWhole { add("whole") }
  }

  /// Adds a model: its weights, how it is computed, and the small files of its folder, which say how text
  /// and images become tokens.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - checksums: Its ``ModelFiles/checksums``, which take long.
  /// - Throws: ``FileError`` for a file that cannot be read.
  package mutating func add(_ model: Model, checksums: [String]) throws(FileError) {
    add(checksums.joined(separator: "\n"))
    add(model.architecture.name)
    if let processor = model.imageProcessor { add("\(processor.arithmetic)") }
    guard model.files.config != nil else { return }
    let endings = [".json", ".jinja", ".model", ".txt", ".tiktoken"]
    for name in try Folder.names(in: model.files.folder)
    where !name.hasPrefix(".") && endings.contains(where: name.hasSuffix) {
      add(name)
      try add(file: model.files.folder + "/" + name)
    }
  }

  /// The length comes first: what is between two things belongs to one of them.
  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    withUnsafeBytes(of: UInt64(bytes.count)) { length in
      checksum.append(Checksum(of: length), byteCount: length.count)
    }
    checksum.append(Checksum(of: bytes), byteCount: bytes.count)
  }

  /// For people and files.
  package var text: String { "crc32 \(checksum.hexadecimal)" }
}
