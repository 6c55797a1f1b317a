// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BLOCK_SUPERBLOCK_H
#define PARE_BLOCK_SUPERBLOCK_H

#include "block_search.h"

// Superblocks of 256 elements, whose groups' scales (and minimums) are small integers times one
// half-precision factor.
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
    const pk_vf *x, const pk_vf *w, int size, const pk_codes *codes, pk_vf scale, pk_vf minimum) {
  const pk_vf inverse = pk_inverse(scale);
  pk_residuals sums = {0, 0, 0, 0, 0};
  for (int i = 0; i < size; i++) {
    const pk_vf u = x[i] + minimum;
    const pk_vf q = pk_nearest_value(codes, u * inverse);
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

// v with the lanes exchanged whose numbers differ by 1, 2, 4 or 8.
#define PK_EXCHANGE(v, d)                                                                   \
  __builtin_shufflevector(                                                                  \
      v, v, 0 ^ d, 1 ^ d, 2 ^ d, 3 ^ d, 4 ^ d, 5 ^ d, 6 ^ d, 7 ^ d, 8 ^ d, 9 ^ d, 10 ^ d,   \
      11 ^ d, 12 ^ d, 13 ^ d, 14 ^ d, 15 ^ d)

PK_BODY pk_vf pk_larger(pk_vf a, pk_vf b) { return a > b ? a : b; }

// The largest lane of each superblock, times `share`, in all of its 8 or 16 lanes.
PK_BODY pk_vf pk_shared(pk_vf v, int lanes, float share) {
  pk_vf shared = v > 0.0f ? v : (pk_vf)0.0f;
  shared = pk_larger(shared, PK_EXCHANGE(shared, 1));
  shared = pk_larger(shared, PK_EXCHANGE(shared, 2));
  shared = pk_larger(shared, PK_EXCHANGE(shared, 4));
  if (lanes == 16) shared = pk_larger(shared, PK_EXCHANGE(shared, 8));
  // Never 0 for what is not 0: the least half-precision number may still serve.
  const pk_vf half = pk_stored_half(shared * share);
  const pk_vi vanished = (shared > 0.0f) & (half < 0x1p-24f);
  return vanished ? (pk_vf)0x1p-24f : half;
}

typedef double pk_vd __attribute__((ext_vector_type(PK_LANES)));
typedef int64_t pk_vl __attribute__((ext_vector_type(PK_LANES)));

// The sum over the lanes of each superblock, in each of them.
PK_BODY pk_vd pk_lane_sum(pk_vf v, int lanes) {
  pk_vd sum = __builtin_convertvector(v, pk_vd);
  sum += PK_EXCHANGE(sum, 1);
  sum += PK_EXCHANGE(sum, 2);
  sum += PK_EXCHANGE(sum, 4);
  if (lanes == 16) sum += PK_EXCHANGE(sum, 8);
  return sum;
}

PK_BODY pk_vd pk_quotient(pk_vd a, pk_vd b) {
  const pk_vl usable = b > 0.0;
  const pk_vd quotient = a / (usable ? b : (pk_vd)1.0);
  return usable ? quotient : (pk_vd)0.0;
}

// Chooses each group's integers among the neighbours of those it has.
PK_BODY void pk_choose(
    const pk_vf *x, const pk_vf *w, pk_vf weight, int size, const pk_codes *codes,
    float scale_low, float scale_high, float minimum_high, pk_factors d, pk_vf *scale,
    pk_vf *minimum) {
  const pk_vf inverse = pk_inverse(d.minimum);
  pk_vf best_scale = *scale, best_minimum = *minimum, best = 0;
  for (int c = 0; c < 3; c++) {
    const float shift = c == 0 ? 0.0f : c == 1 ? -1.0f : 1.0f;
    const pk_vf s = pk_clamp(*scale + shift, scale_low, scale_high);
    const pk_vf offset = d.minimum * *minimum;
    const pk_residuals sums = pk_measure(x, w, size, codes, d.scale * s, offset);
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
    const pk_vf *x, const pk_vf *w, pk_vf weight, int size, const pk_codes *codes, int lanes,
    float minimum_high, pk_vf scale, pk_vf minimum, pk_factors *d) {
  const pk_residuals old =
      pk_measure(x, w, size, codes, d->scale * scale, d->minimum * minimum);
  const pk_vf ss = scale * scale * old.qq, mm = minimum * minimum * weight;
  const pk_vf sm = scale * minimum * old.q1;
  const pk_vf se = scale * old.qe, me = minimum * old.e1;
  // e ≈ a·scale·q − b·minimum
  const pk_vd s2 = pk_lane_sum(ss, lanes), s1 = pk_lane_sum(se, lanes);
  pk_vd a = pk_quotient(s1, s2), b = 0;
  if (minimum_high > 0) {
    const pk_vd m2 = pk_lane_sum(mm, lanes), m1 = pk_lane_sum(me, lanes);
    const pk_vd cross = pk_lane_sum(sm, lanes);
    const pk_vd determinant = s2 * m2 - cross * cross;
    const pk_vl regular = determinant > 1e-9 * s2 * m2;
    a = regular ? pk_quotient(s1 * m2 - m1 * cross, determinant) : a;
    b = regular ? pk_quotient(s1 * cross - m1 * s2, determinant) : b;
  }
  pk_factors fitted = {
      d->scale + __builtin_convertvector(a, pk_vf), d->minimum + __builtin_convertvector(b, pk_vf)};
  fitted.scale = pk_stored_half(fitted.scale);
  fitted.minimum = pk_stored_half(fitted.minimum);
  const pk_residuals new =
      pk_measure(x, w, size, codes, fitted.scale * scale, fitted.minimum * minimum);
  const pk_vl lower = pk_lane_sum(new.ee, lanes) < pk_lane_sum(old.ee, lanes);
  const pk_vi better = __builtin_convertvector(lower, pk_vi);
  d->scale = better ? fitted.scale : d->scale;
  d->minimum = better ? fitted.minimum : d->minimum;
}

#define PK_ROUNDS 2

// Superblocks in the lanes: their groups' integers and shared factors.
typedef struct {
  pk_factors d;
  pk_vf scale, minimum;
} pk_superblocks;

// y = d·scale·q with integers `scale` from scale_low to scale_high.
PK_BODY pk_superblocks pk_fit_scales(
    const pk_vf *x, const pk_vf *w, int size, int lanes, const pk_codes *codes, float scale_low,
    float scale_high, const float *steps, int step_count) {
  pk_vf weight = 0;
  for (int i = 0; i < size; i++) weight += pk_weighted(w, i, 1.0f);
  const pk_fit fit = pk_search_scale(x, w, size, codes, 0, steps, step_count, 1);
  pk_superblocks s = {
      {pk_shared(pk_magnitude(fit.scale), lanes, 1.0f / scale_high), (pk_vf)0.0f}, 0, 0};
  s.scale = pk_round(pk_clamp(fit.scale * pk_inverse(s.d.scale), scale_low, scale_high));
  for (int i = 0; i < PK_ROUNDS; i++) {
    pk_choose(x, w, weight, size, codes, scale_low, scale_high, 0, s.d, &s.scale, &s.minimum);
    pk_refit(x, w, weight, size, codes, lanes, 0, s.scale, s.minimum, &s.d);
  }
  return s;
}

// y = d·scale·q - dmin·minimum with integers from 0 to `integer_high`.
PK_BODY pk_superblocks pk_fit_scales_and_minimums(
    const pk_vf *x, const pk_vf *w, int size, int lanes, const pk_codes *codes, float integer_high,
    const float (*ends)[2], int end_count) {
  pk_vf weight = 0;
  for (int i = 0; i < size; i++) weight += pk_weighted(w, i, 1.0f);
  const pk_fit fit = pk_search_affine(x, w, size, codes->highest, 0, 1, ends, end_count, 2);
  pk_superblocks s = {
      {pk_shared(fit.scale, lanes, 1.0f / integer_high),
       pk_shared(-fit.offset, lanes, 1.0f / integer_high)}, 0, 0};
  s.scale = pk_round(pk_clamp(fit.scale * pk_inverse(s.d.scale), 0, integer_high));
  s.minimum = pk_round(pk_clamp(-fit.offset * pk_inverse(s.d.minimum), 0, integer_high));
  for (int i = 0; i < PK_ROUNDS; i++) {
    pk_choose(
        x, w, weight, size, codes, 0, integer_high, integer_high, s.d, &s.scale, &s.minimum);
    pk_refit(x, w, weight, size, codes, lanes, integer_high, s.scale, s.minimum, &s.d);
  }
  return s;
}

#endif
