// SPDX-License-Identifier: Apache-2.0

package import BinaryIO
import Notation

/// The tensors of a model on disk, whatever container holds them and in however many files.
///
/// Everything that the headers promise was checked; no tensor's bytes were touched.
package struct Checkpoint: Sendable {
  package enum Container: String, Sendable {
    case safetensors, gguf
  }

  package let container: Container
  /// The file or folder as the user gave it.
  package let path: String
  /// File by file, in the order of the files' names, within each in the order of the bytes.
  package let tensors: [StoredTensor]
  /// The metadata of a GGUF (of its first part); of safetensors, the strings under `__metadata__`
  /// (of the first file that has the key).
  package let metadata: GGUFMetadata
  /// In the order of their names.
  package let files: [MappedFile]
  /// Tensors that no weight needs, with the reason.
  package let setAside: [(tensor: String, reason: String)]
  private let places: [ExactName: Int]

  /// Opens a `.safetensors` or `.gguf` file, any part of a split GGUF, a
  /// `*.safetensors.index.json`, or a folder that holds one of them.
  ///
  /// Names decide, not what symbolic links point to: the snapshots of a hub's cache are links.
  ///
  /// - Throws: ``CheckpointError``.
  package init(path: String) throws(CheckpointError) {
    let location = try CheckpointLocation(path: path)
    switch location {
    case .index(let index):
      try self.init(path: path, safetensors: try ShardIndex(path: index).shards())
    case .safetensors(let name):
      let file = try SafetensorsFile(file: try .checkpoint(name))
      try self.init(path: path, safetensors: [file])
    case .gguf(let name):
      let parts = try SplitGGUF.parts(of: name)
      try self.init(
        path: path, container: .gguf, metadata: parts.first?.metadata ?? GGUFMetadata(),
        files: parts.map(\.file), tensors: parts.flatMap(\.tensors))
    }
  }

  private init(path: String, safetensors files: [SafetensorsFile]) throws(CheckpointError) {
    var metadata = GGUFMetadata()
    for (key, value) in files.flatMap(\.metadata) where metadata[key] == nil {
      metadata[key] = .string(value)
    }
    try self.init(
      path: path, container: .safetensors, metadata: metadata, files: files.map(\.file),
      tensors: files.flatMap(\.tensors))
  }

  private init(
    path: String, container: Container, metadata: GGUFMetadata, files: [MappedFile],
    tensors: [StoredTensor], setAside: [(tensor: String, reason: String)] = []
  ) throws(CheckpointError) {
    var places: [ExactName: Int] = [:]
    places.reserveCapacity(tensors.count)
    for (place, tensor) in tensors.enumerated() {
      if let earlier = places.updateValue(place, forKey: ExactName(tensor.name)) {
        throw CheckpointError(
          .tensorDuplicate, path: tensor.file.path, tensor: tensor.name,
          "the tensor is also in \(tensors[earlier].file.path); remove one of the two")
      }
    }
    self.path = path
    self.container = container
    self.metadata = metadata
    self.files = files
    self.setAside = setAside
    self.tensors = tensors
    self.places = places
  }

  /// The same checkpoint with each packed module as one weight.
  ///
  /// - Throws: ``CheckpointError`` if the planes of a module do not fit each other.
  package func unpacked(_ configuration: PackingConfiguration) throws(CheckpointError)
    -> Checkpoint
  {
    let modules = try PackedModules(tensors, configuration)
    return try Checkpoint(
      path: path, container: container, metadata: metadata, files: files, tensors: modules.tensors,
      setAside: modules.setAside)
  }

  /// The tensor with exactly this name, or nil.
  package subscript(name: String) -> StoredTensor? {
    places[ExactName(name)].map { tensors[$0] }
  }
}
