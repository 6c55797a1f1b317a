// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// A GGUF in several files, `NAME-00001-of-00003.gguf`. `Formats/gguf.md`
enum SplitGGUF {
  /// A name that says which part of how many a file is.
  struct Name {
    /// Everything before the first number, folder included.
    let stem: String
    /// From 1.
    let number: Int
    let count: Int

    init?(path: String) {
      guard path.hasSuffix(".gguf") else { return nil }
      // -00001-of-00003.gguf: all ASCII, so bytes are characters.
      let tail = Array(path.utf8.suffix(20).dropLast(5))
      guard tail.count == 15, tail[0] == UInt8(ascii: "-"), tail[6...9] == [45, 111, 102, 45],
        let number = Name.number(tail[1...5]), let count = Name.number(tail[10...14]),
        (1...max(count, 1)).contains(number)
      else { return nil }
      stem = String(path.utf8.dropLast(20)) ?? ""
      self.number = number
      self.count = count
    }

    func path(of part: Int) -> String {
      "\(stem)-\(Name.digits(part))-of-\(Name.digits(count)).gguf"
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
      guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    private static func digits(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
  }

  /// Opens a file, and if it is a part of a split all its parts.
  ///
  /// - Parameter path: Any part.
  /// - Returns: The parts in order.
  /// - Throws: ``CheckpointError`` if one is missing or belongs elsewhere.
  static func parts(of path: String) throws(CheckpointError) -> [GGUFFile] {
    guard let name = Name(path: path) else {
      let file = try GGUFFile(file: try .checkpoint(path))
      if let count = file.metadata["split.count"]?.integer, count > 1 {
        throw CheckpointError(
          .splitNameWrong, path: path,
          "the file is a part of \(count), which its name must tell; "
            + "name the parts NAME-00001-of-0000N.gguf")
      }
      return [file]
    }
    var parts: [GGUFFile] = []
    for number in 1...name.count { parts.append(try part(number, of: name)) }
    try requireTotal(parts, of: name)
    return parts
  }

  private static func part(_ number: Int, of name: Name) throws(CheckpointError) -> GGUFFile {
    let path = name.path(of: number)
    let mapped: MappedFile
    do throws(CheckpointError) { mapped = try .checkpoint(path) } catch {
      guard let cause = error.cause, cause.isMissingFile else { throw error }
      throw CheckpointError(
        .splitPartMissing, path: path,
        "part \(number) of \(name.count) is missing; download it as well")
    }
    let file = try GGUFFile(file: mapped)
    try require("split.count", name.count, in: file)
    try require("split.no", number - 1, in: file)
    return file
  }

  private static func requireTotal(
    _ parts: [GGUFFile], of name: Name
  ) throws(CheckpointError) {
    // Only the first part must have the total; the others may.
    for (place, part) in parts.enumerated()
    where place == 0 || part.metadata["split.tensors.count"] != nil {
      try require("split.tensors.count", parts.reduce(0) { $0 + $1.tensors.count }, in: part)
    }
  }

  private static func require(
    _ key: String, _ expected: Int, in file: GGUFFile
  ) throws(CheckpointError) {
    let found = file.metadata[key]?.integer
    guard found == expected else {
      throw CheckpointError(
        .splitKeysWrong, path: file.file.path,
        "expected \(key) to be \(expected), found \(found.map(String.init) ?? "none"); "
          + "the parts are of different files")
    }
  }
}
