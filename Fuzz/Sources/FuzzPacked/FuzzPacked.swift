// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Notation
import Tensors

/// Reads bytes as a configuration, a zero byte, and a safetensors file with packed weights, and
/// expands the first and the last row of each.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  guard let end = bytes.firstIndex(of: 0),
    let config = try? JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
  else { return 0 }
  let file = MappedFile(
    path: "fuzz.safetensors", copying: UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...]))
  do throws(CheckpointError) {
    let stored = try SafetensorsFile(file: file).tensors
    let modules = try PackedModules(
      stored, try PackingConfiguration(config: config, path: "config.json"))
    precondition(modules.tensors.count <= stored.count)
    for tensor in modules.tensors {
      guard let packed = tensor.packed, packed.rows > 0 else { continue }
      precondition(tensor.shape.elementCount == packed.rows * packed.columns)
      var values = [Float](repeating: 0, count: packed.columns)
      values.withUnsafeMutableBufferPointer { values in
        packed.decode(rows: 0..<1, into: values)
        packed.decode(rows: packed.rows - 1..<packed.rows, into: values)
      }
    }
  } catch {
    precondition(!error.description.isEmpty)
  }
  return 0
}
