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

PK_BODY pk_vf pk_nearest_value(const pk_codes *codes, pk_vf v) {
  if (codes->table == NULL) return pk_round(pk_clamp(v, codes->lowest, codes->highest));
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

// Tries y = q·scale with the codes that 1/scale = inverse gives.
//
// The error of many levels is small beside Σ w·x²: it is summed up from rounding residuals
// r = x/s − q, so that nothing cancels. For few levels, cheaper sums are exact enough.
PK_BODY void pk_try_scale(
    const pk_vf *x, const pk_vf *wx, const pk_vf *w, int size, const pk_codes *codes, int half,
    pk_vf energy, pk_vf inverse, pk_fit *best) {
  const int residuals = codes->table == NULL && codes->highest > 32;
  pk_vf qq = 0, qx = 0, rr = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf t = x[i] * inverse;
    const pk_vf q = pk_nearest_value(codes, t);
    qq += pk_weighted(w, i, q) * q;
    if (residuals) {
      const pk_vf r = t - q, wr = pk_weighted(w, i, r);
      qx += wr * q;
      rr += wr * r;
    } else {
      qx += wx[i] * q;
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
    pk_keep_better(scale, (pk_vf)0.0f, energy - scale * (2.0f * qx - scale * qq), best);
  }
}

#define PK_GROUP_LIMIT 256

// Searches y = q·scale, q one of the codes. `steps` are the codes, fractions
// allowed, that the largest magnitude is tried at, with either sign.
PK_BODY pk_fit pk_search_scale(
    const pk_vf *x, const pk_vf *w, int size, const pk_codes *codes, int half,
    const float *steps, int step_count, int refinements) {
  pk_vf largest = 0, energy = 0, wx[PK_GROUP_LIMIT];
  for (int i = 0; i < size; i++) {
    largest = pk_magnitude(x[i]) > pk_magnitude(largest) ? x[i] : largest;
    wx[i] = pk_weighted(w, i, x[i]);
    energy += wx[i] * x[i];
  }
  pk_fit best = {0, 0, energy};
  const pk_vf unit = pk_inverse(largest);
  for (int c = 0; c < step_count; c++) {
    pk_try_scale(x, wx, w, size, codes, half, energy, unit * steps[c], &best);
  }
  for (int i = 0; i < refinements; i++) {
    pk_try_scale(x, wx, w, size, codes, half, energy, pk_inverse(best.scale), &best);
  }
  return best;
}

// A group of up to 32 elements u = x − low, with the sums of w·u and w·u².
typedef struct {
  pk_vf low, u[32], wu[32];
  pk_vf weight, sum, energy;
} pk_lifted;

// Tries y = q·scale + offset, q from 0 to highest, with the codes of (x − offset)·inverse.
// `negative` keeps the offset at or below 0; `half` scores both as half precision.
PK_BODY void pk_try_affine(
    const pk_lifted *group, const pk_vf *w, int size, float highest, int half, int negative,
    pk_vf inverse, pk_vf offset, pk_fit *best) {
  const pk_vf lift = offset - group->low;
  pk_vf q1 = 0, qq = 0, qu = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf q = pk_round(pk_clamp((group->u[i] - lift) * inverse, 0.0f, highest));
    const pk_vf wq = pk_weighted(w, i, q);
    q1 += wq;
    qq += wq * q;
    qu += group->wu[i] * q;
  }
  // The scale and the rest m of the offset that minimise Σ w·(u − q·scale − m)².
  pk_vf scale = pk_divide(
      group->weight * qu - q1 * group->sum, group->weight * qq - q1 * q1);
  pk_vf minimum = pk_divide(group->sum - scale * q1, group->weight) + group->low;
  if (negative) {
    const pk_vi above = minimum > 0.0f;
    scale = above ? pk_divide(qu + group->low * q1, qq) : scale;
    minimum = above ? (pk_vf)0.0f : minimum;
  }
  if (half) {
    scale = pk_stored_half(scale);
    minimum = pk_stored_half(minimum);
  }
  const pk_vf m = minimum - group->low;
  const pk_vf error = group->energy - scale * (2.0f * qu - scale * qq) +
                      m * (m * group->weight - 2.0f * group->sum + 2.0f * scale * q1);
  pk_keep_better(scale, minimum, error, best);
}

// Searches y = q·scale + offset. Each candidate (low, high) moves the ends of the group's range
// inwards by these shares of a step.
PK_BODY pk_fit pk_search_affine(
    const pk_vf *x, const pk_vf *w, int size, float highest, int half, int negative,
    const float (*ends)[2], int end_count, int refinements) {
  pk_lifted group = {x[0], {0}, {0}, 0, 0, 0};
  pk_vf high = x[0];
  for (int i = 0; i < size; i++) {
    group.low = x[i] < group.low ? x[i] : group.low;
    high = x[i] > high ? x[i] : high;
  }
  if (negative) group.low = group.low < 0.0f ? group.low : (pk_vf)0.0f;
  for (int i = 0; i < size; i++) {
    group.u[i] = x[i] - group.low;
    group.wu[i] = pk_weighted(w, i, group.u[i]);
    group.weight += pk_weighted(w, i, 1.0f);
    group.sum += group.wu[i];
    group.energy += group.wu[i] * group.u[i];
  }
  // To begin with, the constant that fits best.
  pk_fit best = {0, group.low + pk_divide(group.sum, group.weight), 0};
  if (negative) best.offset = best.offset < 0.0f ? best.offset : (pk_vf)0.0f;
  if (half) best.offset = pk_stored_half(best.offset);
  const pk_vf m = best.offset - group.low;
  best.error = group.energy + m * (m * group.weight - 2.0f * group.sum);
  const pk_vf step = (high - group.low) * (1.0f / highest);
  for (int c = 0; c < end_count; c++) {
    const pk_vf offset = group.low + ends[c][0] * step;
    const pk_vf range = (high - ends[c][1] * step) - offset;
    pk_try_affine(
        &group, w, size, highest, half, negative, pk_inverse(range * (1.0f / highest)), offset,
        &best);
  }
  for (int i = 0; i < refinements; i++) {
    pk_try_affine(
        &group, w, size, highest, half, negative, pk_inverse(best.scale), best.offset, &best);
  }
  return best;
}

// codes[lane][i] of element i: its place in the table, or its number above the lowest.
PK_BODY void pk_store_codes(
    const pk_vf *x, const pk_codes *values, pk_vf scale, pk_vf offset, int size, uint8_t *codes) {
  const pk_vf inverse = pk_inverse(scale);
  for (int start = 0; start < size; start += 16) {
    pk_vb rows[16];
    for (int i = 0; i < 16; i++) {
      const pk_vf v = (x[start + i] - offset) * inverse;
      const pk_vf code = values->table ? pk_table_place(values->table, v)
                                       : pk_nearest_value(values, v) - values->lowest;
      rows[i] = __builtin_convertvector(__builtin_convertvector(code, pk_vi), pk_vb);
    }
    PK_INTERLEAVE(rows, pk_vb)
    for (int lane = 0; lane < PK_LANES; lane++) {
      memcpy(codes + lane * size + start, &rows[lane], 16);
    }
  }
}

#endif
