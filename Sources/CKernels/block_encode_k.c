// SPDX-License-Identifier: Apache-2.0
#include "block_search.h"

// Superblocks of 256 elements, whose groups' scales (and minimums) are small integers times one
// half-precision factor: Formats/Q4_K.md, Formats/Q6_K.md.
//
// Each group is searched alone first. Then, with the integers in place, three steps that can only
// lower the error alternate: choose each group's integers anew, fit the shared factors to the
// codes by least squares, round the codes anew.

// Beyond what any superblock can hold; squares stay far from overflow.
#define PK_LIMIT_K 1e9f

// y = scale·q − minimum, e = x − y.
typedef struct {
  pk_vf q1, qq, e1, qe, ee;
} pk_residuals;

PK_BODY pk_residuals pk_measure(
    const pk_vf *x, const pk_vf *w, int size, float lowest, float highest, pk_vf scale,
    pk_vf minimum) {
  const pk_vf inverse = pk_inverse(scale);
  pk_residuals sums = {0, 0, 0, 0, 0};
  for (int i = 0; i < size; i++) {
    const pk_vf u = x[i] + minimum;
    const pk_vf q = pk_round(pk_clamp(u * inverse, lowest, highest));
    const pk_vf e = u - scale * q;
    const pk_vf wq = pk_weighted(w, i, q), we = pk_weighted(w, i, e);
    sums.q1 += wq;
    sums.qq += wq * q;
    sums.e1 += we;
    sums.qe += we * q;
    sums.ee += we * e;
  }
  return sums;
}

// The same factor for the lanes of each superblock.
typedef struct {
  pk_vf scale, minimum;
} pk_factors;

PK_BODY pk_vf pk_shared(pk_vf v, int lanes, float share) {
  pk_vf shared = 0;
  for (int start = 0; start < PK_LANES; start += lanes) {
    float largest = 0;
    for (int i = start; i < start + lanes; i++) largest = largest > v[i] ? largest : v[i];
    for (int i = start; i < start + lanes; i++) shared[i] = largest;
  }
  // Never 0 for what is not 0: the least half-precision number may still serve.
  const pk_vf half = pk_stored_half(shared * share);
  const pk_vi vanished = (shared > 0.0f) & (half < 0x1p-24f);
  return vanished ? (pk_vf)0x1p-24f : half;
}

PK_BODY double pk_lane_sum(pk_vf v, int start, int lanes) {
  double sum = 0;
  for (int i = start; i < start + lanes; i++) sum += (double)v[i];
  return sum;
}

// Chooses each group's integers among the neighbours of those it has.
PK_BODY void pk_choose(
    const pk_vf *x, const pk_vf *w, pk_vf weight, int size, float lowest, float highest,
    float scale_low, float scale_high, float minimum_high, pk_factors d, pk_vf *scale,
    pk_vf *minimum) {
  const pk_vf inverse = pk_inverse(d.minimum);
  pk_vf best_scale = *scale, best_minimum = *minimum, best = 0;
  for (int c = 0; c < 3; c++) {
    const float shift = c == 0 ? 0.0f : c == 1 ? -1.0f : 1.0f;
    const pk_vf s = pk_clamp(*scale + shift, scale_low, scale_high);
    const pk_vf offset = d.minimum * *minimum;
    const pk_residuals sums = pk_measure(x, w, size, lowest, highest, d.scale * s, offset);
    pk_vf m = 0, error = sums.ee;
    if (minimum_high > 0) {
      m = pk_round(pk_clamp((offset - sums.e1 / weight) * inverse, 0, minimum_high));
      const pk_vf move = d.minimum * m - offset;
      error += move * (2.0f * sums.e1 + move * weight);
    }
    const pk_vi better = c == 0 ? (pk_vi)(error == error) : (pk_vi)(error < best);
    best = better ? error : best;
    best_scale = better ? s : best_scale;
    best_minimum = better ? m : best_minimum;
  }
  *scale = best_scale;
  *minimum = best_minimum;
}

// Fits the shared factors to the codes, and keeps them where the error falls.
PK_BODY void pk_refit(
    const pk_vf *x, const pk_vf *w, pk_vf weight, int size, float lowest, float highest, int lanes,
    pk_vf scale, pk_vf minimum, pk_factors *d) {
  const pk_residuals old =
      pk_measure(x, w, size, lowest, highest, d->scale * scale, d->minimum * minimum);
  const pk_vf ss = scale * scale * old.qq, mm = minimum * minimum * weight;
  const pk_vf sm = scale * minimum * old.q1;
  const pk_vf se = scale * old.qe, me = minimum * old.e1;
  pk_factors fitted = *d;
  for (int start = 0; start < PK_LANES; start += lanes) {
    // e ≈ a·scale·q − b·minimum
    const double s2 = pk_lane_sum(ss, start, lanes), m2 = pk_lane_sum(mm, start, lanes);
    const double cross = pk_lane_sum(sm, start, lanes);
    const double s1 = pk_lane_sum(se, start, lanes), m1 = pk_lane_sum(me, start, lanes);
    const double determinant = s2 * m2 - cross * cross;
    double a = s2 > 0 ? s1 / s2 : 0, b = 0;
    if (determinant > 1e-9 * s2 * m2) {
      a = (s1 * m2 - m1 * cross) / determinant;
      b = (s1 * cross - m1 * s2) / determinant;
    }
    for (int i = start; i < start + lanes; i++) {
      fitted.scale[i] = d->scale[i] + (float)a;
      fitted.minimum[i] = d->minimum[i] + (float)b;
    }
  }
  fitted.scale = pk_stored_half(fitted.scale);
  fitted.minimum = pk_stored_half(fitted.minimum);
  const pk_residuals new =
      pk_measure(x, w, size, lowest, highest, fitted.scale * scale, fitted.minimum * minimum);
  for (int start = 0; start < PK_LANES; start += lanes) {
    if (!(pk_lane_sum(new.ee, start, lanes) < pk_lane_sum(old.ee, start, lanes))) continue;
    for (int i = start; i < start + lanes; i++) {
      d->scale[i] = fitted.scale[i];
      d->minimum[i] = fitted.minimum[i];
    }
  }
}

#define PK_ROUNDS 2

static const float pk_ends_q4_k[][2] = {
    {-0.1f, -0.1f}, {-0.1f, 0.4f}, {-0.1f, 0.9f}, {-0.1f, 1.4f}, {0.4f, -0.1f}, {0.4f, 0.4f},
    {0.4f, 0.9f}, {0.4f, 1.4f}, {0.9f, -0.1f}, {0.9f, 0.4f}, {0.9f, 0.9f}, {0.9f, 1.4f}, {1.4f,
    -0.1f}, {1.4f, 0.4f}, {1.4f, 0.9f}, {1.4f, 1.4f}};
static const float pk_ends_q5_k[][2] = {
    {0, 0}, {0, 0.5f}, {0, 1}, {0, 1.6f}, {0.5f, 0}, {0.5f, 0.5f}, {0.5f, 1}, {0.5f, 1.6f}, {1,
    0}, {1, 0.5f}, {1, 1}, {1, 1.6f}, {1.6f, 0}, {1.6f, 0.5f}, {1.6f, 1}, {1.6f, 1.6f}};

PK_BODY void pk_pack_scales(const int *scales, const int *minimums, uint8_t *packed) {
  for (int g = 0; g < 4; g++) {
    packed[g] = (uint8_t)(scales[g] | (scales[g + 4] >> 4) << 6);
    packed[g + 4] = (uint8_t)(minimums[g] | (minimums[g + 4] >> 4) << 6);
    packed[g + 8] = (uint8_t)((scales[g + 4] & 15) | (minimums[g + 4] & 15) << 4);
  }
}

PK_BODY void pk_pack_k(
    const uint8_t codes[][PK_GROUP_LIMIT], int high, int nibbles, uint8_t *block) {
  for (int pair = 0; pair < 4; pair++) {
    for (int i = 0; i < 32; i++) {
      block[nibbles + 32 * pair + i] =
          (uint8_t)((codes[2 * pair][i] & 15) | (codes[2 * pair + 1][i] & 15) << 4);
    }
  }
  if (!high) return;
  for (int i = 0; i < 32; i++) {
    uint32_t bits = 0;
    for (int g = 0; g < 8; g++) bits |= (uint32_t)(codes[g][i] >> 4) << g;
    block[high + i] = (uint8_t)bits;
  }
}

PK_BODY void pk_encode_k(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes, int high,
    int nibbles, float highest, const float (*ends)[2], int end_count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t start = 0; start < count; start += 2) {
    const size_t superblocks = count - start < 2 ? 1 : 2;
    pk_vf x[32], weights[32], weight = 0;
    pk_load_groups(
        values + start * 256, importance ? importance + start * 256 : NULL, unit, superblocks * 8,
        32, PK_LIMIT_K, x, weights);
    const pk_vf *w = importance ? weights : NULL;
    for (int i = 0; i < 32; i++) weight += pk_weighted(w, i, 1.0f);

    const pk_fit fit = pk_search_affine(x, w, 32, highest, 0, 1, ends, end_count, 2);
    pk_factors d = {pk_shared(fit.scale, 8, 1.0f / 63), pk_shared(-fit.offset, 8, 1.0f / 63)};
    pk_vf scale = pk_round(pk_clamp(fit.scale * pk_inverse(d.scale), 0, 63));
    pk_vf minimum = pk_round(pk_clamp(-fit.offset * pk_inverse(d.minimum), 0, 63));
    for (int i = 0; i < PK_ROUNDS; i++) {
      pk_choose(x, w, weight, 32, 0, highest, 0, 63, 63, d, &scale, &minimum);
      pk_refit(x, w, weight, 32, 0, highest, 8, scale, minimum, &d);
    }

    uint8_t codes[PK_LANES][PK_GROUP_LIMIT];
    pk_store_codes(x, d.scale * scale, -(d.minimum * minimum), 32, 0, highest, 0, codes);
    for (size_t s = 0; s < superblocks; s++, block += bytes) {
      int scales[8], minimums[8];
      for (int g = 0; g < 8; g++) {
        scales[g] = (int)scale[8 * s + g];
        minimums[g] = (int)minimum[8 * s + g];
      }
      pk_store16(block, pk_half_from_float(d.scale[8 * s]));
      pk_store16(block + 2, pk_half_from_float(d.minimum[8 * s]));
      pk_pack_scales(scales, minimums, block + 4);
      pk_pack_k(codes + 8 * s, high, nibbles, block);
    }
  }
}

PK_BODY void pk_encode_q4_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(
      pk_encode_k, blocks, count, 144, 0, 16, 15, pk_ends_q4_k, PK_COUNT(pk_ends_q4_k))
}
PK_BODY void pk_encode_q5_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(
      pk_encode_k, blocks, count, 176, 16, 48, 31, pk_ends_q5_k, PK_COUNT(pk_ends_q5_k))
}

static const float pk_steps_q6_k[] = {-32.8f, -32.3f, -31.8f, -31.3f, -30.7f, -30.0f, -29.2f,
                                      30.0f,  30.6f,  31.0f,  31.4f};

PK_BODY void pk_pack_q6_k(const uint8_t codes[][PK_GROUP_LIMIT], uint8_t *block) {
  for (int half = 0; half < 2; half++) {
    for (int i = 0; i < 32; i++) {
      int c[4];
      for (int quarter = 0; quarter < 4; quarter++) {
        c[quarter] = codes[8 * half + 2 * quarter + i / 16][i % 16];
      }
      block[64 * half + i] = (uint8_t)((c[0] & 15) | (c[2] & 15) << 4);
      block[64 * half + 32 + i] = (uint8_t)((c[1] & 15) | (c[3] & 15) << 4);
      block[128 + 32 * half + i] =
          (uint8_t)(c[0] >> 4 | (c[1] >> 4) << 2 | (c[2] >> 4) << 4 | (c[3] >> 4) << 6);
    }
  }
}

PK_BODY void pk_encode_q6(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t b = 0; b < count; b++, block += 210) {
    pk_vf x[16], weights[16], weight = 0;
    pk_load_groups(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, 16, 16, PK_LIMIT_K, x,
        weights);
    const pk_vf *w = importance ? weights : NULL;
    for (int i = 0; i < 16; i++) weight += pk_weighted(w, i, 1.0f);

    const pk_fit fit =
        pk_search_scale(x, w, 16, -32, 31, 0, pk_steps_q6_k, PK_COUNT(pk_steps_q6_k), 1);
    pk_factors d = {pk_shared(pk_magnitude(fit.scale), 16, 1.0f / 127), 0};
    pk_vf scale = pk_round(pk_clamp(fit.scale * pk_inverse(d.scale), -128, 127)), minimum = 0;
    for (int i = 0; i < PK_ROUNDS; i++) {
      pk_choose(x, w, weight, 16, -32, 31, -128, 127, 0, d, &scale, &minimum);
      pk_refit(x, w, weight, 16, -32, 31, 16, scale, minimum, &d);
    }

    uint8_t codes[PK_LANES][PK_GROUP_LIMIT];
    pk_store_codes(x, d.scale * scale, 0, 16, -32, 31, 32, codes);
    pk_pack_q6_k(codes, block);
    for (int g = 0; g < 16; g++) block[192 + g] = (uint8_t)(int8_t)scale[g];
    pk_store16(block + 208, pk_half_from_float(d.scale[0]));
  }
}

PK_BODY void pk_encode_q6_k_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_q6, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_q4_k)
PK_STAMP_ENCODE(pk_encode_q5_k)
PK_STAMP_ENCODE(pk_encode_q6_k)
