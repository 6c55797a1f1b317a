// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_LANE_TRANSPOSE_H
#define PARE_LANE_TRANSPOSE_H

#include <string.h>

#include "stamp.h"

// From rows of elements to vectors with one row in each lane, and back.

typedef float pk_four __attribute__((ext_vector_type(4)));
typedef float pk_eight __attribute__((ext_vector_type(8)));

// Transposes 4 × 4 numbers in either half of four vectors.
PK_BODY void pk_transpose_halves(pk_eight r[4]) {
  const pk_eight a = __builtin_shufflevector(r[0], r[1], 0, 8, 1, 9, 4, 12, 5, 13);
  const pk_eight b = __builtin_shufflevector(r[0], r[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const pk_eight c = __builtin_shufflevector(r[2], r[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const pk_eight d = __builtin_shufflevector(r[2], r[3], 2, 10, 3, 11, 6, 14, 7, 15);
  r[0] = __builtin_shufflevector(a, c, 0, 1, 8, 9, 4, 5, 12, 13);
  r[1] = __builtin_shufflevector(a, c, 2, 3, 10, 11, 6, 7, 14, 15);
  r[2] = __builtin_shufflevector(b, d, 0, 1, 8, 9, 4, 5, 12, 13);
  r[3] = __builtin_shufflevector(b, d, 2, 3, 10, 11, 6, 7, 14, 15);
}

// Element i of `row` of `values` to columns[i * rows + row]; rows are multiples of 8, elements of 4.
PK_BODY void pk_transpose_rows(const float *values, int rows, int size, float *columns) {
  for (int row = 0; row < rows; row += 8) {
    for (int i = 0; i < size; i += 4) {
      pk_eight r[4];
      for (int k = 0; k < 4; k++) {
        pk_four low, high;
        memcpy(&low, values + (row + k) * size + i, sizeof low);
        memcpy(&high, values + (row + k + 4) * size + i, sizeof high);
        r[k] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
      }
      pk_transpose_halves(r);
      for (int k = 0; k < 4; k++) memcpy(columns + (i + k) * rows + row, &r[k], sizeof r[k]);
    }
  }
}

// Sixteen bytes of each of sixteen rows: words[i] holds bytes 4i to 4i + 3 of a row in each lane.
PK_BODY void pk_transpose_words(const uint32_t words[4][16], uint8_t bytes[16][16]) {
  for (int row = 0; row < 16; row += 8) {
    pk_eight r[4];
    for (int k = 0; k < 4; k++) memcpy(&r[k], words[k] + row, sizeof r[k]);
    pk_transpose_halves(r);
    for (int k = 0; k < 4; k++) {
      memcpy(bytes[row + k], &r[k], 16);
      memcpy(bytes[row + k + 4], (const char *)&r[k] + 16, 16);
    }
  }
}

#endif
