// SPDX-License-Identifier: Apache-2.0

package import CKernels
import Tensors

extension pk_instruction_set {
  /// What the kernels of this process run on.
  package static var current: pk_instruction_set {
    pk_instruction_set(rawValue: InstructionSet.current.rawValue)
  }
}
