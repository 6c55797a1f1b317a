// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

struct CheckpointTests {
  @Test(
    "Every checkpoint among the fixtures opens",
    arguments: [
      "mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K",
      "mm1-tiny/model.safetensors.index.json", "mm1-tiny/golden.safetensors",
      "llava-tiny/model.safetensors",
    ])
  func opens(_ name: String) throws {
    let checkpoint = try Checkpoint(path: Fixtures.path(name))
    #expect(checkpoint.container == .safetensors)
    #expect(!checkpoint.tensors.isEmpty)
    for tensor in checkpoint.tensors {
      #expect(checkpoint[tensor.name]?.offset == tensor.offset)
      #expect(tensor.bytes.count == tensor.byteCount)
    }
    #expect(checkpoint["no such tensor"] == nil)
  }
}
