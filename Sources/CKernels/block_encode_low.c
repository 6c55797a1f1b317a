// SPDX-License-Identifier: Apache-2.0
#include "block_search.h"

// Formats of one or two bits whose large groups have one scale: Formats/TQ.md, Formats/Q1_0.md.

// Codes that the largest magnitude is tried at. At 1, what is ternary already stays as it is.
static const float pk_steps_ternary_plain[] = {1, 2.2f};
static const float pk_steps_ternary_weighted[] = {1, 1.4f, 1.8f, 2.2f, 2.6f, 3.2f, 4.2f, 6};
static const pk_trials pk_trials_ternary = PK_TRIALS(pk_steps_ternary, 1);
static const float pk_steps_q2_0_plain[] = {1, 1.4f, 2.1f, 2.8f, -1.4f, -2.1f, -2.8f};
static const float pk_steps_q2_0_weighted[] = {1,     1.3f,  1.7f,  2.1f,  2.5f,  3,  3.8f, 5,
                                               -1.3f, -1.7f, -2.1f, -2.5f, -3.2f, -4, -5};
static const pk_trials pk_trials_q2_0 = PK_TRIALS(pk_steps_q2_0, 1);

PK_BODY void pk_pack_tq2_0(const uint8_t *codes, uint8_t *block) {
  for (int half = 0; half < 2; half++) {
    for (int i = 0; i < 32; i++) {
      uint32_t bits = 0;
      for (int n = 0; n < 4; n++) bits |= (uint32_t)codes[128 * half + 32 * n + i] << 2 * n;
      block[32 * half + i] = (uint8_t)bits;
    }
  }
}

// Five digits of base 3 as the fraction of 243 that a byte is of 256, rounded up.
PK_BODY uint8_t pk_pack_trits(const uint8_t *codes, int distance, int count) {
  uint32_t number = 0;
  for (int n = 0; n < 5; n++) number = 3 * number + (n < count ? codes[distance * n] : 0u);
  return (uint8_t)((number * 256 + 242) / 243);
}

PK_BODY void pk_pack_tq1_0(const uint8_t *codes, uint8_t *block) {
  for (int i = 0; i < 32; i++) block[i] = pk_pack_trits(codes + i, 32, 5);
  for (int i = 0; i < 16; i++) block[32 + i] = pk_pack_trits(codes + 160 + i, 16, 5);
  for (int i = 0; i < 4; i++) block[48 + i] = pk_pack_trits(codes + 240 + i, 4, 4);
}

PK_BODY void pk_encode_ternary(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes,
    void (*pack)(const uint8_t *, uint8_t *)) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[256], weights[256];
    uint8_t codes[PK_LANES][256];
    pk_load_groups(
        values + start * 256, importance ? importance + start * 256 : NULL, unit, groups, 256,
        1e8f, x, weights);
    const pk_codes range = {-1, 1, NULL};
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 256);
    const pk_fit fit = pk_search_scale(&group, &range, 1, &pk_trials_ternary);
    pk_store_codes(x, &range, fit.scale, 0, 256, codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += bytes) {
      pack(codes[lane], block);
      pk_store16(block + bytes - 2, pk_half_from_float(fit.scale[lane]));
    }
  }
}

PK_BODY void pk_encode_tq1_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_ternary, blocks, count, 54, pk_pack_tq1_0)
}
PK_BODY void pk_encode_tq2_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_ternary, blocks, count, 66, pk_pack_tq2_0)
}

PK_BODY void pk_encode_q2(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 64) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[64], weights[64];
    uint8_t codes[PK_LANES][64];
    pk_load_groups(
        values + start * 64, importance ? importance + start * 64 : NULL, unit, groups, 64, 1e8f,
        x, weights);
    const pk_codes range = {-1, 2, NULL};
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 64);
    const pk_fit fit = pk_search_scale(&group, &range, 1, &pk_trials_q2_0);
    pk_store_codes(x, &range, fit.scale, 0, 64, codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += 18) {
      pk_store16(block, pk_half_from_float(fit.scale[lane]));
      for (int i = 0; i < 16; i++) {
        const uint8_t *four = codes[lane] + 4 * i;
        block[2 + i] = (uint8_t)(four[0] | four[1] << 2 | four[2] << 4 | four[3] << 6);
      }
    }
  }
}

PK_BODY void pk_encode_q2_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q2, blocks, count)
}

// Signs alone: the weighted mean of the magnitudes is the best scale.
PK_BODY void pk_encode_q1(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 128) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[128], weights[128], weight = 0, sum = 0;
    pk_load_groups(
        values + start * 128, importance ? importance + start * 128 : NULL, unit, groups, 128,
        1e8f, x, weights);
    for (int i = 0; i < 128; i++) {
      weight += pk_weighted(importance ? weights : NULL, i, 1.0f);
      sum += pk_weighted(importance ? weights : NULL, i, pk_magnitude(x[i]));
    }
    const pk_vf scale = pk_stored_half(pk_divide(sum, weight));
    for (size_t lane = 0; lane < groups; lane++, block += 18) {
      const float *group = values + (start + lane) * 128;
      pk_store16(block, pk_half_from_float(scale[lane]));
      for (int i = 0; i < 16; i++) {
        uint32_t bits = 0;
        for (int j = 0; j < 8; j++) bits |= (uint32_t)!(group[8 * i + j] < 0) << j;
        block[2 + i] = (uint8_t)bits;
      }
    }
  }
}

PK_BODY void pk_encode_q1_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q1, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_tq1_0)
PK_STAMP_ENCODE(pk_encode_tq2_0)
PK_STAMP_ENCODE(pk_encode_q1_0)
PK_STAMP_ENCODE(pk_encode_q2_0)
