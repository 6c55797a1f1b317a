// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_SEARCH_H
#define PARE_GRID_SEARCH_H

#include "grid_costs.h"

// The nearest point of a code book for each part of a superblock, at a given scale: exact but for
// the rounding of costs, by looking at every point.

// What was found for each part.
typedef struct {
  pk_ps index[2];
  // A bit for each element.
  pk_pu negative;
  pk_pf shift;
  // The sums Σ w·x·y, Σ w·y² of the values y at scale 1.
  pk_pf xy, yy;
} pk_found;

typedef struct {
  pk_ps cost, index;
} pk_nearest;

PK_BODY pk_ps pk_least_low(const pk_ps *costs, const pk_chunk *chunk) {
  pk_ps least = costs[chunk->low[0]];
  for (int i = 1; i < PK_CHUNK; i++) least = pk_least(least, costs[chunk->low[i]]);
  return least;
}

PK_BODY pk_ps pk_chunk_cost(const pk_halves *halves, int flipped, const pk_chunk *chunk) {
  if (!flipped) return pk_add_costs(pk_least_low(halves->low, chunk), halves->high[chunk->high]);
  return pk_least(
      pk_add_costs(pk_least_low(halves->low_flipped, chunk), halves->high[chunk->high]),
      pk_add_costs(pk_least_low(halves->low, chunk), halves->high_flipped[chunk->high]));
}

// The cost of the point that costs least, with no sign flipped.
PK_BODY pk_ps pk_least_cost(const pk_book *book, const pk_halves *halves) {
  pk_ps least = PK_WORST;
  for (int n = 0; n < book->count; n++) {
    least = pk_least(least, pk_chunk_cost(halves, 0, book->chunks + n));
  }
  return least;
}

// One lane's cost; taken from memory, as a variable lane of a register is slow.
PK_BODY int pk_cost_of(const pk_ps *costs, int place, int lane) {
  int16_t cost;
  memcpy(&cost, (const char *)(costs + place) + 2 * lane, 2);
  return cost;
}

// The point that costs least. Which chunk has it is found for all lanes at once; each lane then
// looks through its own chunk.
PK_BODY pk_nearest pk_nearest_point(const pk_book *book, const pk_halves *halves, int flipped) {
  pk_nearest best = {(pk_ps)PK_WORST, (pk_ps)0};
  pk_ps place = 0;
  for (int n = 0; n < book->count; n++) {
    const pk_ps cost = pk_chunk_cost(halves, flipped, book->chunks + n);
    const pk_ps better = cost < best.cost;
    best.index = better ? place : best.index;
    best.cost = pk_least(cost, best.cost);
    place += 1;
  }
  int16_t found[PK_PARTS];
  memcpy(found, &best.index, sizeof found);
  for (int lane = 0; lane < PK_PARTS; lane++) {
    const pk_chunk *chunk = book->chunks + found[lane];
    const int high = pk_cost_of(halves->high, chunk->high, lane);
    const int high_flipped = flipped ? pk_cost_of(halves->high_flipped, chunk->high, lane) : 0;
    int least = PK_WORST * 2, index = 0;
    for (int i = 0; i < PK_CHUNK; i++) {
      const int low = pk_cost_of(halves->low, chunk->low[i], lane);
      int cost = low + high;
      if (flipped) {
        const int first = pk_cost_of(halves->low_flipped, chunk->low[i], lane) + high;
        const int second = low + high_flipped;
        cost = first < second ? first : second;
      }
      index = cost < least ? i : index;
      least = cost < least ? cost : least;
    }
    found[lane] = (int16_t)(chunk->first + index);
  }
  memcpy(&best.index, found, sizeof found);
  return best;
}

PK_BODY pk_nearest pk_nearer(pk_ps condition, pk_nearest a, pk_nearest b) {
  return (pk_nearest){condition ? a.cost : b.cost, condition ? a.index : b.index};
}

// Parts whose number of negative elements is odd; all bits, or none.
PK_BODY pk_ps pk_odd_parts(const pk_parts *parts) {
  pk_pi odd = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) odd ^= parts->x[i] < 0.0f;
  return __builtin_convertvector(odd, pk_ps);
}

PK_BODY void pk_find_fours(
    const pk_format *format, const pk_book *book, const pk_costs *costs, pk_ps odd,
    pk_found *found) {
  pk_nearest own[2], flipped[2];
  for (int half = 0; half < 2; half++) {
    pk_fours fours;
    const pk_halves halves = pk_open_fours(format, costs + 4 * half, &fours);
    own[half] = pk_nearest_point(book, &halves, 0);
    if (format->signs == PK_SIGNS_EVEN) flipped[half] = pk_nearest_point(book, &halves, 1);
  }
  if (format->signs == PK_SIGNS_EVEN) {
    const pk_ps in_first = pk_add_costs(flipped[0].cost, own[1].cost) <=
                           pk_add_costs(own[0].cost, flipped[1].cost);
    own[0] = pk_nearer(odd & in_first, flipped[0], own[0]);
    own[1] = pk_nearer(odd & ~in_first, flipped[1], own[1]);
  }
  found->index[0] = own[0].index;
  found->index[1] = own[1].index;
}

PK_BODY pk_ps pk_least_fours(
    const pk_format *format, const pk_book *book, const pk_costs *costs) {
  pk_ps sum = 0;
  for (int half = 0; half < 2; half++) {
    pk_fours fours;
    const pk_halves halves = pk_open_fours(format, costs + 4 * half, &fours);
    sum = pk_add_costs(sum, pk_least_cost(book, &halves));
  }
  return sum;
}

// The error that the nearest points leave if signs are free, without looking up which they are.
PK_BODY pk_pf pk_least_error(
    const pk_parts *parts, const pk_format *whole, const pk_book *book, pk_pf scale) {
  pk_format format_of_any_signs = *whole;
  format_of_any_signs.signs = PK_SIGNS_FREE;
  const pk_format *format = &format_of_any_signs;
  pk_costs costs[PK_PART_SIZE];
  pk_pf floor, step;
  pk_level_costs(parts, format, scale, (pk_pf)0.0f, costs, &floor, &step);
  pk_ps least;
  if (pk_is_iq3(format)) {
    least = pk_least_fours(format, book, costs);
  } else {
    pk_eights eights;
    const pk_halves halves = pk_open_eights(format, costs, (pk_ps)0, &eights);
    least = pk_least_cost(book, &halves);
  }
  return floor + step * __builtin_convertvector(least, pk_pf);
}

// The digits of the points that were found.
PK_BODY pk_pi pk_digits(const pk_format *format, pk_ps index) {
  int16_t places[PK_PARTS];
  int32_t points[PK_PARTS];
  pk_pi digits;
  memcpy(places, &index, sizeof places);
  for (int lane = 0; lane < PK_PARTS; lane++) points[lane] = format->points[places[lane]];
  memcpy(&digits, points, sizeof digits);
  return digits;
}

// Decodes what was found, and takes its sums.
PK_BODY void pk_measure_found(
    const pk_parts *parts, const pk_format *format, pk_ps odd, pk_pf shift, pk_found *found) {
  const int fours = pk_is_iq3(format);
  const pk_pi first = pk_digits(format, found->index[0]);
  const pk_pi second = fours ? pk_digits(format, found->index[1]) : first;
  pk_pf y[PK_PART_SIZE], cheapest = 0;
  pk_pi flip = -1;
  found->negative = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pi digit = fours ? (i < 4 ? first : second) >> 3 * (i % 4) & 7 : first >> 2 * i & 3;
    y[i] = pk_level(format, __builtin_convertvector(digit, pk_pf)) + shift;
    if (format->signs == PK_SIGNS_NONE) continue;
    const pk_pi negative = parts->x[i] < 0.0f;
    found->negative |= __builtin_convertvector(negative, pk_pu) & 1u << i;
    if (format->signs != PK_SIGNS_EVEN) continue;
    const pk_pf loss = parts->w[i] * pk_parts_magnitude(parts->x[i]) * y[i];
    const pk_pi cheaper = i == 0 ? (pk_pi)-1 : (pk_pi)(loss < cheapest);
    cheapest = cheaper ? loss : cheapest;
    flip = cheaper ? (pk_pi)i : flip;
  }
  const pk_pi flips = format->signs == PK_SIGNS_EVEN ? __builtin_convertvector(odd, pk_pi) : (pk_pi)0;
  found->xy = 0;
  found->yy = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    pk_pf wx = parts->w[i] * parts->x[i];
    if (format->signs != PK_SIGNS_NONE) {
      wx = pk_parts_magnitude(wx);
      const pk_pi flipped = flips & (flip == i);
      wx = flipped ? -wx : wx;
      found->negative ^= __builtin_convertvector(flipped, pk_pu) & 1u << i;
    }
    found->xy += wx * y[i];
    found->yy += parts->w[i] * y[i] * y[i];
  }
}

// The nearest points at these scales.
PK_BODY void pk_find(
    const pk_parts *parts, const pk_format *format, const pk_book *book, pk_ps odd, pk_pf scale,
    pk_pf shift, pk_found *found) {
  pk_costs costs[PK_PART_SIZE];
  pk_pf floor, step;
  pk_level_costs(parts, format, scale, shift, costs, &floor, &step);
  if (pk_is_iq3(format)) {
    pk_find_fours(format, book, costs, odd, found);
  } else {
    pk_eights eights;
    const pk_halves halves = pk_open_eights(format, costs, odd, &eights);
    found->index[0] = pk_nearest_point(book, &halves, format->signs == PK_SIGNS_EVEN).index;
  }
  found->shift = shift;
  pk_measure_found(parts, format, odd, shift, found);
}

#endif
