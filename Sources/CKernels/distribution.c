// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "include/layers.h"
#include "stamp.h"

// Softmax distributions over a vocabulary, in f64. Sums run in 16 fixed lanes; only the logarithms of
// the last sums are the C library's.

enum { lanes = 16 };

// e^x for x <= 0, relative error below 2^-51: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor
// polynomial of degree 13 (remainder below 2^-57), then n is added to the exponent. Below -708 the
// result is 0.
PK_BODY double exponential(double x) {
  const double clamped = x < -708.0 ? -708.0 : x;
  // 1.5 * 2^52 leaves the nearest integer in the low bits of the sum.
  const double shifted = clamped * 0x1.71547652b82fep+0 + 0x1.8p+52;
  const double n = shifted - 0x1.8p+52;
  const double r = (clamped - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t bits, power;
  memcpy(&bits, &p, 8);
  memcpy(&power, &shifted, 8);
  bits += power << 52;
  memcpy(&p, &bits, 8);
  return x < -708.0 ? 0.0 : p;
}

PK_BODY float largest(const float *values, size_t count) {
  float most[lanes];
  for (int l = 0; l < lanes; l++) most[l] = -INFINITY;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) most[l] = values[i + l] > most[l] ? values[i + l] : most[l];
  for (; i < count; i++) most[0] = values[i] > most[0] ? values[i] : most[0];
  float maximum = most[0];
  for (int l = 1; l < lanes; l++) maximum = most[l] > maximum ? most[l] : maximum;
  return maximum;
}

PK_BODY double total(const double *lane) {
  double sum = 0;
  for (int l = 0; l < lanes; l++) sum += lane[l];
  return sum;
}

PK_BODY void pk_compare_distributions_body(
    const float *p, const float *q, size_t count, pk_distributions *result) {
  const double p_most = (double)largest(p, count), q_most = (double)largest(q, count);
  // Sums of e^p, e^q and e^p (p - q), each logit less its row's largest.
  double p_lane[lanes] = {0}, q_lane[lanes] = {0}, lane[lanes] = {0};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) {
      const double a = (double)p[i + l] - p_most, b = (double)q[i + l] - q_most;
      const double power = exponential(a);
      p_lane[l] += power;
      q_lane[l] += exponential(b);
      lane[l] += power * (a - b);
    }
  for (int l = 0; i < count; i++, l++) {
    const double a = (double)p[i] - p_most, b = (double)q[i] - q_most;
    const double power = exponential(a);
    p_lane[l] += power;
    q_lane[l] += exponential(b);
    lane[l] += power * (a - b);
  }
  const double p_sum = total(p_lane), q_sum = total(q_lane);
  result->p_log_sum = p_most + log(p_sum);
  result->q_log_sum = q_most + log(q_sum);
  result->divergence = total(lane) / p_sum - log(p_sum / q_sum);
}
PK_STAMP(
    pk_compare_distributions, (p, q, count, result), const float *p, const float *q, size_t count,
    pk_distributions *result)
