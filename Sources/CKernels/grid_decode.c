// SPDX-License-Identifier: Apache-2.0
#include "grid_codes_iq1.h"
#include "grid_codes_iq2.h"
#include "grid_codes_iq3.h"
#include "scalar_half.h"

// Formats whose codes point into a book of grid points: Formats/IQ1.md, IQ2.md, IQ3.md.
// Every product below is exact in Float32, so that their order does not matter.

// The levels of eight elements of IQ2: 8, 25, 43.
PK_BODY void pk_expand_iq2(uint32_t code, uint32_t signs, float scale, float *values) {
  for (int i = 0; i < 8; i++) {
    const int32_t level = (int32_t)(code >> 2 * i & 3u);
    const float magnitude = scale * (float)(8 + 17 * level + (level >> 1));
    values[i] = pk_float(pk_bits(magnitude) ^ (signs >> i & 1u) << 31);
  }
}

// Seven stored signs; the eighth makes their number even.
PK_BODY uint32_t pk_even_signs(uint32_t seven) {
  uint32_t parity = seven ^ seven >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return seven | (parity & 1u) << 7;
}

PK_BODY uint32_t pk_load32(const uint8_t *stored) {
  return pk_load16(stored) | (uint32_t)pk_load16(stored + 2) << 16;
}

PK_BODY void pk_decode_iq2_xxs_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 66) {
    const float d = pk_float_from_half(pk_load16(block)) * 0.125f;
    for (int group = 0; group < 8; group++) {
      const uint8_t *grid = block + 2 + 8 * group;
      const uint32_t rest = pk_load32(grid + 4);
      const float scale = d * (float)(2 * (int32_t)(rest >> 28) + 1);
      for (int part = 0; part < 4; part++, values += 8) {
        const uint32_t signs = pk_even_signs(rest >> 7 * part & 127u);
        pk_expand_iq2(pk_codes_iq2_xxs[grid[part]], signs, scale, values);
      }
    }
  }
}

PK_BODY void pk_decode_iq2_xs_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 74) {
    const float d = pk_float_from_half(pk_load16(block)) * 0.125f;
    for (int part = 0; part < 32; part++, values += 8) {
      const uint32_t code = pk_load16(block + 2 + 2 * part);
      const int32_t integer = block[66 + part / 4] >> 4 * (part / 2 % 2) & 15;
      const float scale = d * (float)(2 * integer + 1);
      pk_expand_iq2(pk_codes_iq2_xs[code & 511u], pk_even_signs(code >> 9), scale, values);
    }
  }
}

PK_BODY void pk_decode_iq2_s_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 82) {
    const float d = pk_float_from_half(pk_load16(block)) * 0.125f;
    for (int part = 0; part < 32; part++, values += 8) {
      const uint32_t high = block[66 + part / 4] >> 2 * (part % 4) & 3u;
      const int32_t integer = block[74 + part / 4] >> 4 * (part / 2 % 2) & 15;
      const float scale = d * (float)(2 * integer + 1);
      pk_expand_iq2(
          pk_codes_iq2_s[block[2 + part] | high << 8], block[34 + part], scale, values);
    }
  }
}

// Four elements of IQ3: 2, 6, ... 30; the top level of IQ3_XXS is 31.
PK_BODY void pk_expand_iq3(
    uint32_t code, uint32_t signs, float scale, int bent, float *values) {
  for (int i = 0; i < 4; i++) {
    const int32_t level = (int32_t)(code >> 3 * i & 7u);
    const float magnitude = scale * (float)(4 * level + 2 + (bent ? (level + 1) >> 3 : 0));
    values[i] = pk_float(pk_bits(magnitude) ^ (signs >> i & 1u) << 31);
  }
}

PK_BODY void pk_decode_iq3_xxs_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 98) {
    const float d = pk_float_from_half(pk_load16(block)) * 0.5f;
    for (int group = 0; group < 8; group++) {
      const uint32_t rest = pk_load32(block + 66 + 4 * group);
      const float scale = d * (float)(2 * (int32_t)(rest >> 28) + 1);
      for (int part = 0; part < 8; part++, values += 4) {
        const uint32_t signs = pk_even_signs(rest >> 7 * (part / 2) & 127u) >> 4 * (part % 2);
        pk_expand_iq3(pk_codes_iq3_xxs[block[2 + 8 * group + part]], signs, scale, 1, values);
      }
    }
  }
}

PK_BODY void pk_decode_iq3_s_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 110) {
    const float d = pk_float_from_half(pk_load16(block)) * 0.5f;
    for (int part = 0; part < 64; part++, values += 4) {
      const int group = part / 8;
      const uint32_t high = block[66 + group] >> part % 8 & 1u;
      const int32_t integer = block[106 + group / 2] >> 4 * (group % 2) & 15;
      pk_expand_iq3(
          pk_codes_iq3_s[block[2 + part] | high << 8], block[74 + part / 2] >> 4 * (part % 2),
          d * (float)(2 * integer + 1), 0, values);
    }
  }
}

// Eight elements of IQ1: (-1, 0 or 1) + 1/8 or - 1/8.
PK_BODY void pk_expand_iq1(uint32_t code, int lowered, float scale, float *values) {
  const float shift = lowered ? -1.125f : -0.875f;
  for (int i = 0; i < 8; i++) values[i] = scale * ((float)(int32_t)(code >> 2 * i & 3u) + shift);
}

PK_BODY void pk_decode_iq1_s_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 50) {
    const float d = pk_float_from_half(pk_load16(block));
    for (int group = 0; group < 8; group++) {
      const uint32_t rest = pk_load16(block + 34 + 2 * group);
      const float scale = d * (float)(2 * (int32_t)(rest >> 12 & 7u) + 1);
      for (int part = 0; part < 4; part++, values += 8) {
        const uint32_t index = block[2 + 4 * group + part] | (rest >> 3 * part & 7u) << 8;
        pk_expand_iq1(pk_codes_iq1_s[index], (int)(rest >> 15), scale, values);
      }
    }
  }
}

PK_BODY void pk_decode_iq1_m_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 56) {
    const uint8_t *scales = block + 48;
    uint32_t half = 0;
    for (int i = 0; i < 4; i++) half |= (uint32_t)(scales[2 * i + 1] >> 4) << 4 * i;
    const float d = pk_float_from_half((uint16_t)half);
    for (int part = 0; part < 32; part++, values += 8) {
      const int group = part / 2;
      const uint32_t integer = pk_load16(scales + 2 * (group / 4)) >> 3 * (group % 4) & 7u;
      const uint32_t rest = block[32 + part / 2] >> 4 * (part % 2) & 15u;
      pk_expand_iq1(
          pk_codes_iq1_s[block[part] | (rest & 7u) << 8], (int)(rest >> 3),
          d * (float)(2 * (int32_t)integer + 1), values);
    }
  }
}

#define PK_STAMP_DECODE(name) \
  PK_STAMP(name, (blocks, values, count), const void *blocks, float *values, size_t count)
PK_STAMP_DECODE(pk_decode_iq1_s)
PK_STAMP_DECODE(pk_decode_iq1_m)
PK_STAMP_DECODE(pk_decode_iq2_xxs)
PK_STAMP_DECODE(pk_decode_iq2_xs)
PK_STAMP_DECODE(pk_decode_iq2_s)
PK_STAMP_DECODE(pk_decode_iq3_xxs)
PK_STAMP_DECODE(pk_decode_iq3_s)
