// SPDX-License-Identifier: Apache-2.0

import BinaryIO
package import Checkpoints
package import Notation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files that make up a model, found from what the user named.
package struct ModelFiles: Sendable {
  /// What the user named.
  package let path: String
  /// The weights; of a GGUF, those of the language model.
  package let checkpoint: Checkpoint
  /// The GGUF with the vision encoder and the connector.
  package let projector: Checkpoint?
  /// `config.json`; nil for a GGUF.
  package let config: JSON?
  /// The folder that holds tokenizer, image processor and configuration.
  package let folder: String

  package var configPath: String { folder + "/config.json" }

  /// Opens a folder, a `.safetensors` file or index, or a `.gguf` file.
  ///
  /// - Parameters:
  ///   - path: What the user named.
  ///   - projectorPath: The GGUF with the vision part; nil to look beside the model.
  /// - Throws: ``ModelError`` if a file is missing or broken.
  package init(path: String, projectorPath: String? = nil) throws(ModelError) {
    self.path = path
    let checkpoint = try convertingErrors { () throws(CheckpointError) in
      try Checkpoint(path: path)
    }
    let folder = Folder.exists(at: path) ? ModelFiles.trimmed(path) : ModelFiles.folder(of: path)
    self.folder = folder
    switch checkpoint.container {
    case .safetensors:
      guard projectorPath == nil else {
        throw .input(
          "\(path): a safetensors model holds its own vision part; leave --mmproj out")
      }
      projector = nil
      do throws(ModelError) {
        var config = try JSONFile.read(folder + "/config.json")
        // What sentence-transformers keep beside it, as a member of it.
        for (member, place) in [("pooling", "1_Pooling"), ("dense", "2_Dense")] {
          let path = folder + "/" + place + "/config.json"
          guard let own = try JSONFile.readIfPresent(path) else { continue }
          config = config.setting(member, to: own)
        }
        self.config = config
        self.checkpoint = try ModelFiles.unpacked(checkpoint, config: config, folder: folder)
      } catch {
        if case .file(let cause) = error, cause.isMissingFile {
          throw .configuration(
            path: folder + "/config.json", key: "the file",
            sentence: "expected beside the checkpoint, found none; "
              + "copy it from the original model")
        }
        throw error
      }
    case .gguf:
      self.checkpoint = checkpoint
      config = nil
      if let projectorPath {
        let named = try convertingErrors { () throws(CheckpointError) in
          try Checkpoint(path: projectorPath)
        }
        try ModelFiles.check(named, fits: checkpoint)
        projector = named
      } else if let found = try ModelFiles.projector(beside: checkpoint, in: folder) {
        projector = found
      } else {
        projector = nil
      }
    }
  }

  /// The checkpoint with packed modules as weights, by what the files beside it say of them.
  private static func unpacked(
    _ checkpoint: Checkpoint, config: JSON, folder: String
  ) throws(ModelError) -> Checkpoint {
    var legacy: (json: JSON, path: String)?
    for name in ["quantize_config.json", "quant_config.json"] where legacy == nil {
      let path = folder + "/" + name
      legacy = try JSONFile.readIfPresent(path).map { ($0, path) }
    }
    return try convertingErrors { [legacy] () throws(CheckpointError) in
      try checkpoint.unpacked(
        try PackingConfiguration(config: config, path: folder + "/config.json", legacy: legacy))
    }
  }

  /// The model's name: that of its folder or file; in a hub's cache, that of the repository.
  package var name: String {
    if checkpoint.container == .gguf, let file = checkpoint.files.first {
      let base = ModelFiles.baseName(of: file.path)
      return base.hasSuffix(".gguf") ? String(base.dropLast(5)) : base
    }
    let components = ModelFiles.absolute(folder).split(separator: "/")
    if components.count >= 3, components[components.count - 2] == "snapshots",
      let name = ModelFiles.repository(components[components.count - 3])
    {
      return name
    }
    return components.last.map(String.init) ?? "model"
  }

  /// The name in a folder of a hub's cache, `models--OWNER--NAME`; nil for another folder.
  private static func repository(_ folder: Substring) -> String? {
    guard folder.hasPrefix("models--") else { return nil }
    var rest = folder.dropFirst("models--".count)
    var place = rest.startIndex
    while place < rest.endIndex {
      if rest[place...].hasPrefix("--") {
        rest = rest[place...].dropFirst(2)
        return String(rest)
      }
      place = rest.index(after: place)
    }
    return String(rest)
  }

  /// The channels that a language model takes.
  private static func width(of model: Checkpoint) -> Int? {
    model.metadata["general.architecture"]?.string.flatMap {
      model.metadata["\($0).embedding_length"]?.integer
    }
  }

  /// The channels that a vision part makes.
  private static func width(ofProjector projector: Checkpoint) -> Int? {
    projector.metadata["clip.vision.projection_dim"]?.integer
  }

  /// - Throws: ``ModelError/input(_:)`` for a file that is no vision part, or another model's.
  private static func check(
    _ projector: Checkpoint, fits model: Checkpoint
  ) throws(ModelError) {
    let architecture =
      projector.container == .gguf ? projector.metadata["general.architecture"]?.string : nil
    guard architecture == "clip" else {
      throw .input(
        "\(projector.path): expected the GGUF with a vision part, found "
          + "\(architecture.map { "a model of the architecture '\($0)'" } ?? "no GGUF"); "
          + "name an mmproj file with --mmproj")
    }
    if let made = width(ofProjector: projector), let taken = width(of: model), made != taken {
      throw .input(
        "\(projector.path): the vision part makes \(made) channels, \(model.path) takes "
          + "\(taken); the two do not belong together")
    }
  }

  /// The GGUF beside a model whose name and sizes say that it is its vision part.
  private static func projector(
    beside model: Checkpoint, in folder: String
  ) throws(ModelError) -> Checkpoint? {
    let names = try convertingErrors { () throws(FileError) in try Folder.names(in: folder) }
    let own = baseName(of: model.files.first?.path ?? model.path)
    guard let taken = width(of: model) else { return nil }
    var candidates: [(name: String, score: Int, checkpoint: Checkpoint)] = []
    for name in names
    where name.lowercased().contains("mmproj") && name.hasSuffix(".gguf") && name != own
      && !name.hasPrefix(".")
    {
      let checkpoint = try convertingErrors { () throws(CheckpointError) in
        try Checkpoint(path: folder + "/" + name)
      }
      // A file that happens to lie beside another model is not its part.
      guard width(ofProjector: checkpoint) == taken else { continue }
      let rest = name.hasPrefix("mmproj-") ? String(name.dropFirst("mmproj-".count)) : name
      let score = zip(rest.utf8, own.utf8).prefix { $0 == $1 }.count
      candidates.append((name, score, checkpoint))
    }
    // Of several, the one whose name goes on like the model's the longest.
    let best = candidates.map(\.score).max() ?? 0
    let winners = candidates.filter { $0.score == best }
    guard winners.count <= 1 || best == 0 else {
      throw .input(
        "\(folder): several files could be the vision part of \(own): "
          + "\(winners.map(\.name).joined(separator: ", ")); name one with --mmproj")
    }
    return winners.count == 1 ? winners.first?.checkpoint : nil
  }

  private static func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func baseName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
