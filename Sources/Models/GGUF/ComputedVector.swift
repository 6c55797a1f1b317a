// SPDX-License-Identifier: Apache-2.0

/// A vector that engines want in a GGUF, and that no tensor of the checkpoint holds as it is.
package struct ComputedVector: Sendable {
  /// The tensor's name in a GGUF.
  package let name: String
  package let values: [Float]
  /// Where the numbers are from, for people.
  package let origin: String
}
