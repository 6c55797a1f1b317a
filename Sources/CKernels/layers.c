// SPDX-License-Identifier: Apache-2.0
#include "layers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma clang fp contract(off)

// One body for every instruction set; the loader picks the widest that the processor has.
#if defined(__x86_64__) && defined(__linux__)
#define PK_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PK_KERNEL
#endif

enum { lanes = 16 };

static inline __attribute__((always_inline)) float sum_lanes(const float *lane) {
  float sum[8];
  for (int i = 0; i < 8; i++) sum[i] = lane[i] + lane[i + 8];
  for (int i = 0; i < 4; i++) sum[i] += sum[i + 4];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

// e^x for f32: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor polynomial of degree 7
// (remainder below 2^-27), then the exponent n is added to the bits. Below -87 the result is 0.
static inline __attribute__((always_inline)) float exponential(float x) {
  float clamped = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  float n = (clamped * 1.44269504f + 12582912.0f) - 12582912.0f;
  float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.98412698e-4f;
  p = p * r + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t bits;
  memcpy(&bits, &p, sizeof bits);
  bits += (int32_t)n * (1 << 23);
  float result;
  memcpy(&result, &bits, sizeof result);
  result = x < -87.0f ? 0.0f : result;
  return x != x ? x : result;
}

PK_KERNEL void pk_rms_norm(const float *x, const float *weight, float weight_offset, float epsilon,
                           size_t count, float *result) {
  float lane[lanes] = {0};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) lane[l] += x[i + l] * x[i + l];
  for (int l = 0; i < count; i++, l++) lane[l] += x[i] * x[i];
  float scale = 1.0f / sqrtf(sum_lanes(lane) / (float)count + epsilon);
  for (i = 0; i < count; i++) result[i] = (x[i] * scale) * (weight[i] + weight_offset);
}

PK_KERNEL void pk_layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                             size_t count, float *result) {
  float lane[lanes] = {0};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) lane[l] += x[i + l];
  for (int l = 0; i < count; i++, l++) lane[l] += x[i];
  float mean = sum_lanes(lane) / (float)count;
  float square[lanes] = {0};
  for (i = 0; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) square[l] += (x[i + l] - mean) * (x[i + l] - mean);
  for (int l = 0; i < count; i++, l++) square[l] += (x[i] - mean) * (x[i] - mean);
  float scale = 1.0f / sqrtf(sum_lanes(square) / (float)count + epsilon);
  for (i = 0; i < count; i++) result[i] = ((x[i] - mean) * scale) * weight[i] + bias[i];
}

PK_KERNEL void pk_softmax(float *values, size_t count) {
  float maximum = -INFINITY;
  for (size_t i = 0; i < count; i++) maximum = values[i] > maximum ? values[i] : maximum;
  float lane[lanes] = {0};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; l++) {
      values[i + l] = exponential(values[i + l] - maximum);
      lane[l] += values[i + l];
    }
  for (int l = 0; i < count; i++, l++) {
    values[i] = exponential(values[i] - maximum);
    lane[l] += values[i];
  }
  float scale = 1.0f / sum_lanes(lane);
  for (i = 0; i < count; i++) values[i] *= scale;
}

PK_KERNEL void pk_silu(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = values[i] / (1.0f + exponential(-values[i]));
}

PK_KERNEL void pk_sigmoid(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = 1.0f / (1.0f + exponential(-values[i]));
}

void pk_gelu(float *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    values[i] = 0.5f * values[i] * (1.0f + erff(values[i] * 0.70710678f));
}

PK_KERNEL void pk_gelu_tanh(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float x = values[i];
    float inner = 0.79788456f * (x + 0.044715f * x * x * x);
    // tanh(y) = 1 - 2 / (e^(2y) + 1)
    values[i] = 0.5f * x * (2.0f - 2.0f / (exponential(2.0f * inner) + 1.0f));
  }
}

PK_KERNEL void pk_gelu_quick(float *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    values[i] = values[i] / (1.0f + exponential(-1.702f * values[i]));
}

PK_KERNEL void pk_multiply(float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] *= b[i];
}

PK_KERNEL void pk_add(float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] += b[i];
}

PK_KERNEL void pk_add_scaled(float *a, float factor, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] += factor * b[i];
}

PK_KERNEL void pk_rotate_halves(float *head, const float *cosines, const float *sines,
                                size_t half) {
  for (size_t i = 0; i < half; i++) {
    float x = head[i], y = head[i + half];
    head[i] = x * cosines[i] - y * sines[i];
    head[i + half] = y * cosines[i] + x * sines[i];
  }
}

double pk_log_sum_exp(const float *values, size_t count) {
  double maximum = -INFINITY, sum = 0;
  for (size_t i = 0; i < count; i++) maximum = values[i] > maximum ? values[i] : maximum;
  if (!(maximum > -INFINITY)) return maximum;
  for (size_t i = 0; i < count; i++) sum += exp((double)values[i] - maximum);
  return maximum + log(sum);
}

double pk_kl_divergence(const float *p_logits, double p_log_sum, const float *q_logits,
                        double q_log_sum, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    double p = (double)p_logits[i] - p_log_sum, q = (double)q_logits[i] - q_log_sum;
    sum += exp(p) * (p - q);
  }
  return sum;
}
