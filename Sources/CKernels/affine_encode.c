// SPDX-License-Identifier: Apache-2.0
#include "affine_groups.h"

// Whole numbers with a scale, and an offset or a zero point: Formats/mlx.md,
// Formats/compressed-tensors.md.
//
// Each candidate is scored as it will be read: numbers as stored, codes rounded against them. The
// same pass gives the sums from which least squares moves scale and offset for these codes.

typedef enum { PK_NEITHER, PK_SCALE, PK_BOTH } pk_solved;

typedef struct {
  pk_vf scale, offset, error;
  pk_vf scale_change, offset_change;  // what least squares would do to them
} pk_affine;

// y = (code + shift) * scale + offset, code from 0 to highest. Scores a candidate, keeps it if it is
// the best, and gives the least-squares correction of the numbers that are `solved` for.
PK_BODY void pk_score(
    const pk_group_lanes *g, float highest, pk_vf shift, pk_solved solved, pk_vf scale, pk_vf offset,
    pk_affine *best, pk_vf *scale_change, pk_vf *offset_change) {
  const pk_vf inverse = pk_inverse(scale), start = shift * scale + offset;
  pk_vf error = 0, q1 = 0, qq = 0, d1 = 0, dq = 0;
  for (int i = 0; i < g->size; i++) {
    const pk_vf code = pk_round(pk_clamp((g->x[i] - start) * inverse, 0.0f, highest));
    const pk_vf q = code + shift;
    const pk_vf d = g->x[i] - (q * scale + offset);
    const pk_vf wq = pk_weighted(g->w, i, q), wd = pk_weighted(g->w, i, d);
    error += wd * d;
    q1 += wq;
    qq += wq * q;
    d1 += wd;
    dq += wd * q;
  }
  *scale_change = 0;
  *offset_change = 0;
  if (solved == PK_SCALE) {
    *scale_change = pk_divide(dq, qq);
  } else if (solved == PK_BOTH) {
    *scale_change = pk_divide(g->weight * dq - d1 * q1, g->weight * qq - q1 * q1);
    *offset_change = pk_divide(d1 - *scale_change * q1, g->weight);
  }
  const pk_vi better = error < best->error;
  best->scale = better ? scale : best->scale;
  best->offset = better ? offset : best->offset;
  best->error = better ? error : best->error;
  best->scale_change = better ? *scale_change : best->scale_change;
  best->offset_change = better ? *offset_change : best->offset_change;
}

PK_BODY void pk_ends(const pk_group_lanes *g, pk_vf *low, pk_vf *high) {
  *low = g->x[0];
  *high = g->x[0];
  for (int i = 1; i < g->size; i++) {
    *low = g->x[i] < *low ? g->x[i] : *low;
    *high = g->x[i] > *high ? g->x[i] : *high;
  }
}

// How far the ends of the range are moved inwards, in steps: with few codes, clipping pays.
static const float pk_ends_2[][2] = {{0, 0},       {0.2f, 0.2f}, {0.4f, 0.4f}, {0.6f, 0.6f},
                                     {0.1f, 0.5f}, {0.5f, 0.1f}, {0.3f, 0.7f}, {0.7f, 0.3f},
                                     {0.8f, 0.8f}};
static const float pk_ends_4[][2] = {{0, 0},       {0.3f, 0.3f}, {0.6f, 0.6f},  {1.0f, 1.0f},
                                     {0.1f, 0.9f}, {0.9f, 0.1f}, {0.5f, 1.4f},  {1.4f, 0.5f},
                                     {1.5f, 1.5f}, {0.0f, 1.8f}, {1.8f, 0.0f}};
static const float pk_ends_8[][2] = {{0, 0},        {0.4f, 0.4f}, {-0.4f, -0.4f}, {0.8f, 0.2f},
                                     {0.2f, 0.8f},  {-0.5f, 0.5f}, {0.5f, -0.5f}, {1.0f, 1.0f}};

// With many codes a step is hardly wider than the gaps between stored numbers: the scales from
// that of the range up are tried, each with the offsets around that which centres the range.
PK_BODY void pk_search_stored(
    const pk_group_lanes *g, float highest, pk_stored_type type, pk_vf low, pk_vf high,
    pk_affine *best) {
  pk_vf unused, unused_too;
  const pk_vf range = (high - low) * (1.0f / highest), middle = (low + high) * 0.5f;
  for (int direction = -1; direction <= 1; direction += 2) {
    for (int up = 0; up <= 2; up++) {
      const pk_vf scale = pk_moved(pk_stored(range * (float)direction, type), up, type);
      const pk_vf centred = pk_stored(middle - scale * (0.5f * highest), type);
      for (int move = -2; move <= 2; move++) {
        pk_score(
            g, highest, (pk_vf)0, PK_NEITHER, scale, pk_moved(centred, move, type), best, &unused,
            &unused_too);
      }
    }
  }
}

PK_BODY pk_affine pk_search_offset(
    const pk_group_lanes *g, float highest, pk_stored_type type, const float (*ends)[2],
    int end_count, int refinements) {
  pk_vf low, high, scale_change, offset_change;
  pk_ends(g, &low, &high);
  const pk_vf none = 0;
  pk_affine best = {0, 0, (pk_vf)0 + __builtin_inff(), 0, 0};
  const pk_vf step = (high - low) * (1.0f / highest);

  // What rounding to the ends alone gives: the end of the larger magnitude and zero are exact.
  {
    const pk_vi negative = pk_magnitude(low) > pk_magnitude(high);
    const pk_vf edge = negative ? low : high;
    const pk_vf least = step > 1e-7f ? step : (pk_vf)1e-7f;
    const pk_vf signed_step = negative ? least : -least;
    const pk_vf ratio = edge / signed_step;
    const pk_vf code = pk_round(pk_clamp(ratio, -1024.0f, 1024.0f));
    const pk_vi usable = code != 0.0f;
    const pk_vf scale = usable ? edge / (usable ? code : (pk_vf)1.0f) : signed_step;
    pk_score(
        g, highest, none, PK_BOTH, pk_stored(scale, type), pk_stored(usable ? edge : none, type), &best,
        &scale_change, &offset_change);
  }
  for (int c = 0; c < end_count; c++) {
    const pk_vf bottom = low + ends[c][0] * step, top = high - ends[c][1] * step;
    pk_vf scale = pk_stored((top - bottom) * (1.0f / highest), type);
    pk_vf offset = pk_stored(bottom, type);
    pk_score(g, highest, none, PK_BOTH, scale, offset, &best, &scale_change, &offset_change);
    scale = pk_stored(scale + scale_change, type);
    offset = pk_stored(offset + offset_change, type);
    pk_score(g, highest, none, PK_BOTH, scale, offset, &best, &scale_change, &offset_change);
    if (type == PK_STORED_F32 || highest < 60.0f) continue;
    // From the other end: the offset is rounded elsewhere, which matters where steps are small.
    scale = pk_stored((bottom - top) * (1.0f / highest), type);
    offset = pk_stored(top, type);
    pk_score(g, highest, none, PK_BOTH, scale, offset, &best, &scale_change, &offset_change);
  }
  for (int i = 0; i < refinements; i++) {
    const pk_vf scale = pk_stored(best.scale + best.scale_change, type);
    const pk_vf offset = pk_stored(best.offset + best.offset_change, type);
    pk_score(g, highest, none, PK_BOTH, scale, offset, &best, &scale_change, &offset_change);
  }
  if (type == PK_STORED_F32) return best;
  if (highest > 60.0f) pk_search_stored(g, highest, type, low, high, &best);
  // The numbers next to the best.
  static const int neighbours[][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, -1}, {-1, 1}};
  for (int i = 0; i < PK_COUNT(neighbours); i++) {
    pk_score(
        g, highest, none, PK_NEITHER, pk_moved(best.scale, neighbours[i][0], type),
        pk_moved(best.offset, neighbours[i][1], type), &best, &scale_change, &offset_change);
  }
  return best;
}

// Codes of the best candidate, in place of the values.
PK_BODY void pk_codes_of(
    pk_group_lanes *g, float highest, pk_vf shift, pk_vf scale, pk_vf offset) {
  const pk_vf inverse = pk_inverse(scale), start = shift * scale + offset;
  for (int i = 0; i < g->size; i++) {
    g->x[i] = pk_round(pk_clamp((g->x[i] - start) * inverse, 0.0f, highest));
  }
}

PK_BODY void pk_encode_offset_with(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *offsets) {
  const float unit =
      importance ? pk_importance_unit(importance, groups * (size_t)size) : 1;
  const float highest = (float)((1 << bits) - 1);
  const float(*ends)[2] = bits < 4 ? pk_ends_2 : bits < 6 ? pk_ends_4 : pk_ends_8;
  const int end_count = bits < 4   ? PK_COUNT(pk_ends_2)
                        : bits < 6 ? PK_COUNT(pk_ends_4)
                                   : PK_COUNT(pk_ends_8);
  PK_EACH_LANES(groups, start, count) {
    pk_group_lanes g;
    const size_t first = start * (size_t)size;
    pk_load_lanes(
        values + first, importance ? importance + first : NULL, unit, count, size, &g);
    const pk_affine best =
        pk_search_offset(&g, highest, type, ends, end_count, bits < 6 ? 3 : 1);
    pk_codes_of(&g, highest, (pk_vf)0, best.scale, best.offset);
    pk_store_lanes(g.x, size, count, codes + first);
    memcpy(scales + start, &best.scale, count * sizeof(float));
    memcpy(offsets + start, &best.offset, count * sizeof(float));
  }
}

// Codes that the largest magnitude is tried at, as shares of the highest.
static const float pk_shares[] = {1.0f, 1.02f, 0.98f, 0.95f, 1.05f, 1.08f, 1.12f, 0.92f};

PK_BODY void pk_encode_middle_with(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales) {
  const float unit =
      importance ? pk_importance_unit(importance, groups * (size_t)size) : 1;
  const float highest = (float)((1 << bits) - 1), middle = (float)(1 << (bits - 1));
  const pk_vf shift = (pk_vf)0 - middle, none = 0;
  PK_EACH_LANES(groups, start, count) {
    pk_group_lanes g;
    const size_t first = start * (size_t)size;
    pk_load_lanes(
        values + first, importance ? importance + first : NULL, unit, count, size, &g);
    pk_vf low, high, change, unused;
    pk_ends(&g, &low, &high);
    pk_affine best = {0, 0, (pk_vf)0 + __builtin_inff(), 0, 0};
    // Either end reaches its own last code, or both the same.
    const pk_vf below = -low * (1.0f / middle), above = high * (1.0f / (middle - 1));
    const pk_vf whole = below > above ? below : above;
    const pk_vf largest = pk_magnitude(low) > pk_magnitude(high) ? -low : high;
    const pk_vf both = pk_magnitude(largest) * (2.0f / highest);
    pk_score(&g, highest, shift, PK_SCALE, pk_stored(both, type), none, &best, &change, &unused);
    for (int c = 0; c < PK_COUNT(pk_shares); c++) {
      const float share = bits < 6 ? 1.0f / (1.0f + 2.5f * (pk_shares[c] - 0.92f))
                                   : 1.0f / (1.0f + 0.1f * (pk_shares[c] - 1.0f));
      pk_vf scale = pk_stored(whole * share, type);
      pk_score(&g, highest, shift, PK_SCALE, scale, none, &best, &change, &unused);
      scale = pk_stored(pk_magnitude(scale + change), type);
      pk_score(&g, highest, shift, PK_SCALE, scale, none, &best, &change, &unused);
    }
    for (int i = 0; i < 2; i++) {
      const pk_vf scale = pk_stored(pk_magnitude(best.scale + best.scale_change), type);
      pk_score(&g, highest, shift, PK_SCALE, scale, none, &best, &change, &unused);
    }
    for (int move = -1; move <= 1 && type != PK_STORED_F32; move += 2) {
      const pk_vf scale = pk_magnitude(pk_moved(best.scale, move, type));
      pk_score(&g, highest, shift, PK_SCALE, scale, none, &best, &change, &unused);
    }
    pk_codes_of(&g, highest, shift, best.scale, none);
    pk_store_lanes(g.x, size, count, codes + first);
    memcpy(scales + start, &best.scale, count * sizeof(float));
  }
}

typedef struct {
  pk_affine fit;
  pk_vf zero;
} pk_zero_fit;

PK_BODY void pk_try_zero(
    const pk_group_lanes *g, float highest, pk_stored_type type, pk_vf scale, pk_vf zero,
    pk_zero_fit *best) {
  zero = pk_round(pk_clamp(zero, 0.0f, highest));
  const pk_vf none = 0;
  pk_vf change, unused;
  for (int pass = 0; pass < 2; pass++) {
    scale = pk_stored(pk_magnitude(scale), type);
    const pk_vf before = best->fit.error;
    pk_score(g, highest, -zero, PK_SCALE, scale, none, &best->fit, &change, &unused);
    best->zero = best->fit.error < before ? zero : best->zero;
    scale += change;
  }
}

PK_BODY void pk_encode_zero_with(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *zeros) {
  const float unit =
      importance ? pk_importance_unit(importance, groups * (size_t)size) : 1;
  const float highest = (float)((1 << bits) - 1);
  const float(*ends)[2] = bits < 6 ? pk_ends_4 : pk_ends_8;
  const int end_count = bits < 6 ? PK_COUNT(pk_ends_4) : PK_COUNT(pk_ends_8);
  PK_EACH_LANES(groups, start, count) {
    pk_group_lanes g;
    const size_t first = start * (size_t)size;
    pk_load_lanes(
        values + first, importance ? importance + first : NULL, unit, count, size, &g);
    pk_vf low, high;
    pk_ends(&g, &low, &high);
    // Zero points are codes, so that zero must lie between the ends.
    low = low < 0.0f ? low : (pk_vf)0.0f;
    high = high > 0.0f ? high : (pk_vf)0.0f;
    const pk_vf step = (high - low) * (1.0f / highest);
    pk_zero_fit best = {{0, 0, (pk_vf)0 + __builtin_inff(), 0, 0}, 0};
    for (int c = 0; c < end_count; c++) {
      const pk_vf bottom = low + ends[c][0] * step, top = high - ends[c][1] * step;
      const pk_vf scale = (top - bottom) * (1.0f / highest);
      pk_try_zero(&g, highest, type, scale, -bottom * pk_inverse(scale), &best);
    }
    for (int move = -1; move <= 1; move++) {
      pk_try_zero(&g, highest, type, best.fit.scale, best.zero + (float)move, &best);
    }
    pk_codes_of(&g, highest, -best.zero, best.fit.scale, (pk_vf)0);
    pk_store_lanes(g.x, size, count, codes + first);
    memcpy(scales + start, &best.fit.scale, count * sizeof(float));
    memcpy(zeros + start, &best.zero, count * sizeof(float));
  }
}

PK_BODY void pk_encode_offset_body(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *offsets) {
  PK_WITH_OR_WITHOUT(pk_encode_offset_with, bits, size, type, groups, codes, scales, offsets)
}
PK_STAMP(
    pk_encode_offset, (values, importance, bits, size, type, groups, codes, scales, offsets),
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *offsets)

PK_BODY void pk_encode_middle_body(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales) {
  PK_WITH_OR_WITHOUT(pk_encode_middle_with, bits, size, type, groups, codes, scales)
}
PK_STAMP(
    pk_encode_middle, (values, importance, bits, size, type, groups, codes, scales),
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales)

PK_BODY void pk_encode_zero_body(
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *zeros) {
  PK_WITH_OR_WITHOUT(pk_encode_zero_with, bits, size, type, groups, codes, scales, zeros)
}
PK_STAMP(
    pk_encode_zero, (values, importance, bits, size, type, groups, codes, scales, zeros),
    const float *values, const float *importance, int bits, int size, pk_stored_type type,
    size_t groups, uint8_t *codes, float *scales, float *zeros)
