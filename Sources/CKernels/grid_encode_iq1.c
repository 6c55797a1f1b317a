// SPDX-License-Identifier: Apache-2.0
#include "grid_codes_iq1.h"
#include "grid_fit.h"

// Superblocks of 256 elements in parts of eight, each a point of a code book of -1, 0 and 1, moved
// up or down by an eighth: Formats/IQ1.md.

static const float pk_shares_iq1[] = {0.7f, 0.8f, 0.9f, 1.0f, 1.1f, 1.2f, 1.3f};
static const pk_steps pk_steps_iq1 = {pk_shares_iq1, PK_COUNT(pk_shares_iq1), 0, 0};

static const pk_format pk_format_iq1_s = {
    PK_LEVELS_IQ1, PK_SIGNS_NONE, pk_codes_iq1_s, 2048, 4, 8, 1, 4};
static const pk_format pk_format_iq1_m = {
    PK_LEVELS_IQ1, PK_SIGNS_NONE, pk_codes_iq1_s, 2048, 2, 8, 1, 1};

PK_BODY void pk_pack_iq1_s(const pk_superblock *fit, uint8_t *block) {
  pk_store16(block, pk_half_from_float(fit->d));
  for (int group = 0; group < 8; group++) {
    uint32_t rest = (uint32_t)fit->integer[4 * group] << 12;
    rest |= (uint32_t)(fit->found.shift[4 * group] < 0) << 15;
    for (int part = 0; part < 4; part++) {
      const uint32_t index = (uint32_t)fit->found.index[0][4 * group + part];
      block[2 + 4 * group + part] = (uint8_t)index;
      rest |= (index >> 8) << 3 * part;
    }
    pk_store16(block + 34 + 2 * group, (uint16_t)rest);
  }
}

PK_BODY void pk_pack_iq1_m(const pk_superblock *fit, uint8_t *block) {
  for (int i = 0; i < 16; i++) {
    uint32_t rest = 0;
    for (int part = 0; part < 2; part++) {
      const int lane = 2 * i + part;
      const uint32_t index = (uint32_t)fit->found.index[0][lane];
      const uint32_t lowered = fit->found.shift[lane] < 0;
      block[lane] = (uint8_t)index;
      rest |= (index >> 8 | lowered << 3) << 4 * part;
    }
    block[32 + i] = (uint8_t)rest;
  }
  const uint32_t half = pk_half_from_float(fit->d);
  for (int i = 0; i < 4; i++) {
    uint32_t scales = (half >> 4 * i & 15u) << 12;
    for (int g = 0; g < 4; g++) scales |= (uint32_t)fit->integer[8 * i + 2 * g] << 3 * g;
    pk_store16(block + 48 + 2 * i, (uint16_t)scales);
  }
}

PK_BODY void pk_encode_iq1(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes,
    const pk_format *format, void (*pack)(const pk_superblock *, uint8_t *)) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  pk_book book;
  pk_open_book(format, &book);
  for (size_t b = 0; b < count; b++, block += bytes) {
    pk_parts parts;
    pk_superblock fit;
    pk_load_parts(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, &parts);
    pk_fit_superblock(&parts, format, &book, &pk_steps_iq1, &fit);
    pack(&fit, block);
  }
}

PK_BODY void pk_encode_iq1_s_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq1(values, importance, blocks, count, 50, &pk_format_iq1_s, pk_pack_iq1_s);
}
PK_BODY void pk_encode_iq1_m_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq1(values, importance, blocks, count, 56, &pk_format_iq1_m, pk_pack_iq1_m);
}

PK_STAMP_ENCODE(pk_encode_iq1_s)
PK_STAMP_ENCODE(pk_encode_iq1_m)
