// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_FEEDBACK_LANES_H
#define PARE_FEEDBACK_LANES_H

#include "grid_parts.h"
#include "include/feedback.h"

// 32 rows, one in each lane: nothing is summed across lanes.

#define PK_TILE 8  // elements whose sums are kept in registers

PK_BODY pk_pf pk_lanes(const float *values, size_t place) {
  pk_pf lanes;
  memcpy(&lanes, values + place * PK_FEEDBACK_LANES, sizeof lanes);
  return lanes;
}

PK_BODY void pk_set_lanes(float *values, size_t place, pk_pf lanes) {
  memcpy(values + place * PK_FEEDBACK_LANES, &lanes, sizeof lanes);
}

// 1 / v for numbers of either sign, and 0 for what is too small to divide by.
PK_BODY pk_pf pk_lane_inverse(pk_pf v) {
  const pk_pi usable = pk_parts_magnitude(v) > 1e-30f;
  const pk_pf inverse = 1.0f / (usable ? v : (pk_pf)1.0f);
  return usable ? inverse : (pk_pf)0.0f;
}

typedef uint8_t pk_lane_bytes __attribute__((ext_vector_type(PK_FEEDBACK_LANES)));

PK_BODY pk_pf pk_lane_codes(const uint8_t *codes, size_t place) {
  pk_lane_bytes bytes;
  memcpy(&bytes, codes + place * PK_FEEDBACK_LANES, sizeof bytes);
  return __builtin_convertvector(bytes, pk_pf);
}

// The levels that codes stand for.
PK_BODY pk_pf pk_lane_levels(const pk_level_grid *levels, const uint8_t *codes, size_t place) {
  if (levels->is_even) return pk_lane_codes(codes, place) + levels->levels[0];
  pk_pf level;
  for (int lane = 0; lane < PK_FEEDBACK_LANES; lane++) {
    level[lane] = levels->levels[codes[place * PK_FEEDBACK_LANES + (size_t)lane]];
  }
  return level;
}

// The rows from `first` to `first` + count - 1 of a matrix of n columns, and sums of 0. Missing rows
// repeat the last; what is then summed is not used.
PK_BODY void pk_open_tile(
    const float *matrix, size_t n, size_t first, size_t count, const float *rows[PK_TILE],
    pk_pf sums[PK_TILE]) {
  for (size_t c = 0; c < PK_TILE; c++) {
    rows[c] = matrix + (first + (c < count ? c : count - 1)) * n;
    sums[c] = 0;
  }
}

// sums[c] += Σ rows[c][j] * errors[j] for j from first to last - 1.
PK_BODY void pk_add_products(
    const float *const rows[PK_TILE], size_t first, size_t last, const float *errors,
    pk_pf sums[PK_TILE]) {
  for (size_t j = first; j < last; j++) {
    const pk_pf e = pk_lanes(errors, j);
#pragma clang loop unroll(full)
    for (int c = 0; c < PK_TILE; c++) sums[c] += rows[c][j] * e;
  }
}

#endif
