// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints

/// Reads bytes as a safetensors file and touches all that the reader gives out.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let file = MappedFile(path: "fuzz.safetensors", copying: bytes)
  do throws(CheckpointError) {
    let safetensors = try SafetensorsFile(file: file)
    var end = safetensors.tensors.first?.offset ?? count
    for tensor in safetensors.tensors {
      precondition(tensor.offset == end)
      end = tensor.offset + tensor.byteCount
      precondition(tensor.bytes.count == tensor.byteCount)
    }
    precondition(end == count)
  } catch {
    precondition((error.byteOffset ?? 0) >= 0 && !error.description.isEmpty)
  }
  return 0
}
