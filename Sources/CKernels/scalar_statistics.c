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

PK_BODY void pk_count_non_finite_16_body(
    const void *stored, uint32_t exponent, size_t count, uint64_t *result) {
  const uint8_t *bytes = stored;
  const uint16_t mask = (uint16_t)exponent;
  uint64_t total = 0;
  while (count > 0) {
    // 16-bit counters vectorise; a stretch cannot overflow them.
    const size_t stretch = count < 32768 ? count : 32768;
    uint16_t found = 0;
    for (size_t i = 0; i < stretch; i++) {
      found = (uint16_t)(found + ((pk_load16(bytes + 2 * i) & mask) == mask));
    }
    total += found;
    bytes += 2 * stretch;
    count -= stretch;
  }
  *result = total;
}
PK_STAMP(
    pk_count_non_finite_16, (stored, exponent, count, result), const void *stored,
    uint32_t exponent, size_t count, uint64_t *result)

#define PK_SUM_LANES 16
// What is summed up in Float32: eight additions in each lane, so that rounding stays below 2^-20.
#define PK_SUM_STRETCH (8 * PK_SUM_LANES)

typedef float pk_v16f __attribute__((ext_vector_type(PK_SUM_LANES)));
typedef double pk_v8d __attribute__((ext_vector_type(8)));

typedef struct {
  double energy, error, largest;
} pk_loss;

PK_BODY double pk_sum16(pk_v16f v) {
  const pk_v8d d = __builtin_convertvector(v.lo, pk_v8d) + __builtin_convertvector(v.hi, pk_v8d);
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

// Any range of numbers, element by element.
static __attribute__((noinline)) pk_loss pk_exact_loss(
    const float *values, const float *decoded, const float *weights, size_t count) {
  pk_loss loss = {0, 0, 0};
  for (size_t i = 0; i < count; i++) {
    const double x = values[i], weight = weights ? weights[i] : 1.0, e = x - decoded[i];
    const double magnitude = e < 0 ? -e : e;
    loss.energy += weight * x * x;
    loss.error += weight * e * e;
    loss.largest = loss.largest > magnitude ? loss.largest : magnitude;
  }
  return loss;
}

PK_BODY pk_loss pk_fast_loss(const float *values, const float *decoded, const float *weights) {
  pk_v16f energies = 0, errors = 0, maxima = 0;
  for (int i = 0; i < PK_SUM_STRETCH; i += PK_SUM_LANES) {
    pk_v16f x, y, w = 1.0f;
    memcpy(&x, values + i, sizeof x);
    memcpy(&y, decoded + i, sizeof y);
    const pk_v16f e = x - y, magnitude = __builtin_elementwise_abs(e);
    if (weights) {
      memcpy(&w, weights + i, sizeof w);
      energies += w * (x * x);
      errors += w * (e * e);
    } else {
      energies += x * x;
      errors += e * e;
    }
    maxima = maxima > magnitude ? maxima : magnitude;
  }
  pk_loss loss = {pk_sum16(energies), pk_sum16(errors), 0};
  for (int i = 0; i < PK_SUM_LANES; i++) {
    loss.largest = loss.largest > maxima[i] ? loss.largest : maxima[i];
  }
  return loss;
}

PK_BODY void pk_distortion_with(
    const float *values, const float *decoded, const float *weights, size_t count, pk_loss *total) {
  for (size_t start = 0; start < count; start += PK_SUM_STRETCH) {
    const size_t left = count - start, length = left < PK_SUM_STRETCH ? left : PK_SUM_STRETCH;
    const float *x = values + start, *y = decoded + start, *w = weights ? weights + start : NULL;
    pk_loss loss = {0, 0, 0};
    if (length == PK_SUM_STRETCH) loss = pk_fast_loss(x, y, w);
    // Where Float32 may have over- or underflown.
    if (!(loss.energy > 1e-18 && loss.energy < 1e30 && loss.error < 1e30)) {
      loss = pk_exact_loss(x, y, w, length);
    }
    total->energy += loss.energy;
    total->error += loss.error;
    total->largest = total->largest > loss.largest ? total->largest : loss.largest;
  }
}

PK_BODY void pk_distortion_body(
    const float *values, const float *decoded, const float *weights, size_t count, double *energy,
    double *error, double *largest) {
  pk_loss total = {0, 0, 0};
  if (weights) {
    pk_distortion_with(values, decoded, weights, count, &total);
  } else {
    pk_distortion_with(values, decoded, NULL, count, &total);
  }
  *energy = total.energy;
  *error = total.error;
  *largest = total.largest;
}
PK_STAMP(
    pk_distortion, (values, decoded, weights, count, energy, error, largest), const float *values,
    const float *decoded, const float *weights, size_t count, double *energy, double *error,
    double *largest)
