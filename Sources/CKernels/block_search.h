// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BLOCK_SEARCH_H
#define PARE_BLOCK_SEARCH_H

#include "block_groups.h"

// The search for a group's scale (and offset) that minimises Σ w·(x − y)².
//
// A candidate scale gives codes by rounding; least squares gives the best scale for these codes;
// the score is the error with the scale as it will be stored. Sums are taken over the rounding
// residuals r = x/s − q, which are small, so that nothing cancels.

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

// Tries y = q·scale with the codes that 1/scale = inverse gives.
PK_BODY void pk_try_scale(
    const pk_vf *x, const pk_vf *w, int size, const pk_codes *codes, int half, pk_vf inverse,
    pk_fit *best) {
  pk_vf qq = 0, qr = 0, rr = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf t = x[i] * inverse;
    const pk_vf q = pk_nearest_value(codes, t);
    const pk_vf r = t - q, wr = pk_weighted(w, i, r);
    qq += pk_weighted(w, i, q) * q;
    qr += wr * q;
    rr += wr * r;
  }
  const pk_vf step = pk_inverse(inverse);
  pk_vf scale = step + step * pk_divide(qr, qq);
  if (half) scale = pk_stored_half(scale);
  const pk_vf change = scale * inverse - 1.0f;
  const pk_vf error = (rr - change * (2.0f * qr - change * qq)) * step * step;
  const pk_vi better = error < best->error;
  best->scale = better ? scale : best->scale;
  best->error = better ? error : best->error;
}

// Searches y = q·scale, q one of the codes. `steps` are the codes, fractions
// allowed, that the largest magnitude is tried at, with either sign.
PK_BODY pk_fit pk_search_scale(
    const pk_vf *x, const pk_vf *w, int size, const pk_codes *codes, int half,
    const float *steps, int step_count, int refinements) {
  pk_vf largest = 0, energy = 0;
  for (int i = 0; i < size; i++) {
    largest = pk_magnitude(x[i]) > pk_magnitude(largest) ? x[i] : largest;
    energy += pk_weighted(w, i, x[i]) * x[i];
  }
  pk_fit best = {0, 0, energy};
  const pk_vf unit = pk_inverse(largest);
  for (int c = 0; c < step_count; c++) {
    pk_try_scale(x, w, size, codes, half, unit * steps[c], &best);
  }
  for (int i = 0; i < refinements; i++) {
    pk_try_scale(x, w, size, codes, half, pk_inverse(best.scale), &best);
  }
  return best;
}

// Tries y = q·scale + offset, q from 0 to highest, with the codes of (x − offset)·inverse.
// `negative` keeps the offset at or below 0; `half` scores both as half precision.
PK_BODY void pk_try_affine(
    const pk_vf *x, const pk_vf *w, pk_vf weight, int size, float highest, int half, int negative,
    pk_vf inverse, pk_vf offset, pk_fit *best) {
  pk_vf q1 = 0, qq = 0, r1 = 0, qr = 0, rr = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf t = (x[i] - offset) * inverse;
    const pk_vf q = pk_round(pk_clamp(t, 0.0f, highest));
    const pk_vf r = t - q, wq = pk_weighted(w, i, q), wr = pk_weighted(w, i, r);
    q1 += wq;
    qq += wq * q;
    r1 += wr;
    qr += wr * q;
    rr += wr * r;
  }
  // The error in units of the step is Σ w·(r − a·q − b)²: solve for a and b.
  const pk_vf step = pk_inverse(inverse);
  pk_vf a = pk_divide(weight * qr - q1 * r1, weight * qq - q1 * q1);
  pk_vf b = pk_divide(r1 - a * q1, weight);
  pk_vf minimum = offset + b * step;
  if (negative) {
    const pk_vi above = minimum > 0.0f;
    const pk_vf fixed = -offset * inverse;
    a = above ? pk_divide(qr - fixed * q1, qq) : a;
    minimum = above ? (pk_vf)0.0f : minimum;
  }
  pk_vf scale = step + step * a;
  if (half) {
    scale = pk_stored_half(scale);
    minimum = pk_stored_half(minimum);
  }
  a = scale * inverse - 1.0f;
  b = (minimum - offset) * inverse;
  const pk_vf error =
      (rr + a * (a * qq - 2.0f * qr) + b * (b * weight - 2.0f * r1 + 2.0f * a * q1)) * step * step;
  const pk_vi better = error < best->error;
  best->scale = better ? scale : best->scale;
  best->offset = better ? minimum : best->offset;
  best->error = better ? error : best->error;
}

// Searches y = q·scale + offset. Each candidate (low, high) moves the ends of the group's range
// inwards by these shares of a step.
PK_BODY pk_fit pk_search_affine(
    const pk_vf *x, const pk_vf *w, int size, float highest, int half, int negative,
    const float (*ends)[2], int end_count, int refinements) {
  pk_vf low = x[0], high = x[0], weight = 0, wx = 0;
  for (int i = 0; i < size; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    weight += pk_weighted(w, i, 1.0f);
    wx += pk_weighted(w, i, x[i]);
  }
  // To begin with, the constant that fits best.
  pk_fit best = {0, pk_divide(wx, weight), 0};
  if (negative) {
    best.offset = best.offset < 0.0f ? best.offset : (pk_vf)0.0f;
    low = low < 0.0f ? low : (pk_vf)0.0f;
  }
  if (half) best.offset = pk_stored_half(best.offset);
  for (int i = 0; i < size; i++) {
    const pk_vf difference = x[i] - best.offset;
    best.error += pk_weighted(w, i, difference) * difference;
  }
  const pk_vf step = (high - low) * (1.0f / highest);
  for (int c = 0; c < end_count; c++) {
    const pk_vf offset = low + ends[c][0] * step;
    const pk_vf range = (high - ends[c][1] * step) - offset;
    pk_try_affine(
        x, w, weight, size, highest, half, negative, pk_inverse(range * (1.0f / highest)), offset,
        &best);
  }
  for (int i = 0; i < refinements; i++) {
    pk_try_affine(
        x, w, weight, size, highest, half, negative, pk_inverse(best.scale), best.offset, &best);
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
