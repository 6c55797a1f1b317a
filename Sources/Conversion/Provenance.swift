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

  /// Bytes that a worker takes at once.
  private static let chunk = 16 << 20

  /// For each source file its name and the CRC-32 of its bytes.
  private static func checksums(of files: ModelFiles) -> [String] {
    let sources = files.checkpoint.files + (files.projector?.files ?? [])
    let chunks = sources.flatMap { file in
      stride(from: 0, to: file.bytes.count, by: chunk).map { start in
        (file: file, range: start..<min(file.bytes.count, start + chunk))
      }
    }
    let parts = Mutex([Checksum](repeating: Checksum(), count: chunks.count))
    Parallel.forEach(chunks.count) { index in
      let (file, range) = chunks[index]
      let checksum = Checksum(of: UnsafeRawBufferPointer(rebasing: file.bytes[range]))
      file.release(range)
      parts.withLock { $0[index] = checksum }
    }
    let results = parts.withLock { $0 }
    return sources.map { file in
      var checksum = Checksum()
      for (chunk, part) in zip(chunks, results) where chunk.file === file {
        checksum.append(part, byteCount: chunk.range.count)
      }
      let digits = String(checksum.value, radix: 16)
      let padded = String(repeating: "0", count: 8 - digits.count) + digits
      return "\(file.path.split(separator: "/").last ?? "") crc32:\(padded)"
    }
  }
}
