// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints

/// Reads bytes as a GGUF file and touches all that the reader gives out.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let file = MappedFile(path: "fuzz.gguf", copying: bytes)
  do throws(CheckpointError) {
    let gguf = try GGUFFile(file: file)
    for (key, value) in gguf.metadata {
      precondition(gguf.metadata[key] == value)
      _ = (value.integers, value.numbers, value.strings, value.array?.bools)
    }
    var end = 0
    for tensor in gguf.tensors {
      precondition(tensor.offset >= end && tensor.offset % gguf.alignment == 0)
      end = tensor.offset + tensor.byteCount
      precondition(tensor.bytes.count == tensor.byteCount && end <= count)
    }
  } catch {
    precondition((error.byteOffset ?? 0) >= 0 && !error.description.isEmpty)
  }
  return 0
}
