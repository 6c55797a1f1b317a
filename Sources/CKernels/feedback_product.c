// SPDX-License-Identifier: Apache-2.0
#include "feedback_lanes.h"

// What moments make of whole rows.

PK_BODY void pk_feedback_product_body(
    const float *moments, size_t columns, const float *left, const float *right,
    double *products) {
  for (int lane = 0; lane < PK_FEEDBACK_LANES; lane++) products[lane] = 0;
  for (size_t first = 0; first < columns; first += PK_TILE) {
    const size_t own = columns - first < PK_TILE ? columns - first : PK_TILE;
    const float *tile[PK_TILE];
    pk_pf sums[PK_TILE];
    pk_open_tile(moments, columns, first, own, tile, sums);
    pk_add_products(tile, 0, columns, right, sums);
    for (size_t c = 0; c < own; c++) {
      const pk_pf product = sums[c] * pk_lanes(left, first + c);
      for (int lane = 0; lane < PK_FEEDBACK_LANES; lane++) products[lane] += (double)product[lane];
    }
  }
}

// z B = r from the last element down, by blocks of rows that are taken off all elements before.
PK_BODY void pk_solve_upward(const float *couplings, size_t n, float *values) {
  for (size_t last = n; last > 0;) {
    const size_t first = last > PK_TILE ? last - PK_TILE : 0;
    for (size_t i = last; i-- > first;) {
      const pk_pf solved = pk_lanes(values, i);
      for (size_t j = first; j < i; j++) {
        pk_set_lanes(values, j, pk_lanes(values, j) - couplings[i * n + j] * solved);
      }
    }
    for (size_t j = 0; j < first; j++) {
      pk_pf value = pk_lanes(values, j);
      for (size_t i = first; i < last; i++) value -= couplings[i * n + j] * pk_lanes(values, i);
      pk_set_lanes(values, j, value);
    }
    last = first;
  }
}

// x Bᵀ = y from the first element on.
PK_BODY void pk_solve_downward(const float *couplings, size_t n, float *values) {
  for (size_t first = 0; first < n; first += PK_TILE) {
    const size_t count = n - first < PK_TILE ? n - first : PK_TILE;
    const float *tile[PK_TILE];
    pk_pf sums[PK_TILE];
    pk_open_tile(couplings, n, first, count, tile, sums);
    pk_add_products(tile, 0, first, values, sums);
    for (size_t c = 0; c < count; c++) {
      pk_pf sum = sums[c];
      for (size_t j = first; j < first + c; j++) sum += tile[c][j] * pk_lanes(values, j);
      pk_set_lanes(values, first + c, pk_lanes(values, first + c) - sum);
    }
  }
}

PK_BODY void pk_feedback_shift_body(
    const float *drift, const float *couplings, const float *pivots, size_t columns,
    const float *values, float *shifts) {
  for (size_t first = 0; first < columns; first += PK_TILE) {
    const size_t own = columns - first < PK_TILE ? columns - first : PK_TILE;
    const float *tile[PK_TILE];
    pk_pf sums[PK_TILE];
    pk_open_tile(drift, columns, first, own, tile, sums);
    pk_add_products(tile, 0, columns, values, sums);
    for (size_t c = 0; c < own; c++) pk_set_lanes(shifts, first + c, sums[c]);
  }
  pk_solve_upward(couplings, columns, shifts);
  for (size_t i = 0; i < columns; i++) {
    pk_set_lanes(shifts, i, pk_lanes(shifts, i) / pivots[i]);
  }
  pk_solve_downward(couplings, columns, shifts);
}

PK_STAMP(
    pk_feedback_product, (moments, columns, left, right, products), const float *moments,
    size_t columns, const float *left, const float *right, double *products)
PK_STAMP(
    pk_feedback_shift, (drift, couplings, pivots, columns, values, shifts), const float *drift,
    const float *couplings, const float *pivots, size_t columns, const float *values,
    float *shifts)
