// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// A `*.safetensors.index.json`: which file holds which tensor. `Formats/safetensors.md`
struct ShardIndex {
  let path: String
  /// File names by tensor, in the order of the text.
  private let members: [(tensor: String, shard: String)]

  init(path: String) throws(CheckpointError) {
    self.path = path
    func error(_ kind: CheckpointError.Kind, _ sentence: String, at offset: Int? = nil)
      -> CheckpointError
    {
      CheckpointError(kind, path: path, byteOffset: offset, sentence)
    }
    let file = try MappedFile.checkpoint(path)
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: file.bytes) } catch let failure {
      let foreign = ForeignFile.error(file, expected: "JSON index")
      let isForeign = [.empty, .gitLFSPointer, .htmlPage].contains(foreign.kind)
      throw isForeign
        ? foreign
        : error(
          .indexMalformed, "the index is no valid JSON: \(failure.reason)", at: failure.byteOffset)
    }
    guard let map = json["weight_map"]?.object else {
      throw error(.indexMalformed, "expected an object 'weight_map' of tensors and file names")
    }
    var members: [(tensor: String, shard: String)] = []
    for (tensor, value) in map {
      guard let shard = value.string else {
        throw error(.indexMalformed, "expected a file name under weight_map.\(tensor)")
      }
      guard !shard.isEmpty, shard != ".", shard != "..",
        !shard.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else {
        throw error(
          .indexPathNotPlain,
          "expected the name of a file beside the index under weight_map.\(tensor), "
            + "found '\(shard)'")
      }
      members.append((tensor, shard))
    }
    guard !members.isEmpty else { throw error(.indexMalformed, "'weight_map' names no tensor") }
    self.members = members
  }

  /// Opens every file that the index names and holds its tensors against the index.
  ///
  /// - Returns: The files in the byte order of their names.
  func shards() throws(CheckpointError) -> [SafetensorsFile] {
    var expected: [ExactName: ExactName] = [:]
    for (tensor, shard) in members { expected[ExactName(tensor)] = ExactName(shard) }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    let names = Set(members.map { ExactName($0.shard) }).map(\.text)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var files: [SafetensorsFile] = []
    var found: Set<ExactName> = []
    for name in names {
      let file = try SafetensorsFile(file: try open(name, in: String(folder)))
      for tensor in file.tensors {
        guard let shard = expected[ExactName(tensor.name)] else {
          throw CheckpointError(
            .tensorNotInIndex, path: file.file.path, tensor: tensor.name,
            "the index \(path) does not list it; index and files are of different checkpoints")
        }
        guard shard == ExactName(name) else {
          throw CheckpointError(
            .tensorInOtherShard, path: file.file.path, tensor: tensor.name,
            "the index \(path) places it in \(shard.text); "
              + "index and files are of different checkpoints")
        }
        found.insert(ExactName(tensor.name))
      }
      files.append(file)
    }
    for (tensor, shard) in members where !found.contains(ExactName(tensor)) {
      throw CheckpointError(
        .tensorMissingFromShard, path: path, tensor: tensor,
        "expected it in \(shard), which lacks it; index and files are of different checkpoints")
    }
    return files
  }

  private func open(_ name: String, in folder: String) throws(CheckpointError) -> MappedFile {
    do throws(CheckpointError) { return try .checkpoint(folder + name) } catch {
      guard let cause = error.cause, cause.isMissingFile else { throw error }
      let count = members.count { ExactName($0.shard) == ExactName(name) }
      throw CheckpointError(
        .shardMissing, path: folder + name,
        "the file is missing and the index \(path) places \(count) tensors in it; "
          + "download it as well")
    }
  }
}
