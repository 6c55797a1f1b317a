// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BLOCK_SUPERBLOCK_H
#define PARE_BLOCK_SUPERBLOCK_H

#include "block_search.h"

// Superblocks of 256 elements, whose groups' scales (and minimums) are small integers times one
// half-precision factor.
//
// Each group is searched alone first. Then its integers are chosen among those on both sides of
// what was found, and the shared factors are fitted to the codes by least squares. More rounds of
// this lower the error by another 0.2 %, and cost a third of the time.

// Beyond what any superblock can hold; squares stay far from overflow.
#define PK_LIMIT_K 1e9f

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

// Whether the sum over each superblock's lanes is lower.
PK_BODY pk_vi pk_is_lower(pk_vf new, pk_vf old, int lanes) {
  const pk_vl lower = pk_lane_sum(new, lanes) < pk_lane_sum(old, lanes);
  return __builtin_convertvector(lower, pk_vi);
}

// The integer on the other side of v than the nearest one.
PK_BODY pk_vf pk_other_side(pk_vf v, pk_vf nearest) {
  return nearest + (v > nearest ? (pk_vf)1.0f : (pk_vf)-1.0f);
}

// Superblocks in the lanes: their groups' integers and shared factors.
typedef struct {
  pk_factors d;
  pk_vf scale, minimum;
} pk_superblocks;

// Sums of w·q² and w·x·q, and the error with this scale.
typedef struct {
  pk_vf qq, qx, error;
} pk_measured;

PK_BODY pk_measured pk_measure(const pk_group *g, const pk_codes *codes, pk_vf scale) {
  const pk_vf inverse = pk_inverse(scale);
  pk_measured m = {0, 0, 0};
  for (int i = 0; i < g->size; i++) {
    const pk_vf q = pk_nearest_value(codes, 1, g->x[i] * inverse), wq = pk_weighted(g->w, i, q);
    m.qq += wq * q;
    m.qx += wq * g->x[i];
  }
  m.error = g->energy - scale * (2.0f * m.qx - scale * m.qq);
  return m;
}

// y = d·scale·q with integers `scale` from scale_low to scale_high.
PK_BODY pk_superblocks pk_fit_scales(
    const pk_group *g, int lanes, const pk_codes *codes, float scale_low, float scale_high,
    const pk_trials *trials) {
  const pk_fit fit = pk_search_scale(g, codes, 0, trials);
  pk_superblocks s = {
      {pk_shared(pk_magnitude(fit.scale), lanes, 1.0f / scale_high), (pk_vf)0.0f}, 0, 0};
  // Each group's integer: the better one of both sides.
  const pk_vf place = pk_clamp(fit.scale * pk_inverse(s.d.scale), scale_low, scale_high);
  s.scale = pk_round(place);
  pk_measured best = pk_measure(g, codes, s.d.scale * s.scale);
  // With steps of a hundredth and less, the nearest integer is nearly always the better one.
  if (scale_high < 100) {
    const pk_vf other = pk_clamp(pk_other_side(place, s.scale), scale_low, scale_high);
    const pk_measured second = pk_measure(g, codes, s.d.scale * other);
    const pk_vi better = second.error < best.error;
    s.scale = better ? other : s.scale;
    best.qq = better ? second.qq : best.qq;
    best.qx = better ? second.qx : best.qx;
    best.error = better ? second.error : best.error;
  }
  // The factor that fits the codes best, where the error falls.
  const pk_vd qq = pk_lane_sum(s.scale * s.scale * best.qq, lanes);
  const pk_vd qx = pk_lane_sum(s.scale * best.qx, lanes);
  const pk_vf fitted = pk_stored_half(__builtin_convertvector(pk_quotient(qx, qq), pk_vf));
  const pk_measured refitted = pk_measure(g, codes, fitted * s.scale);
  s.d.scale = pk_is_lower(refitted.error, best.error, lanes) ? fitted : s.d.scale;
  return s;
}

// What a group's integers give: the sums of their codes, and the error.
typedef struct {
  pk_vf scale, minimum;
  pk_sums sums;
  pk_vf error;
} pk_chosen;

// The codes of a scale and a minimum, with the minimum that then fits best.
PK_BODY pk_chosen pk_choose(
    const pk_lifted *g, const pk_vf *w, float highest, float integer_high, pk_factors d,
    pk_vf inverse, pk_vf scale, pk_vf minimum) {
  pk_chosen c = {scale, minimum, {0, 0, 0}, 0};
  const pk_vf step = d.scale * scale;
  c.sums = pk_sum_codes(g, w, highest, 1, pk_inverse(step), -(d.minimum * minimum));
  const pk_vf offset = (g->sum - step * c.sums.q1) * g->unit_share + g->low;
  c.minimum = pk_round(pk_clamp(-offset * inverse, 0, integer_high));
  c.error = pk_error_of(g, &c.sums, step, -(d.minimum * c.minimum));
  return c;
}

// y = d·scale·q - dmin·minimum with integers from 0 to `integer_high`.
PK_BODY pk_superblocks pk_fit_scales_and_minimums(
    const pk_vf *x, const pk_vf *w, int size, int lanes, float highest, float integer_high,
    const pk_end_trials *trials) {
  pk_lifted g;
  pk_vf high;
  pk_lift_group(x, w, size, 1, &g, &high);
  const pk_fit fit = pk_search_affine(&g, w, high, highest, 0, 1, trials);
  const pk_factors d = {
      pk_shared(fit.scale, lanes, 1.0f / integer_high),
      pk_shared(-fit.offset, lanes, 1.0f / integer_high)};
  // Each group's integers: the better ones of both sides.
  const pk_vf place = pk_clamp(fit.scale * pk_inverse(d.scale), 0, integer_high);
  const pk_vf near = pk_round(place);
  const pk_vf other = pk_clamp(pk_other_side(place, near), 0, integer_high);
  const pk_vf inverse = pk_inverse(d.minimum);
  const pk_vf minimum = pk_round(pk_clamp(-fit.offset * inverse, 0, integer_high));
  pk_chosen best = pk_choose(&g, w, highest, integer_high, d, inverse, near, minimum);
  const pk_chosen second = pk_choose(&g, w, highest, integer_high, d, inverse, other, minimum);
  const pk_vi better = second.error < best.error;
  best.scale = better ? second.scale : best.scale;
  best.minimum = better ? second.minimum : best.minimum;
  best.sums.q1 = better ? second.sums.q1 : best.sums.q1;
  best.sums.qq = better ? second.sums.qq : best.sums.qq;
  best.sums.qu = better ? second.sums.qu : best.sums.qu;
  best.error = better ? second.error : best.error;
  // The factors that fit the codes best, where the error falls: x ≈ a·scale·q − b·minimum.
  const pk_vf sx = g.sum + g.low * g.weight, qx = best.sums.qu + g.low * best.sums.q1;
  const pk_vd ss = pk_lane_sum(best.scale * best.scale * best.sums.qq, lanes);
  const pk_vd mm = pk_lane_sum(best.minimum * best.minimum * g.weight, lanes);
  const pk_vd sm = pk_lane_sum(best.scale * best.minimum * best.sums.q1, lanes);
  const pk_vd s1 = pk_lane_sum(best.scale * qx, lanes);
  const pk_vd m1 = pk_lane_sum(best.minimum * sx, lanes);
  const pk_vd determinant = ss * mm - sm * sm;
  const pk_vl regular = determinant > 1e-9 * ss * mm;
  const pk_vd a = regular ? pk_quotient(s1 * mm - m1 * sm, determinant) : pk_quotient(s1, ss);
  const pk_vd b = regular ? pk_quotient(s1 * sm - m1 * ss, determinant) : (pk_vd)0.0;
  const pk_factors fitted = {
      pk_stored_half(__builtin_convertvector(a, pk_vf)),
      pk_stored_half(__builtin_convertvector(b, pk_vf))};
  const pk_vf step = fitted.scale * best.scale, offset = -(fitted.minimum * best.minimum);
  const pk_sums sums = pk_sum_codes(&g, w, highest, 1, pk_inverse(step), offset);
  const pk_vi lower = pk_is_lower(pk_error_of(&g, &sums, step, offset), best.error, lanes);
  pk_superblocks s = {d, best.scale, best.minimum};
  s.d.scale = lower ? fitted.scale : d.scale;
  s.d.minimum = lower ? fitted.minimum : d.minimum;
  return s;
}

#endif
