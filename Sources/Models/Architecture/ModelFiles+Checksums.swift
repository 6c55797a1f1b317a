// SPDX-License-Identifier: Apache-2.0

import BinaryIO
package import Checkpoints
import Parallelism
import Synchronization

extension ModelFiles {
  /// The key under which a file of this program names the files that it was made of.
  package static let checksumsKey = "pare.source.checksums"

  /// Bytes that a worker takes at once.
  private static let checksumChunk = 16 << 20

  /// For each file of weights its name and the CRC-32 of its bytes, as in
  /// `model.safetensors crc32:0123abcd`; all files are read whole.
  package var checksums: [String] {
    let sources = checkpoint.files + (projector?.files ?? [])
    let chunk = ModelFiles.checksumChunk
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

extension Checkpoint {
  /// What a file of this program says of the files that it was made of: their
  /// ``ModelFiles/checksums``.
  ///
  /// An array in GGUF, lines of one string in safetensors; empty for files of other programs.
  package var sourceChecksums: [String] {
    let value = metadata[ModelFiles.checksumsKey]
    return value?.strings ?? value?.string?.split(separator: "\n").map(String.init) ?? []
  }
}
