// SPDX-License-Identifier: Apache-2.0
#include "scalar_half.h"

PK_BODY void pk_count_non_finite_body(const float *values, size_t count, uint64_t *result) {
  uint64_t total = 0;
  while (count > 0) {
    // 32-bit counters vectorise; a stretch cannot overflow them.
    const size_t stretch = count < 65536 ? count : 65536;
    uint32_t found = 0;
    for (size_t i = 0; i < stretch; i++) {
      found += (pk_bits(values[i]) & 0x7f800000u) == 0x7f800000u;
    }
    total += found;
    values += stretch;
    count -= stretch;
  }
  *result = total;
}
PK_STAMP(
    pk_count_non_finite, (values, count, result), const float *values, size_t count,
    uint64_t *result)

typedef float pk_v8f __attribute__((ext_vector_type(8)));
typedef double pk_v8d __attribute__((ext_vector_type(8)));

PK_BODY double pk_sum8(pk_v8d v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

PK_BODY void pk_distortion_body(
    const float *values, const float *decoded, const float *weights, size_t count, double *energy,
    double *error, double *largest) {
  pk_v8d energies = 0, errors = 0, maxima = 0;
  for (size_t start = 0; start < count; start += 8) {
    const size_t lanes = count - start < 8 ? count - start : 8;
    pk_v8f x = 0, y = 0, w = 1;
    if (lanes == 8) {
      memcpy(&x, values + start, 32);
      memcpy(&y, decoded + start, 32);
      if (weights) memcpy(&w, weights + start, 32);
    } else {
      memcpy(&x, values + start, 4 * lanes);
      memcpy(&y, decoded + start, 4 * lanes);
      if (weights) memcpy(&w, weights + start, 4 * lanes);
    }
    const pk_v8d exact = __builtin_convertvector(x, pk_v8d);
    const pk_v8d weight = __builtin_convertvector(w, pk_v8d);
    const pk_v8d difference = exact - __builtin_convertvector(y, pk_v8d);
    const pk_v8d magnitude = difference < 0 ? -difference : difference;
    energies += weight * exact * exact;
    errors += weight * difference * difference;
    maxima = maxima > magnitude ? maxima : magnitude;
  }
  double maximum = 0;
  for (int i = 0; i < 8; i++) maximum = maxima[i] > maximum ? maxima[i] : maximum;
  *energy = pk_sum8(energies);
  *error = pk_sum8(errors);
  *largest = maximum;
}
PK_STAMP(
    pk_distortion, (values, decoded, weights, count, energy, error, largest), const float *values,
    const float *decoded, const float *weights, size_t count, double *energy, double *error,
    double *largest)
