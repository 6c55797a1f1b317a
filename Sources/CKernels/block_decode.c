// SPDX-License-Identifier: Apache-2.0
#include "superblock_scales.h"

// Layouts and formulas: Formats/NAME.md. Fixed inner counts let each loop become a few vectors.

PK_BODY void pk_decode_q8_0_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 34, values += 32) {
    const float scale = pk_float_from_half(pk_load16(block));
    for (int i = 0; i < 32; i++) values[i] = scale * (float)(int8_t)block[2 + i];
  }
}

// Q4_0, Q4_1, Q5_0, Q5_1: `high` is where the fifth bits are (0: none).
PK_BODY void pk_decode_nibbles(
    const uint8_t *block, size_t blocks, int bytes, int high, int codes, int zero, int minimum,
    float *values) {
  for (size_t b = 0; b < blocks; b++, block += bytes, values += 32) {
    const float scale = pk_float_from_half(pk_load16(block));
    const float offset = minimum ? pk_float_from_half(pk_load16(block + 2)) : 0;
    int32_t code[32];
    for (int i = 0; i < 16; i++) {
      code[i] = block[codes + i] & 15;
      code[i + 16] = block[codes + i] >> 4;
    }
    if (high) {
      const uint32_t bits =
          pk_load16(block + high) | (uint32_t)pk_load16(block + high + 2) << 16;
      for (int i = 0; i < 32; i++) code[i] |= (int32_t)((bits >> i & 1u) << 4);
    }
    if (minimum) {
      for (int i = 0; i < 32; i++) values[i] = scale * (float)code[i] + offset;
    } else {
      for (int i = 0; i < 32; i++) values[i] = scale * (float)(code[i] - zero);
    }
  }
}

PK_BODY void pk_decode_q4_0_body(const void *source, float *values, size_t blocks) {
  pk_decode_nibbles(source, blocks, 18, 0, 2, 8, 0, values);
}
PK_BODY void pk_decode_q4_1_body(const void *source, float *values, size_t blocks) {
  pk_decode_nibbles(source, blocks, 20, 0, 4, 0, 1, values);
}
PK_BODY void pk_decode_q5_0_body(const void *source, float *values, size_t blocks) {
  pk_decode_nibbles(source, blocks, 22, 2, 6, 16, 0, values);
}
PK_BODY void pk_decode_q5_1_body(const void *source, float *values, size_t blocks) {
  pk_decode_nibbles(source, blocks, 24, 4, 8, 0, 1, values);
}

// Q4_K and Q5_K: two groups of 32 share 32 bytes of nibbles.
PK_BODY void pk_decode_k(
    const uint8_t *block, size_t blocks, int bytes, int high, int codes, float *values) {
  for (size_t b = 0; b < blocks; b++, block += bytes, values += 256) {
    const float d = pk_float_from_half(pk_load16(block));
    const float dmin = pk_float_from_half(pk_load16(block + 2));
    for (int g = 0; g < 8; g++) {
      int scale, minimum;
      pk_unpack_scale(block + 4, g, &scale, &minimum);
      const float step = d * (float)scale, offset = dmin * (float)minimum;
      const uint8_t *nibbles = block + codes + 32 * (g / 2);
      const int shift = 4 * (g % 2);
      for (int i = 0; i < 32; i++) {
        int32_t code = nibbles[i] >> shift & 15;
        if (high) code |= (block[high + i] >> g & 1) << 4;
        values[32 * g + i] = step * (float)code - offset;
      }
    }
  }
}

PK_BODY void pk_decode_q4_k_body(const void *source, float *values, size_t blocks) {
  pk_decode_k(source, blocks, 144, 0, 16, values);
}
PK_BODY void pk_decode_q5_k_body(const void *source, float *values, size_t blocks) {
  pk_decode_k(source, blocks, 176, 16, 48, values);
}

PK_BODY void pk_decode_q6_k_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 210, values += 256) {
    const float d = pk_float_from_half(pk_load16(block + 208));
    for (int part = 0; part < 8; part++) {  // 32 elements: two groups of 16
      const int half = part / 4, quarter = part % 4;
      const uint8_t *low = block + 64 * half + 32 * (quarter % 2);
      const uint8_t *high = block + 128 + 32 * half;
      const uint8_t *scales = block + 192 + 2 * part;
      const float first = d * (float)(int8_t)scales[0], second = d * (float)(int8_t)scales[1];
      const int shift = 4 * (quarter / 2), pair = 2 * quarter;
      for (int i = 0; i < 32; i++) {
        const int32_t code = (low[i] >> shift & 15) | (high[i] >> pair & 3) << 4;
        values[32 * part + i] = (i < 16 ? first : second) * (float)(code - 32);
      }
    }
  }
}

#define PK_STAMP_DECODE(name) \
  PK_STAMP(name, (blocks, values, count), const void *blocks, float *values, size_t count)
PK_STAMP_DECODE(pk_decode_q4_0)
PK_STAMP_DECODE(pk_decode_q4_1)
PK_STAMP_DECODE(pk_decode_q5_0)
PK_STAMP_DECODE(pk_decode_q5_1)
PK_STAMP_DECODE(pk_decode_q8_0)
PK_STAMP_DECODE(pk_decode_q4_k)
PK_STAMP_DECODE(pk_decode_q5_k)
PK_STAMP_DECODE(pk_decode_q6_k)
