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

#endif
