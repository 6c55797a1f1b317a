// SPDX-License-Identifier: Apache-2.0
#include "block_superblock.h"
#include "code_pack.h"

// Formats/Q4_K.md, Formats/Q6_K.md.

// Added one by one from a full grid, each the one that lowers the error most.
static const float pk_ends_q4_k_plain[][2] = {
    {0.1f, 0.1f}, {0.5f, -0.1f}, {-0.1f, 0.3f}, {0.3f, 0.1f}};
static const float pk_ends_q4_k_weighted[][2] = {
    {0.25f, 0.25f}, {0.5f, -0.25f}, {0, 0.5f}, {-0.25f, -0.25f}, {-0.25f, 0.75f}, {0.25f, -0.25f},
    {1, 0.25f}, {-0.25f, 0.25f}, {0.5f, 0.25f}, {0.25f, 1.25f}};
static const float pk_ends_q5_k_plain[][2] = {
    {0, -0.2f}, {-0.4f, 0.2f}, {0.2f, -0.4f}};
static const float pk_ends_q5_k_weighted[][2] = {
    {0, -0.25f}, {-0.25f, 0.5f}, {0.5f, 0}, {0.25f, 0.25f}, {-0.25f, 0}, {0.5f, -0.25f},
    {-0.25f, 1}, {0.75f, 0.75f}, {1.25f, 0.25f}, {0, 0}, {0, 0.75f}};

PK_BODY void pk_pack_scales(const int *scales, const int *minimums, uint8_t *packed) {
  for (int g = 0; g < 4; g++) {
    packed[g] = (uint8_t)(scales[g] | (scales[g + 4] >> 4) << 6);
    packed[g + 4] = (uint8_t)(minimums[g] | (minimums[g + 4] >> 4) << 6);
    packed[g + 8] = (uint8_t)((scales[g + 4] & 15) | (minimums[g + 4] & 15) << 4);
  }
}

PK_BODY void pk_encode_k(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes, int high,
    int nibbles, float highest, const pk_end_trials *trials) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t start = 0; start < count; start += 2) {
    const size_t superblocks = count - start < 2 ? 1 : 2;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 256, importance ? importance + start * 256 : NULL, unit, superblocks * 8,
        32, PK_LIMIT_K, x, weights);
    const pk_codes range = {0, highest, NULL};
    const pk_superblocks fit = pk_fit_scales_and_minimums(
        x, importance ? weights : NULL, 32, 8, highest, 63, trials);
    pk_store_codes(
        x, &range, fit.d.scale * fit.scale, -(fit.d.minimum * fit.minimum), 32, codes[0]);
    for (size_t s = 0; s < superblocks; s++, block += bytes) {
      int scales[8], minimums[8];
      for (int g = 0; g < 8; g++) {
        scales[g] = (int)fit.scale[8 * s + g];
        minimums[g] = (int)fit.minimum[8 * s + g];
      }
      pk_store16(block, pk_half_from_float(fit.d.scale[8 * s]));
      pk_store16(block + 2, pk_half_from_float(fit.d.minimum[8 * s]));
      pk_pack_scales(scales, minimums, block + 4);
      pk_pack_k(codes + 8 * s, high, nibbles, block);
    }
  }
}

PK_BODY void pk_encode_q4_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  static const pk_end_trials trials = PK_TRIALS(pk_ends_q4_k, 1);
  PK_WITH_OR_WITHOUT(pk_encode_k, blocks, count, 144, 0, 16, 15, &trials)
}
PK_BODY void pk_encode_q5_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  static const pk_end_trials trials = PK_TRIALS(pk_ends_q5_k, 1);
  PK_WITH_OR_WITHOUT(pk_encode_k, blocks, count, 176, 16, 48, 31, &trials)
}

static const float pk_steps_q6_k_plain[] = {-32.0f, -31.0f, -29.9f};
static const float pk_steps_q6_k_weighted[] = {-32.3f, -31.8f, -31.3f, -30.7f, -30.0f, -29.2f};
static const pk_trials pk_trials_q6_k = PK_TRIALS(pk_steps_q6_k, 0);

PK_BODY void pk_encode_q6(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t b = 0; b < count; b++, block += 210) {
    pk_vf x[16], weights[16];
    uint8_t codes[PK_LANES][16];
    pk_load_groups(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, 16, 16, PK_LIMIT_K, x,
        weights);
    const pk_codes range = {-32, 31, NULL};
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 16);
    const pk_superblocks fit = pk_fit_scales(&group, 16, &range, -128, 127, &pk_trials_q6_k);
    pk_store_codes(x, &range, fit.d.scale * fit.scale, 0, 16, codes[0]);
    pk_pack_q6_k(codes, block);
    for (int g = 0; g < 16; g++) block[192 + g] = (uint8_t)(int8_t)fit.scale[g];
    pk_store16(block + 208, pk_half_from_float(fit.d.scale[0]));
  }
}

PK_BODY void pk_encode_q6_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q6, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_q4_k)
PK_STAMP_ENCODE(pk_encode_q5_k)
PK_STAMP_ENCODE(pk_encode_q6_k)
