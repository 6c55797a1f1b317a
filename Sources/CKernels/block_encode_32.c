// SPDX-License-Identifier: Apache-2.0
#include "block_search.h"
#include "code_pack.h"

// Formats of 32 elements with their own half-precision scale: Formats/Q4_0.md, Formats/Q8_0.md.

// Codes that the largest magnitude is tried at. 127 levels leave the choice to chance, so that a
// handful of candidates is enough; with few levels, clipping the largest value pays.
static const float pk_steps_q4_plain[] = {-8.2f, -8.6f, -7.2f};
static const float pk_steps_q4_weighted[] = {
    -9.6f, -8.9f, -8.4f, -7.9f, -7.3f, -6.7f, -6.1f, 7.5f, 8.2f, 8.9f};
static const pk_trials pk_trials_q4 = PK_TRIALS(pk_steps_q4, 1);
static const float pk_steps_q5_plain[] = {-16, -15.1f, -16.6f, -14.1f};
static const float pk_steps_q5_weighted[] = {-17.3f, -16.7f, -16.3f, -15.9f, -15.1f, -14.2f, -13.2f,
                                             -12,    12,     13.2f,  14.2f,  14.8f,  15.2f,  16.2f};
static const pk_trials pk_trials_q5 = PK_TRIALS(pk_steps_q5, 1);
static const float pk_steps_q8_plain[] = {-127.4f, -125.9f};
static const float pk_steps_q8_weighted[] = {-128.3f, -127.2f, -126.1f, -124.9f};
static const pk_trials pk_trials_q8 = PK_TRIALS(pk_steps_q8, 1);

// Values beyond ±limit get the code of the limit anyway; squares stay far from overflow.
#define PK_LIMIT_32 1e8f

PK_BODY void pk_encode_symmetric(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes, int high,
    int nibbles, int zero, const pk_trials *trials) {
  const float unit = importance ? pk_importance_unit(importance, count * 32) : 1;
  const pk_codes range = {(float)-zero, (float)(zero - 1), NULL};
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 32, importance ? importance + start * 32 : NULL, unit, groups, 32,
        PK_LIMIT_32, x, weights);
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 32);
    const pk_fit fit = pk_search_scale(&group, &range, 1, trials);
    pk_store_codes(x, &range, fit.scale, 0, 32, codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += bytes) {
      pk_store16(block, pk_half_from_float(fit.scale[lane]));
      if (nibbles) {
        pk_pack_nibbles(codes[lane], high, nibbles, block);
      } else {
        pk_pack_signed(codes[lane], block + 2);
      }
    }
  }
}

PK_BODY void pk_encode_q4_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_symmetric, blocks, count, 18, 0, 2, 8, &pk_trials_q4)
}
PK_BODY void pk_encode_q5_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_symmetric, blocks, count, 22, 2, 6, 16, &pk_trials_q5)
}
PK_BODY void pk_encode_q8_0_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_symmetric, blocks, count, 34, 0, 0, 128, &pk_trials_q8)
}

static const float pk_ends_q4_plain[][2] = {
    {0.1f, 0.1f}, {-0.1f, 0.5f}, {0.3f, -0.1f}, {-0.1f, 0.3f}, {0.5f, -0.1f}};
static const float pk_ends_q4_weighted[][2] = {
    {-0.1f, -0.1f}, {-0.1f, 0.4f}, {-0.1f, 0.9f}, {-0.1f, 1.4f}, {0.4f, -0.1f}, {0.4f, 0.4f},
    {0.4f, 0.9f}, {0.4f, 1.4f}, {0.9f, -0.1f}, {0.9f, 0.4f}, {0.9f, 0.9f}, {1.4f, -0.1f},
    {1.4f, 0.4f}};
static const float pk_ends_q5_plain[][2] = {
    {0.05f, 0.05f}, {0.3f, -0.2f}, {-0.2f, 0.3f}, {-0.2f, 0.55f}, {0.3f, 0.3f}};
static const float pk_ends_q5_weighted[][2] = {
    {-0.3f, -0.3f}, {-0.3f, 0}, {-0.3f, 0.3f}, {-0.3f, 0.6f}, {-0.3f, 1}, {-0.3f, 1.5f}, {0, -0.3f},
    {0, 0}, {0, 0.3f}, {0, 0.6f}, {0, 1}, {0, 1.5f}, {0.3f, -0.3f}, {0.3f, 0}, {0.3f, 0.3f},
    {0.3f, 0.6f}, {0.3f, 1}, {0.6f, -0.3f}, {0.6f, 0}, {0.6f, 0.3f}, {0.6f, 0.6f}, {0.6f, 1},
    {1, -0.3f}, {1, 0}, {1, 0.3f}, {1, 0.6f}, {1.5f, -0.3f}, {1.5f, 0}};

PK_BODY void pk_encode_affine(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes, int high,
    int nibbles, float highest, const pk_end_trials *trials) {
  const float unit = importance ? pk_importance_unit(importance, count * 32) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 32, importance ? importance + start * 32 : NULL, unit, groups, 32,
        PK_LIMIT_32, x, weights);
    pk_lifted group;
    pk_vf top;
    pk_lift_group(x, importance ? weights : NULL, 32, 0, &group, &top);
    const pk_fit fit = pk_search_affine(
        &group, importance ? weights : NULL, top, highest, 1, 0, trials);
    const pk_codes range = {0, highest, NULL};
    pk_store_codes(x, &range, fit.scale, fit.offset, 32, codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += bytes) {
      pk_store16(block, pk_half_from_float(fit.scale[lane]));
      pk_store16(block + 2, pk_half_from_float(fit.offset[lane]));
      pk_pack_nibbles(codes[lane], high, nibbles, block);
    }
  }
}

PK_BODY void pk_encode_q4_1_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  static const pk_end_trials trials = PK_TRIALS(pk_ends_q4, 2);
  PK_WITH_OR_WITHOUT(pk_encode_affine, blocks, count, 20, 0, 4, 15, &trials)
}
PK_BODY void pk_encode_q5_1_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  static const pk_end_trials trials = PK_TRIALS(pk_ends_q5, 2);
  PK_WITH_OR_WITHOUT(pk_encode_affine, blocks, count, 24, 4, 8, 31, &trials)
}

PK_STAMP_ENCODE(pk_encode_q4_0)
PK_STAMP_ENCODE(pk_encode_q4_1)
PK_STAMP_ENCODE(pk_encode_q5_0)
PK_STAMP_ENCODE(pk_encode_q5_1)
PK_STAMP_ENCODE(pk_encode_q8_0)
