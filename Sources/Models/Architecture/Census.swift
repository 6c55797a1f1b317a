// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
package import Checkpoints
import Notation
package import Tensors

/// The account of a checkpoint's tensors, in both directions: each tensor has a place in the
/// architecture or a stated reason to be left out, and each declared parameter has its tensors.
package struct Census: Sendable {
  /// A tensor that is not needed.
  package struct Dropped: Sendable {
    package let tensor: String
    package let reason: String

    package init(tensor: String, reason: String) {
      self.tensor = tensor
      self.reason = reason
    }
  }

  /// For each part, its parameters in their order; nil for an optional one that is not there.
  package let parameters: [[BoundParameter?]]
  package let dropped: [Dropped]
  /// Those of them that loaders ask for nevertheless, with their names in MLX's folders.
  package let kept: [(tensor: StoredTensor, mlxName: String)]

  /// Takes the account.
  ///
  /// - Throws: ``ModelError/census(path:sentence:)`` that names the tensors that are missing, of
  ///   another shape, in an encoding that holds no weights, or unaccounted for.
  package init(of files: ModelFiles, architecture: Architecture) throws(ModelError) {
    var claimed: Set<String> = []
    var parameters: [[BoundParameter?]] = []
    var missing: [String] = []
    for part in architecture.parts {
      let checkpoint = Census.checkpoint(of: part.kind, in: files)
      var bound: [BoundParameter?] = []
      for var parameter in part.parameters {
        if checkpoint.container == .safetensors { parameter = parameter.found(in: checkpoint) }
        let names = checkpoint.container == .gguf ? parameter.ggufTensors.names : parameter.names
        let tensors = names.compactMap { checkpoint[$0] }
        guard tensors.count == names.count else {
          let isDroppedLayer = checkpoint.container == .gguf && !parameter.isUsed
          if parameter.isRequired && !isDroppedLayer || !tensors.isEmpty {
            missing += names.filter { checkpoint[$0] == nil }
          }
          bound.append(nil)
          continue
        }
        for tensor in tensors {
          try Census.check(tensor, against: parameter, in: checkpoint)
          claimed.insert(tensor.name)
        }
        bound.append(
          BoundParameter(
            parameter: parameter, tensors: tensors, container: checkpoint.container))
      }
      parameters.append(Census.ordered(bound))
    }
    guard missing.isEmpty else {
      throw .census(
        path: files.path,
        sentence: "\(Census.list(missing)) \(missing.count == 1 ? "is" : "are") missing, which "
          + "the architecture '\(architecture.name)' needs; the checkpoint is not complete")
    }
    self.parameters = parameters
    (dropped, kept) = try Census.dropped(files, architecture, claimed)
  }

  private static func checkpoint(
    of kind: PartDeclaration.Kind, in files: ModelFiles
  ) -> Checkpoint {
    kind == .language ? files.checkpoint : files.projector ?? files.checkpoint
  }

  /// What the convolutions of a part tell of all its tensors: whether the folder is MLX's.
  ///
  /// Then those whose shape does not tell where their channels are have them where the others do.
  private static func ordered(_ bound: [BoundParameter?]) -> [BoundParameter?] {
    let isMLX = bound.contains { own in
      own.map { $0.container == .safetensors && $0.hasChannelsLast } ?? false
    }
    guard isMLX else { return bound }
    return bound.map { own in
      own.map { own in
        var parameter = own.parameter
        if parameter.hasAmbiguousOrder { parameter.ambiguousOrder = .last }
        var result = BoundParameter(
          parameter: parameter, tensors: own.tensors, container: own.container)
        result.hasMLXOffset = true
        return result
      }
    }
  }

  private static func check(
    _ tensor: StoredTensor, against parameter: Parameter, in checkpoint: Checkpoint
  ) throws(ModelError) {
    var (plain, transposed): (Shape?, Shape?) = (parameter.ggufTensors.shape, nil)
    var isReordered = false
    if checkpoint.container == .safetensors {
      (plain, transposed) = parameter.hubShapes(isPacked: tensor.packed != nil)
      isReordered = parameter.channelOrder(of: tensor) == .last
    }
    guard [plain, transposed].contains(tensor.shape) || isReordered else {
      let expected = [plain, transposed].compactMap { $0?.description }.joined(separator: " or ")
      throw .census(
        path: tensor.file.path,
        sentence: "tensor '\(tensor.name)': expected the shape \(expected) by the numbers of the "
          + "configuration, found \(tensor.shape); the two do not belong together")
    }
    guard plain != transposed else {
      throw .census(
        path: tensor.file.path,
        sentence:
          "tensor '\(tensor.name)': its shape \(tensor.shape) does not tell whether outputs or "
          + "inputs are its rows, and files of this family have it either way")
    }
    guard tensor.packed != nil || tensor.encoding.holdsWeights else {
      throw .census(
        path: tensor.file.path,
        sentence: "tensor '\(tensor.name)': \(tensor.encoding) is no encoding of weights that can "
          + "be read; convert from the original checkpoint")
    }
  }

  /// What is left, with the declared reasons.
  private static func dropped(
    _ files: ModelFiles, _ architecture: Architecture, _ claimed: Set<String>
  ) throws(ModelError) -> ([Dropped], [(tensor: StoredTensor, mlxName: String)]) {
    var rules: [(pattern: Wildcard, reason: String, renamed: ((String) -> String)?)] = []
    for part in architecture.parts {
      for ignored in part.declaration.ignored {
        for pattern in (try? ignored.patterns(part.values)) ?? [] {
          let own = pattern.prefix { $0 != "*" }
          let (old, new) = (part.rename(String(own)), part.mlxRename(String(own)))
          rules.append(
            (
              Wildcard(part.rename(pattern)), ignored.reason,
              ignored.isKept ? { new + $0.dropFirst(old.count) } : nil
            ))
        }
      }
    }
    var dropped = files.checkpoint.setAside.map {
      Dropped(tensor: $0.tensor, reason: $0.reason)
    }
    var kept: [(tensor: StoredTensor, mlxName: String)] = []
    var unknown: [String] = []
    let tensors = files.checkpoint.tensors + (files.projector?.tensors ?? [])
    for tensor in tensors where !claimed.contains(tensor.name) {
      if let rule = rules.first(where: { $0.pattern.matches(tensor.name) }) {
        dropped.append(Dropped(tensor: tensor.name, reason: rule.reason))
        if let renamed = rule.renamed { kept.append((tensor, renamed(tensor.name))) }
      } else {
        unknown.append(tensor.name)
      }
    }
    guard unknown.isEmpty else {
      throw .census(
        path: files.path,
        sentence: "\(list(unknown)) \(unknown.count == 1 ? "has" : "have") no place in the "
          + "architecture '\(architecture.name)'; the model is a variant of it that needs its own "
          + "declaration (--architecture)")
    }
    return (dropped, kept)
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    let more = names.count > 3 ? " and \(names.count - 3) more" : ""
    return (names.count == 1 ? "tensor " : "tensors ") + shown + more
  }
}

extension Encoding {
  /// Whether a weight can be stored in it, and read from it.
  package var holdsWeights: Bool {
    switch self {
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool, .complex64: false
    default: BlockFormats.format(for: self) != nil
    }
  }
}
