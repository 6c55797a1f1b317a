// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// Where a checkpoint begins: the one file to open first.
enum CheckpointLocation: Equatable {
  case index(String)
  case safetensors(String)
  case gguf(String)

  static let indexSuffix = ".safetensors.index.json"

  /// Finds it from what the user gave.
  ///
  /// - Throws: ``CheckpointError`` if a folder holds none or several, or a file is none.
  init(path: String) throws(CheckpointError) {
    if Folder.exists(at: path) {
      self = try CheckpointLocation.search(path)
    } else if path.hasSuffix(CheckpointLocation.indexSuffix) {
      self = .index(path)
    } else if path.hasSuffix(".safetensors") {
      self = .safetensors(path)
    } else if path.hasSuffix(".gguf") {
      self = .gguf(path)
    } else {
      let file = try MappedFile.checkpoint(path)
      if file.bytes.starts(with: GGUFFile.magic) {
        self = .gguf(path)
      } else if ForeignFile.looksLikeSafetensors(file.bytes) {
        self = .safetensors(path)
      } else {
        throw ForeignFile.error(file, expected: "safetensors or GGUF")
      }
    }
  }

  private static func search(_ folder: String) throws(CheckpointError) -> CheckpointLocation {
    let names: [String]
    do throws(FileError) { names = try Folder.names(in: folder) } catch {
      throw CheckpointError(error)
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    func only(_ candidates: [String], preferring name: String? = nil) throws(CheckpointError)
      -> String?
    {
      if let name, candidates.contains(name) { return prefix + name }
      guard candidates.count <= 1 else {
        throw CheckpointError(
          .ambiguous, path: folder,
          "expected one checkpoint, found \(candidates.joined(separator: ", ")); name one of them")
      }
      return candidates.first.map { prefix + $0 }
    }
    let visible = names.filter { !$0.hasPrefix(".") }
    if let index = try only(
      visible.filter { $0.hasSuffix(indexSuffix) }, preferring: "model" + indexSuffix)
    {
      return .index(index)
    }
    if let file = try only(
      visible.filter { $0.hasSuffix(".safetensors") }, preferring: "model.safetensors")
    {
      return .safetensors(file)
    }
    // The parts of a split count as their first.
    let ggufs = visible.filter {
      $0.hasSuffix(".gguf") && !$0.lowercased().contains("mmproj")
        && (SplitGGUF.Name(path: $0)?.number ?? 1) == 1
    }
    if let file = try only(ggufs) { return .gguf(file) }
    throw CheckpointError(
      .nothingFound, path: folder,
      "expected model\(indexSuffix), model.safetensors, one other .safetensors file "
        + "or one .gguf file, found none of them; check the path")
  }
}
