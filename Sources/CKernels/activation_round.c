// SPDX-License-Identifier: Apache-2.0
#include "include/layers.h"
#include "scalar_half.h"

// What engines round before they multiply with quantized weights: blocks of a row, to bytes times a
// step.

// A half-precision step: 127 of them are the largest magnitude.
PK_BODY void pk_round_to_bytes_body(float *x, size_t count) {
  for (size_t start = 0; start + 32 <= count; start += 32) {
    float largest = 0;
    for (int i = 0; i < 32; i++) {
      const float magnitude = pk_float(pk_bits(x[start + i]) & 0x7fffffffu);
      largest = magnitude > largest ? magnitude : largest;
    }
    const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
    const float step = pk_float_from_half(pk_half_from_float(largest / 127.0f));
    for (int i = 0; i < 32; i++) {
      x[start + i] = ((x[start + i] * inverse + 12582912.0f) - 12582912.0f) * step;
    }
  }
}
PK_STAMP(pk_round_to_bytes, (x, count), float *x, size_t count)

// A step of its own precision: -127 of them are the element of the largest magnitude.
PK_BODY void pk_round_to_long_bytes_body(float *x, size_t count) {
  for (size_t start = 0; start + 256 <= count; start += 256) {
    float low = 0, high = 0;
    for (int i = 0; i < 256; i++) {
      low = x[start + i] < low ? x[start + i] : low;
      high = x[start + i] > high ? x[start + i] : high;
    }
    const float extreme = -low > high ? low : high;
    const float inverse = extreme != 0 ? -127.0f / extreme : 0.0f;
    const float step = extreme != 0 ? 1.0f / inverse : 0.0f;
    for (int i = 0; i < 256; i++) {
      const float code = (x[start + i] * inverse + 12582912.0f) - 12582912.0f;
      x[start + i] = (code < 127.0f ? code : 127.0f) * step;
    }
  }
}
PK_STAMP(pk_round_to_long_bytes, (x, count), float *x, size_t count)
