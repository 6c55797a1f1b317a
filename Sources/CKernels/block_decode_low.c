// SPDX-License-Identifier: Apache-2.0
#include "superblock_scales.h"

// Formats of one to three bits: Formats/Q2_K.md, Q3_K.md, TQ.md, Q1_0.md.

PK_BODY void pk_decode_q2_k_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 84, values += 256) {
    const float d = pk_float_from_half(pk_load16(block + 80));
    const float dmin = pk_float_from_half(pk_load16(block + 82));
    for (int group = 0; group < 16; group++) {
      const float step = d * (float)(block[group] & 15);
      const float offset = dmin * (float)(block[group] >> 4);
      const uint8_t *codes = block + 16 + 32 * (group / 8) + 16 * (group % 2);
      const int shift = 2 * (group / 2 % 4);
      for (int i = 0; i < 16; i++) {
        values[16 * group + i] = step * (float)(codes[i] >> shift & 3) - offset;
      }
    }
  }
}

PK_BODY void pk_decode_q3_k_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 110, values += 256) {
    const float d = pk_float_from_half(pk_load16(block + 108));
    for (int group = 0; group < 16; group++) {
      const float step = d * (float)pk_scale_of_q3_k(block + 96, group);
      const int start = 16 * (group % 2), shift = 2 * (group / 2 % 4);
      const uint8_t *codes = block + 32 + 32 * (group / 8) + start;
      for (int i = 0; i < 16; i++) {
        const int32_t code =
            (codes[i] >> shift & 3) | (block[start + i] >> group / 2 & 1) << 2;
        values[16 * group + i] = step * (float)(code - 4);
      }
    }
  }
}

// Five digits of base 3 in a byte, as the fraction byte / 256: the highest comes out at times 3.
PK_BODY float pk_trit(uint8_t byte, int power) {
  const uint8_t rest = (uint8_t)(byte * power);
  return (float)((rest * 3 >> 8) - 1);
}

PK_BODY void pk_decode_tq1_0_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 54, values += 256) {
    const float d = pk_float_from_half(pk_load16(block + 52));
    for (int n = 0, power = 1; n < 5; n++, power *= 3) {
      for (int i = 0; i < 32; i++) values[32 * n + i] = pk_trit(block[i], power) * d;
      for (int i = 0; i < 16; i++) values[160 + 16 * n + i] = pk_trit(block[32 + i], power) * d;
      if (n == 4) break;
      for (int i = 0; i < 4; i++) values[240 + 4 * n + i] = pk_trit(block[48 + i], power) * d;
    }
  }
}

PK_BODY void pk_decode_tq2_0_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 66, values += 256) {
    const float d = pk_float_from_half(pk_load16(block + 64));
    for (int part = 0; part < 8; part++) {
      const uint8_t *codes = block + 32 * (part / 4);
      const int shift = 2 * (part % 4);
      for (int i = 0; i < 32; i++) {
        values[32 * part + i] = (float)((codes[i] >> shift & 3) - 1) * d;
      }
    }
  }
}

PK_BODY void pk_decode_q1_0_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 18, values += 128) {
    const uint32_t bits = pk_bits(pk_float_from_half(pk_load16(block)));
    for (int i = 0; i < 128; i++) {
      const uint32_t negative = ~(uint32_t)(block[2 + i / 8] >> i % 8) & 1u;
      values[i] = pk_float(bits ^ negative << 31);
    }
  }
}

PK_BODY void pk_decode_q2_0_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 18, values += 64) {
    const float d = pk_float_from_half(pk_load16(block));
    for (int i = 0; i < 64; i++) {
      values[i] = (float)((block[2 + i / 4] >> 2 * (i % 4) & 3) - 1) * d;
    }
  }
}

#define PK_STAMP_DECODE(name) \
  PK_STAMP(name, (blocks, values, count), const void *blocks, float *values, size_t count)
PK_STAMP_DECODE(pk_decode_q2_k)
PK_STAMP_DECODE(pk_decode_q3_k)
PK_STAMP_DECODE(pk_decode_tq1_0)
PK_STAMP_DECODE(pk_decode_tq2_0)
PK_STAMP_DECODE(pk_decode_q1_0)
PK_STAMP_DECODE(pk_decode_q2_0)
