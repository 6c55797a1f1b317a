// SPDX-License-Identifier: Apache-2.0
#include "feedback_lanes.h"
#include "grid_pack_iq2.h"
#include "grid_pack_iq3.h"

// New points for superblocks whose scales stay: Formats/IQ2.md, Formats/IQ3.md.

typedef struct {
  size_t bytes;
  // Where the integers of scales are: in the top four bits of words, or two a byte for so many parts.
  size_t words, word_stride, nibbles, parts_in_nibble;
  float unit;
} pk_point_layout;

static const pk_point_layout layouts[] = {
    [PK_POINTS_IQ2_XXS] = {66, 6, 8, 0, 0, 0.125f}, [PK_POINTS_IQ2_XS] = {74, 0, 0, 66, 2, 0.125f},
    [PK_POINTS_IQ2_S] = {82, 0, 0, 74, 2, 0.125f},  [PK_POINTS_IQ3_XXS] = {98, 66, 4, 0, 0, 0.5f},
    [PK_POINTS_IQ3_S] = {110, 0, 0, 106, 4, 0.5f},
};

static int integer_of(const pk_point_layout *layout, const uint8_t *block, size_t part) {
  if (layout->word_stride > 0) {
    return block[layout->words + part / 4 * layout->word_stride + 3] >> 4;
  }
  const size_t nibble = part / layout->parts_in_nibble;
  return block[layout->nibbles + nibble / 2] >> 4 * (nibble % 2) & 15;
}

void pk_part_scales(pk_point_format format, const void *blocks, float *scales, size_t count) {
  const pk_point_layout *layout = layouts + format;
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += layout->bytes) {
    const float d = pk_float_from_half(pk_load16(block)) * layout->unit;
    for (size_t part = 0; part < PK_PARTS; part++) {
      *scales++ = d * (float)(2 * integer_of(layout, block, part) + 1);
    }
  }
}

PK_BODY void pk_store_points_body(
    pk_point_format format, const int16_t *points, const uint8_t *signs, void *blocks,
    size_t count) {
  const pk_point_layout *layout = layouts + format;
  uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += layout->bytes) {
    pk_superblock fit;
    memset(&fit, 0, sizeof fit);
    int16_t index[2][PK_PARTS];
    uint32_t negative[PK_PARTS];
    float integer[PK_PARTS];
    for (size_t part = 0; part < PK_PARTS; part++) {
      index[0][part] = *points++;
      index[1][part] = *points++;
      negative[part] = *signs++;
      integer[part] = (float)integer_of(layout, block, part);
    }
    memcpy(fit.found.index, index, sizeof index);
    memcpy(&fit.found.negative, negative, sizeof negative);
    memcpy(&fit.integer, integer, sizeof integer);
    switch (format) {
      case PK_POINTS_IQ2_XXS: pk_pack_iq2_xxs(&fit, block); break;
      case PK_POINTS_IQ2_XS: pk_pack_iq2_xs(&fit, block); break;
      case PK_POINTS_IQ2_S: pk_pack_iq2_s(&fit, block); break;
      case PK_POINTS_IQ3_XXS: pk_pack_iq3_xxs(&fit, block); break;
      case PK_POINTS_IQ3_S: pk_pack_iq3_s(&fit, block); break;
    }
  }
}

PK_STAMP(
    pk_store_points, (format, points, signs, blocks, count), pk_point_format format,
    const int16_t *points, const uint8_t *signs, void *blocks, size_t count)
