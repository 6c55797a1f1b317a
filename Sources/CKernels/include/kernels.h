// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_KERNELS_H
#define PARE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Every kernel takes the instruction set to run on first, and gives the same bytes on each of them:
// fixed lanes, a fixed order of additions, no contraction to fused multiply-add, no libm.
// Pointers to stored data need no alignment.

typedef enum : int32_t {
  PK_BASELINE = 0,  // SSE2 on x86-64, NEON on arm64
  PK_AVX2 = 1,      // x86-64-v3
  PK_AVX512 = 2,    // x86-64-v4
} pk_instruction_set;

/// Whether this machine runs the instruction set.
int pk_supports(pk_instruction_set set);

/// The widest instruction set of this machine, or the one that the environment variable
/// PARE_INSTRUCTION_SET (baseline, avx2, avx512) names if the machine has it.
pk_instruction_set pk_select(void);

// Scalars: `count` elements.

void pk_decode_f64(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_f16(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_bf16(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_i64(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_u64(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_i32(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_u32(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_i16(pk_instruction_set set, const void *stored, float *values, size_t count);
void pk_decode_u16(pk_instruction_set set, const void *stored, float *values, size_t count);
/// Looks each byte up among 256 values.
void pk_decode_bytes(
    pk_instruction_set set, const void *stored, const float *table, float *values, size_t count);

void pk_encode_f64(pk_instruction_set set, const float *values, void *stored, size_t count);
/// Rounds to nearest, ties to even; overflow gives infinity, NaN stays NaN.
void pk_encode_f16(pk_instruction_set set, const float *values, void *stored, size_t count);
void pk_encode_bf16(pk_instruction_set set, const float *values, void *stored, size_t count);

// Ranges.

/// Counts NaN and infinities.
void pk_count_non_finite(
    pk_instruction_set set, const float *values, size_t count, uint64_t *result);
/// The same among numbers of 16 bits, those with all bits of `exponent`; no alignment is needed.
void pk_count_non_finite_16(
    pk_instruction_set set, const void *stored, uint32_t exponent, size_t count, uint64_t *result);

/// Adds up Σ w·x² and Σ w·(x − y)², and finds max |x − y|; `weights` may be null (all 1).
/// Sums are Float64 over stretches of 128 elements, which are summed in Float32 where its range
/// suffices; their relative error is below 2^-20. With a value that is NaN or infinite, the first
/// sum is no finite number; with a decoded one, the second.
void pk_distortion(
    pk_instruction_set set, const float *values, const float *decoded, const float *weights,
    size_t count, double *energy, double *error, double *largest);

// Blocks: layouts in Formats/NAME.md. Decoding takes whole blocks.

#define PK_DECODE(name) \
  void name(pk_instruction_set set, const void *blocks, float *values, size_t block_count);
PK_DECODE(pk_decode_q4_0)
PK_DECODE(pk_decode_q4_1)
PK_DECODE(pk_decode_q5_0)
PK_DECODE(pk_decode_q5_1)
PK_DECODE(pk_decode_q8_0)
PK_DECODE(pk_decode_q4_k)
PK_DECODE(pk_decode_q5_k)
PK_DECODE(pk_decode_q6_k)
PK_DECODE(pk_decode_iq1_s)
PK_DECODE(pk_decode_iq1_m)
PK_DECODE(pk_decode_iq2_xxs)
PK_DECODE(pk_decode_iq2_xs)
PK_DECODE(pk_decode_iq2_s)
PK_DECODE(pk_decode_iq3_xxs)
PK_DECODE(pk_decode_iq3_s)
PK_DECODE(pk_decode_q2_k)
PK_DECODE(pk_decode_q3_k)
PK_DECODE(pk_decode_iq4_nl)
PK_DECODE(pk_decode_iq4_xs)
PK_DECODE(pk_decode_tq1_0)
PK_DECODE(pk_decode_tq2_0)
PK_DECODE(pk_decode_mxfp4)
PK_DECODE(pk_decode_nvfp4)
PK_DECODE(pk_decode_q1_0)
PK_DECODE(pk_decode_q2_0)
#undef PK_DECODE

// Encoding takes a row of whole blocks. `importance` holds a weight for each element, or is null.
// NaN is taken as 0, infinities as the largest value; what is written always decodes finite.

#define PK_ENCODE(name)                                                                  \
  void name(                                                                             \
      pk_instruction_set set, const float *values, const float *importance, void *blocks, \
      size_t block_count);
PK_ENCODE(pk_encode_q4_0)
PK_ENCODE(pk_encode_q4_1)
PK_ENCODE(pk_encode_q5_0)
PK_ENCODE(pk_encode_q5_1)
PK_ENCODE(pk_encode_q8_0)
PK_ENCODE(pk_encode_q4_k)
PK_ENCODE(pk_encode_q5_k)
PK_ENCODE(pk_encode_q6_k)
PK_ENCODE(pk_encode_iq1_s)
PK_ENCODE(pk_encode_iq1_m)
PK_ENCODE(pk_encode_iq2_xxs)
PK_ENCODE(pk_encode_iq2_xs)
PK_ENCODE(pk_encode_iq2_s)
PK_ENCODE(pk_encode_iq3_xxs)
PK_ENCODE(pk_encode_iq3_s)
PK_ENCODE(pk_encode_q2_k)
PK_ENCODE(pk_encode_q3_k)
PK_ENCODE(pk_encode_iq4_nl)
PK_ENCODE(pk_encode_iq4_xs)
PK_ENCODE(pk_encode_tq1_0)
PK_ENCODE(pk_encode_tq2_0)
PK_ENCODE(pk_encode_mxfp4)
PK_ENCODE(pk_encode_nvfp4)
PK_ENCODE(pk_encode_q1_0)
PK_ENCODE(pk_encode_q2_0)
#undef PK_ENCODE

#endif
