// SPDX-License-Identifier: Apache-2.0
#include "block_superblock.h"
#include "code_pack.h"

// Formats/Q2_K.md, Formats/Q3_K.md: sixteen groups of sixteen elements.

static const float pk_ends_q2_k_plain[][2] = {{0.2f, 0.2f}, {0.4f, 0}, {0, 0.4f}};
static const float pk_ends_q2_k_weighted[][2] = {
    {-0.1f, -0.1f}, {-0.1f, 0.3f}, {-0.1f, 0.6f}, {0.3f, -0.1f}, {0.3f, 0.3f},
    {0.3f, 0.6f},   {0.6f, -0.1f}, {0.6f, 0.3f},  {0.6f, 0.6f}};
static const pk_end_trials pk_trials_q2_k = PK_TRIALS(pk_ends_q2_k, 1);
static const float pk_steps_q3_k_plain[] = {-4.24f, -3.12f};
static const float pk_steps_q3_k_weighted[] = {
    -5.1f, -4.6f, -4.2f, -3.7f, -3.2f, -2.6f, 4.2f, 4.8f};
static const pk_trials pk_trials_q3_k = PK_TRIALS(pk_steps_q3_k, 1);

PK_BODY void pk_encode_q2(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t b = 0; b < count; b++, block += 84) {
    pk_vf x[16], weights[16];
    uint8_t codes[PK_LANES][16];
    pk_load_groups(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, 16, 16, PK_LIMIT_K, x,
        weights);
    const pk_codes range = {0, 3, NULL};
    const pk_superblocks fit = pk_fit_scales_and_minimums(
        x, importance ? weights : NULL, 16, 16, 3, 15, &pk_trials_q2_k);
    pk_store_codes(
        x, &range, fit.d.scale * fit.scale, -(fit.d.minimum * fit.minimum), 16, codes[0]);
    for (int g = 0; g < 16; g++) {
      block[g] = (uint8_t)((int)fit.scale[g] | (int)fit.minimum[g] << 4);
    }
    pk_pack_pairs(codes, block + 16);
    pk_store16(block + 80, pk_half_from_float(fit.d.scale[0]));
    pk_store16(block + 82, pk_half_from_float(fit.d.minimum[0]));
  }
}

PK_BODY void pk_encode_q2_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q2, blocks, count)
}

PK_BODY void pk_pack_q3_k(
    const pk_superblocks *fit, const uint8_t codes[][16], uint8_t *block) {
  pk_pack_q3_k_codes(codes, block);
  uint8_t *packed = block + 96;
  memset(packed, 0, 12);
  for (int g = 0; g < 16; g++) {
    const uint32_t integer = (uint32_t)((int)fit->scale[g] + 32);
    packed[g % 8] |= (uint8_t)((integer & 15u) << 4 * (g / 8));
    packed[8 + g % 4] |= (uint8_t)((integer >> 4) << 2 * (g / 4));
  }
  pk_store16(block + 108, pk_half_from_float(fit->d.scale[0]));
}

PK_BODY void pk_encode_q3(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t b = 0; b < count; b++, block += 110) {
    pk_vf x[16], weights[16];
    uint8_t codes[PK_LANES][16];
    pk_load_groups(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, 16, 16, PK_LIMIT_K, x,
        weights);
    const pk_codes range = {-4, 3, NULL};
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 16);
    const pk_superblocks fit = pk_fit_scales(&group, 16, &range, -32, 31, &pk_trials_q3_k);
    pk_store_codes(x, &range, fit.d.scale * fit.scale, 0, 16, codes[0]);
    pk_pack_q3_k(&fit, codes, block);
  }
}

PK_BODY void pk_encode_q3_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q3, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_q2_k)
PK_STAMP_ENCODE(pk_encode_q3_k)
