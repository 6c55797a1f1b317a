// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_AFFINE_H
#define PARE_AFFINE_H

#include "kernels.h"

// Codes whose scales lie in a tensor of their own, by the rules of kernels.h: Formats/mlx.md,
// Formats/compressed-tensors.md, Formats/gptq.md, Formats/awq.md.

/// Unpacks codes of 1 to 8 bits from a stream in which the lowest bit comes first; `stored` has
/// ceil(count * bits / 8) bytes.
void pk_unpack_codes(
    pk_instruction_set set, const void *stored, int bits, size_t count, uint8_t *codes);

/// Packs them again. Bits of the last byte that belong to no code are 0.
void pk_pack_codes(
    pk_instruction_set set, const uint8_t *codes, int bits, size_t count, void *stored);

/// values[i] = codes[i] * scales[g] + offsets[g], g = i / group.
void pk_decode_offset(
    pk_instruction_set set, const uint8_t *codes, const float *scales, const float *offsets,
    size_t group, size_t count, float *values);

/// values[i] = (codes[i] - zeros[g]) * scales[g], g = i / group; or g = groups[i] if that is given.
void pk_decode_zero(
    pk_instruction_set set, const uint8_t *codes, const float *scales, const float *zeros,
    const int32_t *groups, size_t group, size_t count, float *values);

/// values[i] = table[codes[i]] * scales[g], g = i / group; the table has 256 values.
void pk_decode_table(
    pk_instruction_set set, const uint8_t *codes, const float *table, const float *scales,
    size_t group, size_t count, float *values);

// Encoding: `groups` groups of `size` values one behind the other, size 16, 32, 64 or 128.
// `importance` holds a weight for each value, or is null. Codes and numbers are searched together for
// the least squared error with the numbers as they will be stored, which is also how they are
// returned. NaN is taken as 0, infinities as the largest value.

typedef enum : int32_t {
  PK_STORED_F32 = 0,
  PK_STORED_F16 = 1,
  PK_STORED_BF16 = 2,
} pk_stored_type;

/// y = code * scale + offset, scales of either sign.
void pk_encode_offset(
    pk_instruction_set set, const float *values, const float *importance, int bits, int size,
    pk_stored_type type, size_t groups, uint8_t *codes, float *scales, float *offsets);

/// y = (code - 2^(bits-1)) * scale, scales not negative.
void pk_encode_middle(
    pk_instruction_set set, const float *values, const float *importance, int bits, int size,
    pk_stored_type type, size_t groups, uint8_t *codes, float *scales);

/// y = (code - zero) * scale, scales not negative, zeros whole numbers from 0 to 2^bits - 1.
void pk_encode_zero(
    pk_instruction_set set, const float *values, const float *importance, int bits, int size,
    pk_stored_type type, size_t groups, uint8_t *codes, float *scales, float *zeros);

/// y = E2M1(code) * scale; scales are E4M3 for groups of 16, else powers of two (E8M0), as bytes.
void pk_encode_e2m1(
    pk_instruction_set set, const float *values, const float *importance, int size, size_t groups,
    uint8_t *codes, uint8_t *scales);

#endif
