// SPDX-License-Identifier: Apache-2.0
#include "include/bytes.h"
#include "include/layers.h"
#include "scalar_half.h"

// What engines round before they multiply with quantized weights: runs of a row, to bytes times a
// step. Each function gives the codes of one run, and the step.

// A half-precision step: 127 of them are the largest magnitude.
PK_BODY float pk_code_short_run(const float *x, float *codes) {
  float largest = 0;
  for (int i = 0; i < 32; i++) {
    const float magnitude = pk_float(pk_bits(x[i]) & 0x7fffffffu);
    largest = magnitude > largest ? magnitude : largest;
  }
  const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
  for (int i = 0; i < 32; i++) codes[i] = (x[i] * inverse + 12582912.0f) - 12582912.0f;
  return pk_float_from_half(pk_half_from_float(largest / 127.0f));
}

// A step of its own precision: -127 of them are the element of the largest magnitude.
PK_BODY float pk_code_long_run(const float *x, float *codes) {
  float low = 0, high = 0;
  for (int i = 0; i < 256; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  const float extreme = -low > high ? low : high;
  const float inverse = extreme != 0 ? -127.0f / extreme : 0.0f;
  for (int i = 0; i < 256; i++) {
    const float code = (x[i] * inverse + 12582912.0f) - 12582912.0f;
    codes[i] = code < 127.0f ? code : 127.0f;
  }
  return extreme != 0 ? 1.0f / inverse : 0.0f;
}

PK_BODY void pk_round_to_bytes_body(float *x, size_t count) {
  for (; count >= 32; count -= 32, x += 32) {
    float codes[32];
    const float step = pk_code_short_run(x, codes);
    for (int i = 0; i < 32; i++) x[i] = codes[i] * step;
  }
}
PK_STAMP(pk_round_to_bytes, (x, count), float *x, size_t count)

PK_BODY void pk_round_to_long_bytes_body(float *x, size_t count) {
  for (; count >= 256; count -= 256, x += 256) {
    float codes[256];
    const float step = pk_code_long_run(x, codes);
    for (int i = 0; i < 256; i++) x[i] = codes[i] * step;
  }
}
PK_STAMP(pk_round_to_long_bytes, (x, count), float *x, size_t count)

PK_BODY void pk_take_run(
    const size_t run, size_t group, const float *x, const float *codes, float step,
    pk_byte_rows row) {
  // A number that is none must not become one: the step tells of it.
  float zero = 0;
  for (size_t i = 0; i < run; i++) zero += x[i] * 0.0f;
  for (size_t i = 0; i < run; i++) {
    float code = codes[i] > -128.0f ? codes[i] : -128.0f;
    code = code < 127.0f ? code : 127.0f;
    row.codes[i] = (int8_t)(int32_t)code;
  }
  for (size_t g = 0; g < run / group; g++) {
    int32_t sum = 0;
    for (size_t i = 0; i < group; i++) sum += row.codes[g * group + i];
    row.steps[g] = step + zero;
    row.sums[g] = (float)sum * (step + zero);
  }
}

PK_BODY void pk_take_bytes_body(
    const float *values, size_t columns, size_t run, size_t group, pk_byte_rows row) {
  for (size_t start = 0; start + run <= columns; start += run) {
    const float *x = values + start;
    float codes[256];
    if (run == 32) {
      const float step = pk_code_short_run(x, codes);
      pk_take_run(32, group, x, codes, step, row);
    } else {
      const float step = pk_code_long_run(x, codes);
      pk_take_run(256, group, x, codes, step, row);
    }
    row.codes += run;
    row.steps += run / group;
    row.sums += run / group;
  }
}
PK_STAMP(
    pk_take_bytes, (values, columns, run, group, row), const float *values, size_t columns,
    size_t run, size_t group, pk_byte_rows row)
