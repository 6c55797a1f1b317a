// SPDX-License-Identifier: Apache-2.0
#include "include/feedback.h"
#include "stamp.h"

// A Cholesky factorisation without square roots, backwards. Each element is summed in a fixed order.

typedef double pk_eight_doubles __attribute__((ext_vector_type(8)));

// row -= Σ factors[i] * others[i] over elements 0 to count - 1.
PK_BODY void pk_take_off(
    double *row, size_t count, const double *const *others, const double *factors, size_t rows) {
  size_t k = 0;
  for (; k + 32 <= count; k += 32) {
    pk_eight_doubles sums[4];
    __builtin_memcpy(sums, row + k, sizeof sums);
    for (size_t i = 0; i < rows; i++) {
      pk_eight_doubles other[4];
      __builtin_memcpy(other, others[i] + k, sizeof other);
#pragma clang loop unroll(full)
      for (int v = 0; v < 4; v++) sums[v] -= factors[i] * other[v];
    }
    __builtin_memcpy(row + k, sums, sizeof sums);
  }
  for (; k < count; k++) {
    double sum = row[k];
    for (size_t i = 0; i < rows; i++) sum -= factors[i] * others[i][k];
    row[k] = sum;
  }
}

PK_BODY void pk_factor_update_body(
    double *matrix, size_t n, size_t first, size_t last, size_t factored_first,
    size_t factored_last) {
  const double *others[PK_FACTOR_BLOCK];
  double factors[PK_FACTOR_BLOCK];
  const size_t count = factored_last - factored_first;
  for (size_t row = first; row < last; row++) {
    for (size_t i = 0; i < count; i++) {
      // From the last factored row up, as they were factored.
      const size_t other = factored_last - 1 - i;
      others[i] = matrix + other * n;
      factors[i] = others[i][row] / others[i][other];
    }
    pk_take_off(matrix + row * n, row + 1, others, factors, count);
  }
}

PK_BODY void pk_factor_rows_body(
    double *matrix, size_t n, size_t first, size_t last, double least, int *is_positive) {
  *is_positive = 1;
  for (size_t row = last; row-- > first;) {
    if (row + 1 < last) pk_factor_update_body(matrix, n, row, row + 1, row + 1, last);
    if (!(matrix[row * n + row] > least)) {
      *is_positive = 0;
      return;
    }
  }
}

PK_STAMP(
    pk_factor_update, (matrix, n, first, last, factored_first, factored_last), double *matrix,
    size_t n, size_t first, size_t last, size_t factored_first, size_t factored_last)
PK_STAMP(
    pk_factor_rows, (matrix, n, first, last, least, is_positive), double *matrix, size_t n,
    size_t first, size_t last, double least, int *is_positive)
