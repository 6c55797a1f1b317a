// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A conversion that a test breaks.
struct BrokenConversion: Sendable, CustomTestStringConvertible {
  /// How the model is converted before it is broken; once for all tests.
  enum Recipe: Sendable, CaseIterable { case storiesGGUF, llavaGGUF, mm1GGUF, moeGGUF, llavaMLX }

  let testDescription: String
  let recipe: Recipe
  /// The exit status: 1 for errors, 0 for warnings, 2 for what cannot be opened.
  var status: Int32 = 1
  let words: [String]
  let change: @Sendable (Files) throws -> Void

  init(
    _ description: String, _ recipe: Recipe, status: Int32 = 1, _ words: [String],
    _ change: @escaping @Sendable (Files) throws -> Void
  ) {
    testDescription = description
    self.recipe = recipe
    self.status = status
    self.words = words
    self.change = change
  }

  /// The files of a conversion, in a folder of their own.
  final class Files: Sendable {
    private let folder: TemporaryFolder
    /// The name of what was made: a GGUF, or a folder.
    let name: String

    init(_ recipe: Recipe) throws {
      let made = try Conversion.made(recipe)
      folder = try TemporaryFolder()
      name = made.name
      for name in try FixtureCopy.names(in: made.folder) {
        try folder.write(try TemporaryFolder.read(made.folder + "/" + name), to: name)
      }
    }

    /// What the command is given.
    var path: String { name.hasSuffix(".gguf") ? file(name) : folder.path }

    func file(_ name: String) -> String { folder.file(name) }
    func write(_ bytes: [UInt8], to name: String) throws { try folder.write(bytes, to: name) }
    func remove(_ path: String) throws { try #require(unlink(path) == 0) }

    /// The file with the vision part.
    func projector() throws -> String {
      let names = try FixtureCopy.names(in: folder.path)
      return file(try #require(names.first { $0.hasPrefix("mmproj-") }))
    }

    /// Replaces a text in a file; it must be there.
    func replace(_ old: String, with new: String, in name: String) throws {
      let text = String(decoding: try TemporaryFolder.read(file(name)), as: UTF8.self)
      let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "\(name) has no '\(old)'")
      try write(Array("\(parts[0])\(new)\(parts[1])".utf8), to: name)
    }

    func setKey(_ key: String, _ value: GGUFValue?, in path: String? = nil) throws {
      try GGUFCopy.rewrite(path ?? self.path) { metadata, _ in
        try #require(metadata[key] != nil, "no key \(key)")
        metadata[key] = value
      }
    }

    /// Changes the bytes of a tensor of a GGUF.
    func changeTensor(
      _ name: String, in path: String? = nil, _ change: (inout FixtureCopy.Tensor) -> Void
    ) throws {
      try GGUFCopy.rewrite(path ?? self.path) { _, tensors in
        let place = try #require(tensors.firstIndex { $0.description.name == name })
        change(&tensors[place])
      }
    }

    /// Sets a string of `model.safetensors`.
    func setString(_ key: String, _ value: String) throws {
      try rewrite { metadata, _ in
        try #require(metadata[key] != nil, "no key \(key)")
        metadata[key] = .string(value)
      }
    }

    /// Changes the tensors of `model.safetensors`.
    func changeTensors(_ change: (inout [FixtureCopy.Tensor]) throws -> Void) throws {
      try rewrite { _, tensors in try change(&tensors) }
    }

    /// Writes `model.safetensors` again.
    private func rewrite(
      _ change: (inout GGUFMetadata, inout [FixtureCopy.Tensor]) throws -> Void
    ) throws {
      let path = file("model.safetensors")
      let checkpoint = try Checkpoint(path: path)
      var metadata = checkpoint.metadata
      var tensors = checkpoint.tensors.map {
        FixtureCopy.Tensor(description: $0.description, bytes: Array($0.bytes))
      }
      try change(&metadata, &tensors)
      let writer = try SafetensorsWriter(
        path: path, metadata: metadata.map { ($0.key, $0.value.string ?? "") },
        tensors: tensors.map(\.description))
      for tensor in tensors { try tensor.bytes.withUnsafeBytes { try writer.append($0) } }
      try writer.finish()
    }
  }

  /// A conversion that is not broken.
  struct Conversion {
    let folder: String
    let name: String

    private static let temporary = Result { try TemporaryFolder() }
    private static let all = Recipe.allCases.map { recipe in Result { try make(recipe) } }

    static func made(_ recipe: Recipe) throws -> Conversion {
      try all[Recipe.allCases.firstIndex(of: recipe) ?? 0].get()
    }

    private static func make(_ recipe: Recipe) throws -> Conversion {
      let path = try temporary.get().file("\(recipe)")
      let options = recipe == .llavaMLX ? ["--to", "mlx", "--type", "8bit"] : ["--type", "Q8_0"]
      let command = try Command(
        ["quantize", Fixtures.path(recipe.model)] + options + ["-o", path, "--quiet"])
      #expect(command.status == 0, "\(command.error)")
      return recipe == .llavaMLX
        ? Conversion(folder: path + "/llava-tiny-8bit", name: "llava-tiny-8bit")
        : Conversion(folder: path, name: "\(recipe.model)-Q8_0.gguf")
    }
  }
}

extension BrokenConversion.Recipe {
  /// The model of the fixtures that is converted.
  var model: String {
    switch self {
    case .storiesGGUF: "stories260K"
    case .llavaGGUF, .llavaMLX: "llava-tiny"
    case .mm1GGUF: "mm1-tiny"
    case .moeGGUF: "mm1-moe-tiny"
    }
  }
}
