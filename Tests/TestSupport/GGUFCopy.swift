// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
import Tensors

/// GGUF files that tests change, or break.
package enum GGUFCopy {
  /// Writes a GGUF again, with keys and tensors changed, added or left out.
  package static func rewrite(
    _ path: String,
    _ change: (inout GGUFMetadata, inout [FixtureCopy.Tensor]) throws -> Void
  ) throws {
    let checkpoint = try Checkpoint(path: path)
    var metadata = checkpoint.metadata
    var tensors = checkpoint.tensors.map {
      FixtureCopy.Tensor(description: $0.description, bytes: Array($0.bytes))
    }
    try change(&metadata, &tensors)
    let writer = try GGUFWriter(
      path: path, metadata: metadata, tensors: tensors.map(\.description))
    for tensor in tensors { try tensor.bytes.withUnsafeBytes { try writer.append($0) } }
    try writer.finish()
  }
}
