// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
import Fixtures
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A copy of a model of the fixtures that a test may change, or break.
package final class FixtureCopy: Sendable {
  private let temporary: TemporaryFolder
  /// The model's folder.
  package let path: String

  /// A tensor with its bytes.
  package struct Tensor {
    package var description: TensorDescription
    package var bytes: [UInt8]

    package init(description: TensorDescription, bytes: [UInt8]) {
      self.description = description
      self.bytes = bytes
    }
  }

  /// Copies the files of a model, without its evaluation data and goldens.
  package init(_ model: String) throws {
    temporary = try TemporaryFolder()
    path = temporary.file(model.split(separator: "/").last.map(String.init) ?? model)
    guard mkdir(path, 0o777) == 0 else { throw TemporaryFolder.Failure() }
    let source = Fixtures.path(model)
    for name in try FixtureCopy.names(in: source) where !name.hasPrefix("golden") {
      try write(try TemporaryFolder.read(source + "/" + name), to: name)
    }
  }

  /// Copies a model of one family, with a tokenizer, which it does not have of its own.
  ///
  /// - Parameter family: The name of its folder.
  /// - Throws: ``TemporaryFolder/Failure`` if a file cannot be read or written.
  package convenience init(family: String) throws {
    try self.init("architectures/\(family)")
    try write(
      try TemporaryFolder.read(Fixtures.path("stories260K/tokenizer.model")),
      to: "tokenizer.model")
  }

  /// Copies a model of a family of encoders, with a tokenizer that marks both ends of a text.
  package convenience init(encoder family: String) throws {
    try self.init("architectures/\(family)")
    try write(
      try TemporaryFolder.read(Fixtures.path("tokenizers/bert/tokenizer.json")),
      to: "tokenizer.json")
  }

  /// Copies a model of a family that sees images, with a tokenizer.
  package convenience init(visionLanguage family: String) throws {
    try self.init("vision-language/\(family)")
    try write(
      try TemporaryFolder.read(Fixtures.path("stories260K/tokenizer.model")),
      to: "tokenizer.model")
  }

  /// The names of all such models.
  package static var visionLanguageFamilies: [String] {
    get throws { try folders(in: Fixtures.path("vision-language")) }
  }

  /// The names of the families of text decoders.
  package static var families: [String] {
    get throws { try folders(in: Fixtures.path("architectures")) }
  }

  /// The files of a folder, without its folders.
  package static func names(in folder: String) throws -> [String] {
    try entries(of: folder, type: DT_REG)
  }

  /// The folders in a folder.
  private static func folders(in folder: String) throws -> [String] {
    try entries(of: folder, type: DT_DIR).filter { !$0.hasPrefix(".") }
  }

  private static func entries(of folder: String, type: Int) throws -> [String] {
    guard let stream = opendir(folder) else { throw TemporaryFolder.Failure() }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if entry.pointee.d_type == UInt8(type) { names.append(name) }
    }
    return names.sorted()
  }

  package func file(_ name: String) -> String { path + "/" + name }

  package func makeFolder(_ name: String) throws {
    guard mkdir(path + "/" + name, 0o777) == 0 else { throw TemporaryFolder.Failure() }
  }

  package func write(_ bytes: [UInt8], to name: String) throws {
    try temporary.write(bytes, to: path.split(separator: "/").last.map { "\($0)/\(name)" } ?? name)
  }

  package func remove(_ name: String) { unlink(file(name)) }

  /// Replaces a text in a file; it must be there.
  package func replace(_ old: String, with new: String, in name: String) throws {
    let text = String(decoding: try TemporaryFolder.read(file(name)), as: UTF8.self)
    guard let range = text.firstRange(of: old) else { throw TemporaryFolder.Failure() }
    try write(Array(text.replacingCharacters(in: range, with: new).utf8), to: name)
  }

  /// Rewrites the checkpoint as one file, with tensors changed, added or left out.
  package func rewrite(_ change: (inout [Tensor]) throws -> Void) throws {
    let checkpoint = try Checkpoint(path: path)
    var tensors = checkpoint.tensors.map {
      Tensor(description: $0.description, bytes: Array($0.bytes))
    }
    try change(&tensors)
    for name in try FixtureCopy.names(in: path)
    where name.hasSuffix(".safetensors") || name.hasSuffix(".index.json") {
      remove(name)
    }
    let order = SafetensorsWriter.storageOrder(tensors.map(\.description))
    let writer = try SafetensorsWriter(
      path: file("model.safetensors"), metadata: [("format", "pt")], tensors: order)
    for description in order {
      guard let tensor = tensors.first(where: { $0.description == description }) else { continue }
      try tensor.bytes.withUnsafeBytes { try writer.append($0) }
    }
    try writer.finish()
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + self[range.upperBound...]
  }
}
