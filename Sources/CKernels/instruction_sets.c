// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "include/kernels.h"

int pk_supports(pk_instruction_set set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const int avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (set == PK_AVX2) return avx2 != 0;
  if (set == PK_AVX512) return avx512 != 0;
#endif
  return set == PK_BASELINE;
}

pk_instruction_set pk_select(void) {
  const char *name = getenv("PARE_INSTRUCTION_SET");
  if (name != NULL) {
    if (strcmp(name, "baseline") == 0) return PK_BASELINE;
    if (strcmp(name, "avx2") == 0 && pk_supports(PK_AVX2)) return PK_AVX2;
    if (strcmp(name, "avx512") == 0 && pk_supports(PK_AVX512)) return PK_AVX512;
  }
  if (pk_supports(PK_AVX512)) return PK_AVX512;
  return pk_supports(PK_AVX2) ? PK_AVX2 : PK_BASELINE;
}
