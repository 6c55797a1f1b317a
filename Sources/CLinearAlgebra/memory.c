// SPDX-License-Identifier: Apache-2.0
#include "linear_algebra.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <limits.h>
#include <malloc.h>
#endif

void pla_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // No allocation gets a mapping of its own, and the end of the heap is not given back.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}
