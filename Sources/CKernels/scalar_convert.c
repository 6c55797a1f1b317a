// SPDX-License-Identifier: Apache-2.0
#include "scalar_half.h"

// `PK_DECODE_SCALAR(name, type, expression)`: loads a `type` named `stored` from anywhere.
#define PK_DECODE_SCALAR(name, type, expression)                                        \
  PK_BODY void name##_body(const void *source, float *values, size_t count) {           \
    const uint8_t *bytes = source;                                                      \
    for (size_t i = 0; i < count; i++) {                                                \
      type stored;                                                                      \
      memcpy(&stored, bytes + i * sizeof(type), sizeof(type));                          \
      values[i] = expression;                                                           \
    }                                                                                   \
  }                                                                                     \
  PK_STAMP(name, (source, values, count), const void *source, float *values, size_t count)

PK_DECODE_SCALAR(pk_decode_f64, double, (float)stored)
PK_DECODE_SCALAR(pk_decode_f16, uint16_t, pk_float_from_half(stored))
PK_DECODE_SCALAR(pk_decode_bf16, uint16_t, pk_float((uint32_t)stored << 16))
PK_DECODE_SCALAR(pk_decode_i64, int64_t, (float)stored)
PK_DECODE_SCALAR(pk_decode_u64, uint64_t, (float)stored)
PK_DECODE_SCALAR(pk_decode_i32, int32_t, (float)stored)
PK_DECODE_SCALAR(pk_decode_u32, uint32_t, (float)stored)
PK_DECODE_SCALAR(pk_decode_i16, int16_t, (float)stored)
PK_DECODE_SCALAR(pk_decode_u16, uint16_t, (float)stored)

#define PK_ENCODE_SCALAR(name, type, expression)                                        \
  PK_BODY void name##_body(const float *values, void *target, size_t count) {           \
    uint8_t *bytes = target;                                                            \
    for (size_t i = 0; i < count; i++) {                                                \
      const float value = values[i];                                                    \
      const type stored = expression;                                                   \
      memcpy(bytes + i * sizeof(type), &stored, sizeof(type));                          \
    }                                                                                   \
  }                                                                                     \
  PK_STAMP(name, (values, target, count), const float *values, void *target, size_t count)

PK_ENCODE_SCALAR(pk_encode_f64, double, (double)value)
PK_ENCODE_SCALAR(pk_encode_f16, uint16_t, pk_half_from_float(value))
PK_ENCODE_SCALAR(pk_encode_bf16, uint16_t, pk_bfloat_from_float(value))

PK_BODY void pk_decode_bytes_body(
    const void *source, const float *table, float *values, size_t count) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) values[i] = table[bytes[i]];
}
PK_STAMP(
    pk_decode_bytes, (source, table, values, count), const void *source, const float *table,
    float *values, size_t count)
