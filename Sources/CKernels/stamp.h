// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_STAMP_H
#define PARE_STAMP_H

#include "include/kernels.h"

// A kernel is written once as NAME_body and stamped for each instruction set:
//
//   PK_BODY void pk_halve_body(float *values, size_t count) { ... }
//   PK_STAMP(pk_halve, (values, count), float *values, size_t count)
//
// defines `void pk_halve(pk_instruction_set set, float *values, size_t count)`.

// The same bytes everywhere: a fused multiply-add rounds once where two operations round twice.
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"

#define PK_BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define PK_TARGET_AVX2 __attribute__((target("arch=x86-64-v3"), min_vector_width(256), noinline))
// Tuning for x86-64-v4 as a whole keeps to 256-bit vectors; naming its features allows 512 bits,
// with which most loops are faster, some by half.
#define PK_TARGET_AVX512                                                                      \
  __attribute__((                                                                             \
      target("avx2,f16c,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"),               \
      min_vector_width(512), noinline))
#define PK_STAMP(name, arguments, ...)                                              \
  static __attribute__((noinline)) void name##_baseline(__VA_ARGS__) { name##_body arguments; } \
  static PK_TARGET_AVX2 void name##_avx2(__VA_ARGS__) { name##_body arguments; }    \
  static PK_TARGET_AVX512 void name##_avx512(__VA_ARGS__) { name##_body arguments; } \
  void name(pk_instruction_set set, __VA_ARGS__) {                                  \
    switch (set) {                                                                  \
      case PK_AVX512: name##_avx512 arguments; break;                               \
      case PK_AVX2: name##_avx2 arguments; break;                                   \
      default: name##_baseline arguments; break;                                    \
    }                                                                               \
  }
#else
#define PK_STAMP(name, arguments, ...)              \
  void name(pk_instruction_set set, __VA_ARGS__) {  \
    (void)set;                                      \
    name##_body arguments;                          \
  }
#endif

#endif
