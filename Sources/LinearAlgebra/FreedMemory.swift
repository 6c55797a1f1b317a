// SPDX-License-Identifier: Apache-2.0

import CLinearAlgebra

/// What the process does with memory that was freed.
package enum FreedMemory {
  /// Keeps it for what is allocated next; where the system's allocator cannot be told, nothing
  /// happens.
  package static func keep() { pla_keep_freed_memory() }
}
