// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BLOCK_SEARCH_H
#define PARE_BLOCK_SEARCH_H

#include "block_groups.h"

// The search for a group's scale (and offset) that minimises Σ w·(x − y)².
//
// A candidate scale gives codes by rounding; least squares gives the best scale for these codes;
// the score is the error with the scale as it will be stored.

typedef struct {
  pk_vf scale, offset;
  pk_vf error;
} pk_fit;

// What an element may be at scale 1: the integers from lowest to highest, or sixteen rising levels
// of a table.
typedef struct {
  float lowest, highest;
  const float *table;
} pk_codes;

#define PK_TABLE_SIZE 16

// The number of the table's level that is nearest to v.
PK_BODY pk_vf pk_table_place(const float *table, pk_vf v) {
  pk_vf place = 0;
#pragma clang loop unroll(full)
  for (int i = 1; i < PK_TABLE_SIZE; i++) {
    place = v > 0.5f * (table[i - 1] + table[i]) ? (pk_vf)(float)i : place;
  }
  return place;
}

// `clamped` is 0 where v is known to lie between the lowest and the highest.
PK_BODY pk_vf pk_nearest_value(const pk_codes *codes, int clamped, pk_vf v) {
  if (codes->table == NULL) {
    return pk_round(clamped ? pk_clamp(v, codes->lowest, codes->highest) : v);
  }
  pk_vf level = codes->table[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < PK_TABLE_SIZE; i++) {
    const pk_vi above = v > 0.5f * (codes->table[i - 1] + codes->table[i]);
    level = above ? (pk_vf)codes->table[i] : level;
  }
  return level;
}

// Takes over a candidate where it is better.
PK_BODY void pk_keep_better(pk_vf scale, pk_vf offset, pk_vf error, pk_fit *best) {
  const pk_vi better = error < best->error;
  best->scale = better ? scale : best->scale;
  best->offset = better ? offset : best->offset;
  best->error = better ? error : best->error;
}

// A group of elements in each lane. `w` is null where all weigh the same.
typedef struct {
  const pk_vf *x, *w;
  int size;
  pk_vf energy;   // Σ w·x²
  pk_vf largest;  // the element of the largest magnitude
} pk_group;

PK_BODY pk_group pk_open_group(const pk_vf *x, const pk_vf *w, int size) {
  pk_group group = {x, w, size, 0, 0};
  pk_vf low = x[0], high = x[0];
  for (int i = 0; i < size; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    group.energy += pk_weighted(w, i, x[i]) * x[i];
  }
  group.largest = -low > high ? low : high;
  return group;
}

// Tries y = q·scale with the codes that 1/scale = inverse gives.
//
// The error of many levels is small beside Σ w·x²: it is summed up from rounding residuals
// r = x/s − q, so that nothing cancels. For few levels, cheaper sums are exact enough.
PK_BODY void pk_try_scale(
    const pk_group *g, const pk_codes *codes, int half, int clamped, pk_vf inverse, pk_fit *best) {
  const int residuals = codes->table == NULL && codes->highest > 32;
  pk_vf qq = 0, qx = 0, rr = 0;
  for (int i = 0; i < g->size; i++) {
    const pk_vf t = g->x[i] * inverse;
    const pk_vf q = pk_nearest_value(codes, clamped, t), wq = pk_weighted(g->w, i, q);
    qq += wq * q;
    if (residuals) {
      const pk_vf r = t - q;
      qx += wq * r;
      rr += pk_weighted(g->w, i, r) * r;
    } else {
      qx += wq * g->x[i];
    }
  }
  if (residuals) {
    const pk_vf step = pk_inverse(inverse);
    pk_vf scale = step + step * pk_divide(qx, qq);
    if (half) scale = pk_stored_half(scale);
    const pk_vf change = scale * inverse - 1.0f;
    pk_keep_better(
        scale, (pk_vf)0.0f, (rr - change * (2.0f * qx - change * qq)) * step * step, best);
  } else {
    pk_vf scale = pk_divide(qx, qq);
    if (half) scale = pk_stored_half(scale);
    pk_keep_better(scale, (pk_vf)0.0f, g->energy - scale * (2.0f * qx - scale * qq), best);
  }
}

// The codes, fractions allowed, that the largest magnitude is tried at, with either sign. Where
// elements differ in importance the largest one may matter little, so that more trials pay, and one
// more refinement.
typedef struct {
  const float *plain;
  int plain_count;
  const float *weighted;
  int weighted_count;
  int refinements;
} pk_trials;

#define PK_TRIALS(name, refinements) \
  {name##_plain, PK_COUNT(name##_plain), name##_weighted, PK_COUNT(name##_weighted), refinements}

// Searches y = q·scale, q one of the codes.
PK_BODY pk_fit pk_search_scale(
    const pk_group *g, const pk_codes *codes, int half, const pk_trials *trials) {
  pk_fit best = {0, 0, g->energy};
  const pk_vf unit = pk_inverse(g->largest);
  const float *steps = g->w ? trials->weighted : trials->plain;
  const int count = g->w ? trials->weighted_count : trials->plain_count;
  // What rounds to the highest code, or the lowest, needs no clamping.
  const float inside = (codes->highest < -codes->lowest ? codes->highest : -codes->lowest) + 0.49f;
  for (int c = 0; c < count; c++) {
    if (steps[c] < inside && -steps[c] < inside) {
      pk_try_scale(g, codes, half, 0, unit * steps[c], &best);
    } else {
      pk_try_scale(g, codes, half, 1, unit * steps[c], &best);
    }
  }
  for (int i = 0; i < trials->refinements + (g->w != NULL); i++) {
    pk_try_scale(g, codes, half, 1, pk_inverse(best.scale), &best);
  }
  return best;
}

// A group of up to 32 elements u = x − low, with the sums of w·u and w·u².
typedef struct {
  pk_vf low, u[32], wu[32];
  int size;
  pk_vf weight, unit_share, sum, energy;  // unit_share = 1 / weight
} pk_lifted;

// Sums over a group: of w·q, w·q² and w·u·q.
typedef struct {
  pk_vf q1, qq, qu;
} pk_sums;

// `w` stands apart from the group: where it is null, the compiler must see that.
PK_BODY pk_sums pk_sum_codes(
    const pk_lifted *g, const pk_vf *w, float highest, int clamped, pk_vf inverse, pk_vf offset) {
  const pk_vf lift = offset - g->low;
  pk_sums s = {0, 0, 0};
  for (int i = 0; i < g->size; i++) {
    const pk_vf v = (g->u[i] - lift) * inverse;
    const pk_vf q = pk_round(clamped ? pk_clamp(v, 0.0f, highest) : v);
    const pk_vf wq = pk_weighted(w, i, q);
    s.q1 += wq;
    s.qq += wq * q;
    s.qu += (w ? g->wu[i] : g->u[i]) * q;
  }
  return s;
}

// Σ w·(x − q·scale − offset)² of the codes that gave the sums.
PK_BODY pk_vf pk_error_of(const pk_lifted *g, const pk_sums *s, pk_vf scale, pk_vf offset) {
  const pk_vf m = offset - g->low;
  return g->energy - scale * (2.0f * s->qu - scale * s->qq) +
         m * (m * g->weight - 2.0f * g->sum + 2.0f * scale * s->q1);
}

// Tries y = q·scale + offset, q from 0 to highest, with the codes of (x − offset)·inverse.
// `negative` keeps the offset at or below 0; `half` scores both as half precision.
PK_BODY void pk_try_affine(
    const pk_lifted *g, const pk_vf *w, float highest, int half, int negative, int clamped,
    pk_vf inverse, pk_vf offset, pk_fit *best) {
  const pk_sums s = pk_sum_codes(g, w, highest, clamped, inverse, offset);
  // The scale and the rest m of the offset that minimise Σ w·(u − q·scale − m)².
  pk_vf above = g->weight * s.qu - s.q1 * g->sum, below = g->weight * s.qq - s.q1 * s.q1;
  if (negative) {
    // Where the offset would be above 0, the scale that minimises Σ w·(x − q·scale)².
    const pk_vf sum = g->sum + g->low * g->weight;
    const pk_vi positive = (sum > 0.0f) & (sum * below >= above * s.q1);
    above = positive ? s.qu + g->low * s.q1 : above;
    below = positive ? s.qq : below;
  }
  pk_vf scale = pk_divide(above, below);
  pk_vf minimum = (g->sum - scale * s.q1) * g->unit_share + g->low;
  if (negative) minimum = minimum < 0.0f ? minimum : (pk_vf)0.0f;
  if (half) {
    scale = pk_stored_half(scale);
    minimum = pk_stored_half(minimum);
  }
  pk_keep_better(scale, minimum, pk_error_of(g, &s, scale, minimum), best);
}

PK_BODY void pk_lift_group(
    const pk_vf *x, const pk_vf *w, int size, int negative, pk_lifted *g, pk_vf *high) {
  pk_vf low = x[0], top = x[0];
  for (int i = 0; i < size; i++) {
    low = x[i] < low ? x[i] : low;
    top = x[i] > top ? x[i] : top;
  }
  if (negative) low = low < 0.0f ? low : (pk_vf)0.0f;
  pk_vf weight = 0, sum = 0, energy = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf u = x[i] - low, wu = pk_weighted(w, i, u);
    g->u[i] = u;
    if (w) g->wu[i] = wu;
    weight += pk_weighted(w, i, 1.0f);
    sum += wu;
    energy += wu * u;
  }
  g->size = size;
  g->low = low;
  g->weight = weight;
  g->unit_share = 1.0f / weight;
  g->sum = sum;
  g->energy = energy;
  *high = top;
}

// How far the ends (low, high) of a group's range are moved inwards, in steps.
typedef struct {
  const float (*plain)[2];
  int plain_count;
  const float (*weighted)[2];
  int weighted_count;
  int refinements;
} pk_end_trials;

// Searches y = q·scale + offset in a group that is lifted, and ends at `high`.
PK_BODY pk_fit pk_search_affine(
    const pk_lifted *g, const pk_vf *w, pk_vf high, float highest, int half, int negative,
    const pk_end_trials *trials) {
  // To begin with, the constant that fits best.
  pk_fit best = {0, g->low + g->sum * g->unit_share, 0};
  if (negative) best.offset = best.offset < 0.0f ? best.offset : (pk_vf)0.0f;
  if (half) best.offset = pk_stored_half(best.offset);
  const pk_vf m = best.offset - g->low;
  best.error = g->energy + m * (m * g->weight - 2.0f * g->sum);
  const pk_vf step = (high - g->low) * (1.0f / highest), inverse = pk_inverse(step);
  const float(*ends)[2] = w ? trials->weighted : trials->plain;
  const int count = w ? trials->weighted_count : trials->plain_count;
  for (int c = 0; c < count; c++) {
    const float below = ends[c][0], above = ends[c][1];
    const float widened = highest / (highest - below - above);
    const pk_vf offset = g->low + below * step;
    if (below <= 0 && above <= 0) {
      pk_try_affine(g, w, highest, half, negative, 0, inverse * widened, offset, &best);
    } else {
      pk_try_affine(g, w, highest, half, negative, 1, inverse * widened, offset, &best);
    }
  }
  for (int i = 0; i < trials->refinements + (w != NULL); i++) {
    pk_try_affine(
        g, w, highest, half, negative, 1, pk_inverse(best.scale), best.offset, &best);
  }
  return best;
}

// The nearest code: its place in the table, or its number above the lowest.
PK_BODY pk_vu pk_place(const pk_codes *codes, pk_vf v) {
  if (codes->table) {
    return __builtin_convertvector(
        __builtin_convertvector(pk_table_place(codes->table, v), pk_vi), pk_vu);
  }
  // The number that rounds has the integer in its low bits.
  const pk_vf sum = pk_clamp(v, codes->lowest, codes->highest) + 12582912.0f;
  return pk_as_bits(sum) - pk_bits(12582912.0f + codes->lowest);
}

// codes[lane][i] of element i.
PK_BODY void pk_store_codes(
    const pk_vf *x, const pk_codes *values, pk_vf scale, pk_vf offset, int size, uint8_t *codes) {
  const pk_vf inverse = pk_inverse(scale);
  for (int start = 0; start < size; start += 16) {
    pk_vu elements[16];
    for (int i = 0; i < 16; i++) {
      elements[i] = pk_place(values, (x[start + i] - offset) * inverse);
    }
    pk_store_bytes(elements, PK_LANES, size, codes + start);
  }
}

#endif
