// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

struct InstructionSetTests {
  @Test func theCurrentOneIsSupported() {
    #expect(InstructionSet.current.isSupported)
    #expect(InstructionSet.baseline.isSupported)
  }
}
