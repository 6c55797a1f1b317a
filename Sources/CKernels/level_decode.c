// SPDX-License-Identifier: Apache-2.0
#include "level_tables.h"
#include "superblock_scales.h"

// Formats/IQ4.md, Formats/FP4.md.

// A group's first half lies in the low nibbles, the second in the high ones.
PK_BODY void pk_expand_levels(
    const uint8_t *nibbles, const float *levels, float scale, int half, float *values) {
  for (int i = 0; i < half; i++) {
    values[i] = scale * levels[nibbles[i] & 15];
    values[i + half] = scale * levels[nibbles[i] >> 4];
  }
}

PK_BODY void pk_decode_iq4_nl_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 18, values += 32) {
    const float d = pk_float_from_half(pk_load16(block));
    pk_expand_levels(block + 2, pk_levels_iq4, d, 16, values);
  }
}

PK_BODY void pk_decode_iq4_xs_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 136) {
    const float d = pk_float_from_half(pk_load16(block));
    for (int group = 0; group < 8; group++, values += 32) {
      const float scale = d * (float)pk_scale_of_iq4_xs(block, group);
      pk_expand_levels(block + 8 + 16 * group, pk_levels_iq4, scale, 16, values);
    }
  }
}

PK_BODY void pk_decode_mxfp4_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 17, values += 32) {
    pk_expand_levels(block + 1, pk_levels_fp4, pk_half_from_e8m0(block[0]), 16, values);
  }
}

PK_BODY void pk_decode_nvfp4_body(const void *source, float *values, size_t blocks) {
  const uint8_t *block = source;
  for (size_t b = 0; b < blocks; b++, block += 36) {
    for (int group = 0; group < 4; group++, values += 16) {
      pk_expand_levels(
          block + 4 + 8 * group, pk_levels_fp4, pk_half_from_ue4m3(block[group]), 8, values);
    }
  }
}

#define PK_STAMP_DECODE(name) \
  PK_STAMP(name, (blocks, values, count), const void *blocks, float *values, size_t count)
PK_STAMP_DECODE(pk_decode_iq4_nl)
PK_STAMP_DECODE(pk_decode_iq4_xs)
PK_STAMP_DECODE(pk_decode_mxfp4)
PK_STAMP_DECODE(pk_decode_nvfp4)
