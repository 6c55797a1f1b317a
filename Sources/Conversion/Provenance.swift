// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Models
import Parallelism
import Synchronization

/// What an output says about how it was made.
///
/// Neither time nor path is in it, so that the same input gives the same bytes.
package enum Provenance {
  /// The version of this program.
  package static let version = "0.1.0"

  /// Adds the keys `pare.*`.
  static func append(to metadata: inout GGUFMetadata, recipe: String, model: Model) {
    metadata["pare.version"] = .string(version)
    metadata["pare.recipe"] = .string(recipe)
    metadata["pare.architecture"] = .string(model.architecture.name)
    metadata["pare.source.checksums"] = .array(GGUFArray(checksums(of: model.files)))
  }

  /// For each source file its name and the CRC-32 of its bytes.
  private static func checksums(of files: ModelFiles) -> [String] {
    let sources = files.checkpoint.files + (files.projector?.files ?? [])
    let result = Mutex([String](repeating: "", count: sources.count))
    Parallel.forEach(sources.count) { index in
      let file = sources[index]
      var checksum = Checksum()
      let chunk = 64 << 20
      for start in stride(from: 0, to: file.bytes.count, by: chunk) {
        let range = start..<min(file.bytes.count, start + chunk)
        checksum.update(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
        file.release(range)
      }
      let digits = String(checksum.value, radix: 16)
      let padded = String(repeating: "0", count: 8 - digits.count) + digits
      let name = file.path.split(separator: "/").last ?? ""
      result.withLock { $0[index] = "\(name) crc32:\(padded)" }
    }
    return result.withLock { $0 }
  }
}
