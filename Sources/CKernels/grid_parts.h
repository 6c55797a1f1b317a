// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_PARTS_H
#define PARE_GRID_PARTS_H

#include "block_groups.h"

// The encoders of formats with code books work on one superblock: its 32 parts of eight elements lie
// in the lanes, so that each part's search is the same operation on all lanes.

#define PK_PARTS 32
#define PK_PART_SIZE 8

typedef float pk_pf __attribute__((ext_vector_type(PK_PARTS)));
typedef int32_t pk_pi __attribute__((ext_vector_type(PK_PARTS)));
typedef uint32_t pk_pu __attribute__((ext_vector_type(PK_PARTS)));
typedef int16_t pk_ps __attribute__((ext_vector_type(PK_PARTS)));

// Beyond what any superblock can hold; squares stay far from overflow.
#define PK_LIMIT_PARTS 1e8f

typedef struct {
  pk_pf x[PK_PART_SIZE];
  // The importance; 1 where there is none.
  pk_pf w[PK_PART_SIZE];
  // Σ w·x² of each part.
  pk_pf energy;
} pk_parts;

PK_BODY pk_pf pk_parts_magnitude(pk_pf v) {
  pk_pu bits;
  memcpy(&bits, &v, sizeof bits);
  bits &= 0x7fffffffu;
  memcpy(&v, &bits, sizeof bits);
  return v;
}

PK_BODY pk_pf pk_parts_inverse(pk_pf v) {
  const pk_pi usable = v > 1e-30f;
  const pk_pf inverse = 1.0f / (usable ? v : (pk_pf)1.0f);
  return usable ? inverse : (pk_pf)0.0f;
}

PK_BODY pk_pf pk_parts_clamp(pk_pf v, float low, float high) {
  v = v > low ? v : (pk_pf)low;
  return v < high ? v : (pk_pf)high;
}

// To nearest, ties to even, for magnitudes under 2^22.
PK_BODY pk_pf pk_parts_round(pk_pf v) { return (v + 12582912.0f) - 12582912.0f; }

// Sums over the parts that share a scale, in each of their lanes: 1, 2 or 4 lanes, or all.
PK_BODY pk_pf pk_shared_sum(pk_pf v, int lanes) {
#define PK_ADD_LANES(distance)                                                                  \
  v += __builtin_shufflevector(                                                                 \
      v, v, 0 ^ distance, 1 ^ distance, 2 ^ distance, 3 ^ distance, 4 ^ distance, 5 ^ distance, \
      6 ^ distance, 7 ^ distance, 8 ^ distance, 9 ^ distance, 10 ^ distance, 11 ^ distance,     \
      12 ^ distance, 13 ^ distance, 14 ^ distance, 15 ^ distance, 16 ^ distance, 17 ^ distance, \
      18 ^ distance, 19 ^ distance, 20 ^ distance, 21 ^ distance, 22 ^ distance, 23 ^ distance, \
      24 ^ distance, 25 ^ distance, 26 ^ distance, 27 ^ distance, 28 ^ distance, 29 ^ distance, \
      30 ^ distance, 31 ^ distance);
  if (lanes > 1) { PK_ADD_LANES(1) }
  if (lanes > 2) { PK_ADD_LANES(2) }
  if (lanes > 4) { PK_ADD_LANES(4) PK_ADD_LANES(8) PK_ADD_LANES(16) }
#undef PK_ADD_LANES
  return v;
}

PK_BODY float pk_largest_lane(pk_pf v) {
  float largest = 0;
  for (int i = 0; i < PK_PARTS; i++) largest = largest > v[i] ? largest : v[i];
  return largest;
}

PK_BODY void pk_load_parts(
    const float *values, const float *importance, float unit, pk_parts *parts) {
  pk_transpose_rows(values, PK_PARTS, PK_PART_SIZE, (float *)parts->x);
  if (importance) pk_transpose_rows(importance, PK_PARTS, PK_PART_SIZE, (float *)parts->w);
  parts->energy = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pf x = parts->x[i];
    parts->x[i] = pk_parts_clamp(x == x ? x : (pk_pf)0.0f, -PK_LIMIT_PARTS, PK_LIMIT_PARTS);
    parts->w[i] =
        importance ? pk_parts_clamp(parts->w[i] * unit, PK_IMPORTANCE_FLOOR, 2.0f) : (pk_pf)1.0f;
    parts->energy += parts->w[i] * parts->x[i] * parts->x[i];
  }
}

#endif
