// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_COSTS_H
#define PARE_GRID_COSTS_H

#include "grid_book.h"

// What each level of each element costs at a given scale, and what the halves of points cost.
//
// The error is a sum over elements of a cost that depends on the element's level alone. A point is
// two halves; the costs of every half that levels can make are added up once, and a point costs one
// addition. Costs are 16-bit integers in units of 1/16383 of the largest sum in their part.

// Costs of pairs of elements: without, and with one sign that is not the element's own.
typedef struct {
  pk_ps own[64], flipped[64];
} pk_pairs;

#define PK_WORST 32767

PK_BODY pk_ps pk_add_costs(pk_ps a, pk_ps b) { return __builtin_elementwise_add_sat(a, b); }
PK_BODY pk_ps pk_least(pk_ps a, pk_ps b) { return __builtin_elementwise_min(a, b); }

typedef struct {
  pk_ps own[8], flipped[8];
} pk_costs;

// The cost of each level of each element, the least of them 0: in `unit`s above `floor`.
PK_BODY void pk_level_costs(
    const pk_parts *parts, const pk_format *format, pk_pf scale, pk_pf shift, pk_costs *costs,
    pk_pf *floor, pk_pf *step) {
  const int count = pk_level_count(format);
  pk_pf raw[PK_PART_SIZE][8], total = 0;
  *floor = parts->energy;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pf x = format->signs ? pk_parts_magnitude(parts->x[i]) : parts->x[i];
    const pk_pf twice = x + x;
    pk_pf least, most;
    for (int l = 0; l < count; l++) {
      const pk_pf y = scale * (pk_level(format, (float)l) + shift);
      raw[i][l] = y * (y - twice);
      least = l && least < raw[i][l] ? least : raw[i][l];
      most = l && most > raw[i][l] ? most : raw[i][l];
    }
    for (int l = 0; l < count; l++) raw[i][l] = parts->w[i] * (raw[i][l] - least);
    total += parts->w[i] * (most - least);
    *floor += parts->w[i] * least;
  }
  const pk_pf unit = 16383.0f * pk_parts_inverse(total);
  *step = total * (1.0f / 16383.0f);
  for (int i = 0; i < PK_PART_SIZE; i++) {
    for (int l = 0; l < count; l++) {
      const pk_pf cost = raw[i][l] * unit;
      costs[i].own[l] = __builtin_convertvector(cost, pk_ps);
      if (format->signs != PK_SIGNS_EVEN) continue;
      const pk_pf y = scale * pk_level(format, (float)l);
      const pk_pf flip = 4.0f * parts->w[i] * pk_parts_magnitude(parts->x[i]) * y * unit;
      costs[i].flipped[l] = __builtin_convertvector(
          pk_parts_clamp(cost + flip, 0.0f, (float)PK_WORST), pk_ps);
    }
  }
}

// Adds up the costs of two elements, whose digits have `bits` bits.
PK_BODY void pk_pair_costs(
    const pk_costs *a, const pk_costs *b, const pk_format *format, int bits, pk_pairs *pairs) {
  const int count = pk_level_count(format);
  for (int j = 0; j < count; j++) {
    for (int i = 0; i < count; i++) {
      const int place = i | j << bits;
      pairs->own[place] = pk_add_costs(a->own[i], b->own[j]);
      if (format->signs != PK_SIGNS_EVEN) continue;
      pairs->flipped[place] =
          pk_least(pk_add_costs(a->flipped[i], b->own[j]), pk_add_costs(a->own[i], b->flipped[j]));
    }
  }
}

// The costs of the halves of points: of the elements' own signs, and with one sign flipped.
typedef struct {
  const pk_ps *low, *high, *low_flipped, *high_flipped;
} pk_halves;

// Half tables of IQ1 and IQ2: four elements with digits of two bits.
PK_BODY void pk_half_costs(
    const pk_costs *costs, const pk_format *format, pk_ps *own, pk_ps *flipped) {
  pk_pairs first, second;
  pk_pair_costs(costs, costs + 1, format, 2, &first);
  pk_pair_costs(costs + 2, costs + 3, format, 2, &second);
  for (int b = 0; b < 11; b++) {
    if (b % 4 == 3) continue;
    for (int a = 0; a < 11; a++) {
      if (a % 4 == 3) continue;
      const int place = a | b << 4;
      own[place] = pk_add_costs(first.own[a], second.own[b]);
      if (format->signs != PK_SIGNS_EVEN) continue;
      flipped[place] = pk_least(
          pk_add_costs(first.flipped[a], second.own[b]),
          pk_add_costs(first.own[a], second.flipped[b]));
    }
  }
}

typedef struct {
  pk_ps low[256], high[256], low_flipped[256], high_flipped[256];
} pk_eights;

PK_BODY pk_halves pk_open_eights(
    const pk_format *format, const pk_costs *costs, pk_ps odd, pk_eights *eights) {
  pk_half_costs(costs, format, eights->low, eights->low_flipped);
  pk_half_costs(costs + 4, format, eights->high, eights->high_flipped);
  if (format->signs == PK_SIGNS_EVEN) {
    // Where no sign must flip, a table of the worst costs turns one of the two sums off.
    for (int b = 0; b < 171; b++) {
      if (b % 4 == 3 || b / 4 % 4 == 3 || b / 16 % 4 == 3) continue;
      eights->low_flipped[b] = odd ? eights->low_flipped[b] : eights->low[b];
      eights->high_flipped[b] = odd ? eights->high_flipped[b] : (pk_ps)PK_WORST;
    }
  }
  return (pk_halves){eights->low, eights->high, eights->low_flipped, eights->high_flipped};
}

typedef struct {
  pk_pairs low, high;
} pk_fours;

PK_BODY pk_halves pk_open_fours(
    const pk_format *format, const pk_costs *costs, pk_fours *fours) {
  pk_pair_costs(costs, costs + 1, format, 3, &fours->low);
  pk_pair_costs(costs + 2, costs + 3, format, 3, &fours->high);
  return (pk_halves){
      fours->low.own, fours->high.own, fours->low.flipped, fours->high.flipped};
}

// What each element's nearest level gives, whether or not the code book has such a point: the error,
// and the sums of w·x·y and w·y² of the levels y.
typedef struct {
  pk_pf error, xy, yy;
} pk_rounded;

PK_BODY pk_rounded pk_round_to_levels(
    const pk_parts *parts, const pk_format *format, pk_pf scale, pk_pf shift) {
  const pk_pf inverse = pk_parts_inverse(scale);
  pk_rounded sums = {0, 0, 0};
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pf x = format->signs ? pk_parts_magnitude(parts->x[i]) : parts->x[i];
    const pk_pf y = pk_level(format, pk_nearest_level(format, x * inverse - shift)) + shift;
    const pk_pf away = x - scale * y, wy = parts->w[i] * y;
    sums.xy += wy * x;
    sums.yy += wy * y;
    sums.error += parts->w[i] * away * away;
  }
  return sums;
}

#endif
