// SPDX-License-Identifier: Apache-2.0
#include "include/affine.h"

#include <string.h>

#include "stamp.h"

PK_BODY void pk_unpack_width(const uint8_t *stored, int bits, size_t count, uint8_t *codes) {
  const uint64_t mask = (1u << bits) - 1;
  size_t i = 0;
  for (; i + 8 <= count; i += 8, stored += bits) {
    uint64_t word = 0;
    memcpy(&word, stored, (size_t)bits);
    for (int j = 0; j < 8; j++) codes[i + j] = (uint8_t)(word >> (j * bits) & mask);
  }
  if (i == count) return;
  uint64_t word = 0;
  memcpy(&word, stored, ((count - i) * (size_t)bits + 7) / 8);
  for (; i < count; i++, word >>= bits) codes[i] = (uint8_t)(word & mask);
}

PK_BODY void pk_pack_width(const uint8_t *codes, int bits, size_t count, uint8_t *stored) {
  const uint64_t mask = (1u << bits) - 1;
  for (size_t i = 0; i < count; i += 8, stored += bits) {
    const size_t some = count - i < 8 ? count - i : 8;
    uint64_t word = 0;
    for (size_t j = 0; j < some; j++) word |= (codes[i + j] & mask) << (j * (size_t)bits);
    memcpy(stored, &word, (some * (size_t)bits + 7) / 8);
  }
}

// Constant widths, so that the shifts are constants.
#define PK_EACH_WIDTH(function, ...)       \
  switch (bits) {                          \
    case 1: function(__VA_ARGS__, 1); break; \
    case 2: function(__VA_ARGS__, 2); break; \
    case 3: function(__VA_ARGS__, 3); break; \
    case 4: function(__VA_ARGS__, 4); break; \
    case 5: function(__VA_ARGS__, 5); break; \
    case 6: function(__VA_ARGS__, 6); break; \
    case 7: function(__VA_ARGS__, 7); break; \
    default: function(__VA_ARGS__, 8); break; \
  }

#define PK_UNPACK(stored, codes, count, width) pk_unpack_width(stored, width, count, codes)
#define PK_PACK(stored, codes, count, width) pk_pack_width(codes, width, count, stored)

PK_BODY void pk_unpack_codes_body(const void *stored, int bits, size_t count, uint8_t *codes) {
  PK_EACH_WIDTH(PK_UNPACK, stored, codes, count)
}
PK_STAMP(
    pk_unpack_codes, (stored, bits, count, codes), const void *stored, int bits, size_t count,
    uint8_t *codes)

PK_BODY void pk_pack_codes_body(const uint8_t *codes, int bits, size_t count, void *stored) {
  PK_EACH_WIDTH(PK_PACK, stored, codes, count)
}
PK_STAMP(
    pk_pack_codes, (codes, bits, count, stored), const uint8_t *codes, int bits, size_t count,
    void *stored)

PK_BODY void pk_decode_offset_body(
    const uint8_t *codes, const float *scales, const float *offsets, size_t group, size_t count,
    float *values) {
  for (size_t start = 0, g = 0; start < count; start += group, g++) {
    const size_t end = count - start < group ? count : start + group;
    const float scale = scales[g], offset = offsets[g];
    for (size_t i = start; i < end; i++) values[i] = (float)(int32_t)codes[i] * scale + offset;
  }
}
PK_STAMP(
    pk_decode_offset, (codes, scales, offsets, group, count, values), const uint8_t *codes,
    const float *scales, const float *offsets, size_t group, size_t count, float *values)

PK_BODY void pk_decode_zero_body(
    const uint8_t *codes, const float *scales, const float *zeros, const int32_t *groups,
    size_t group, size_t count, float *values) {
  if (groups) {
    for (size_t i = 0; i < count; i++) {
      values[i] = ((float)(int32_t)codes[i] - zeros[groups[i]]) * scales[groups[i]];
    }
    return;
  }
  for (size_t start = 0, g = 0; start < count; start += group, g++) {
    const size_t end = count - start < group ? count : start + group;
    const float scale = scales[g], zero = zeros[g];
    for (size_t i = start; i < end; i++) values[i] = ((float)(int32_t)codes[i] - zero) * scale;
  }
}
PK_STAMP(
    pk_decode_zero, (codes, scales, zeros, groups, group, count, values), const uint8_t *codes,
    const float *scales, const float *zeros, const int32_t *groups, size_t group, size_t count,
    float *values)

PK_BODY void pk_decode_table_body(
    const uint8_t *codes, const float *table, const float *scales, size_t group, size_t count,
    float *values) {
  for (size_t start = 0, g = 0; start < count; start += group, g++) {
    const size_t end = count - start < group ? count : start + group;
    const float scale = scales[g];
    for (size_t i = start; i < end; i++) values[i] = table[codes[i]] * scale;
  }
}
PK_STAMP(
    pk_decode_table, (codes, table, scales, group, count, values), const uint8_t *codes,
    const float *table, const float *scales, size_t group, size_t count, float *values)
