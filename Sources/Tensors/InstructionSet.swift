// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The vector instructions that kernels run on; results are the same bytes on each.
package enum InstructionSet: Int32, CaseIterable, Sendable, CustomStringConvertible {
  /// SSE2 on x86-64, NEON on arm64.
  case baseline = 0
  /// x86-64-v3.
  case avx2 = 1
  /// x86-64-v4.
  case avx512 = 2

  /// The widest of this machine, unless the environment says otherwise.
  ///
  /// `PARE_INSTRUCTION_SET` names another one (`baseline`, `avx2`, `avx512`); it counts if the
  /// machine has it. Determined once.
  package static let current: InstructionSet =
    InstructionSet(rawValue: pk_select().rawValue) ?? .baseline

  /// Whether this machine has it.
  package var isSupported: Bool { pk_supports(pk_instruction_set(rawValue)) != 0 }

  package var description: String {
    switch self {
    case .baseline: "baseline"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }
}
