// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BLOCK_GROUPS_H
#define PARE_BLOCK_GROUPS_H

#include "lane_transpose.h"
#include "scalar_half.h"

// The encoders work on sixteen groups at once, one in each lane: every step is then the same
// operation on all lanes, nothing is summed across them, and the bytes cannot depend on the
// width of the machine's registers.

#define PK_LANES 16

typedef float pk_vf __attribute__((ext_vector_type(PK_LANES)));
typedef int32_t pk_vi __attribute__((ext_vector_type(PK_LANES)));
typedef uint32_t pk_vu __attribute__((ext_vector_type(PK_LANES)));

PK_BODY pk_vf pk_as_float(pk_vu bits) {
  pk_vf value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

PK_BODY pk_vu pk_as_bits(pk_vf value) {
  pk_vu bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

PK_BODY pk_vf pk_magnitude(pk_vf v) { return pk_as_float(pk_as_bits(v) & 0x7fffffffu); }

// NaN gives the lower bound.
PK_BODY pk_vf pk_clamp(pk_vf v, float low, float high) {
  v = v > low ? v : (pk_vf)low;
  return v < high ? v : (pk_vf)high;
}

// To nearest, ties to even, for magnitudes under 2^22: the sum keeps no fraction bits.
PK_BODY pk_vf pk_round(pk_vf v) { return (v + 12582912.0f) - 12582912.0f; }

// 1 / v, and 0 for what is too small to divide by.
PK_BODY pk_vf pk_inverse(pk_vf v) {
  const pk_vi usable = pk_magnitude(v) > 1e-30f;
  const pk_vf inverse = 1.0f / (usable ? v : (pk_vf)1.0f);
  return usable ? inverse : (pk_vf)0.0f;
}

// a / b of sums over a group: where b is 0, a is.
PK_BODY pk_vf pk_divide(pk_vf a, pk_vf b) { return a / (b > 1e-30f ? b : (pk_vf)1e-30f); }

// The nearest finite half-precision number: the scale as it will be stored.
PK_BODY pk_vf pk_stored_half(pk_vf v) {
  const pk_vu bits = pk_as_bits(v), sign = bits & 0x80000000u;
  const pk_vf magnitude = pk_as_float(bits & 0x7fffffffu);
  const pk_vf subnormal = (magnitude + 0.5f) - 0.5f;
  const pk_vu kept = pk_as_bits(magnitude);
  const pk_vf normal = pk_as_float((kept + 0xfffu + (kept >> 13 & 1u)) & 0xffffe000u);
  pk_vf nearest = magnitude < 0x1p-14f ? subnormal : normal;
  nearest = nearest < 65504.0f ? nearest : (pk_vf)65504.0f;
  return pk_as_float(pk_as_bits(nearest) | sign);
}

// A power of two that brings the largest importance into [1, 2): an exact factor, so that the codes
// do not depend on the unit of the importance.
PK_BODY float pk_importance_unit(const float *importance, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = pk_bits(importance[i]);
    const uint32_t finite = bits < 0x7f800000u ? bits : 0;  // negative numbers have the top bit
    largest = largest > finite ? largest : finite;
  }
  const uint32_t exponent = largest >> 23;
  if (exponent == 0 || exponent == 254) return 1.0f;
  return pk_float((254u - exponent) << 23);
}

// The share of the largest importance that an element keeps at least: an unused column is then
// still rounded to the nearest code, and no sum of weights is 0.
#define PK_IMPORTANCE_FLOOR 0x1p-30f

// v times the importance of element i. Without importance `w` is a constant null pointer, and the
// compiler leaves the multiplication out; a factor of 1 would give the same bits.
PK_BODY pk_vf pk_weighted(const pk_vf *w, int i, pk_vf v) { return w ? w[i] * v : v; }

#define PK_LARGEST_GROUP 256

// Element i of group `lane` to elements[i][lane]; lanes without a group hold what is `missing`.
PK_BODY void pk_transpose_groups(
    const float *values, size_t groups, int size, float missing, pk_vf *elements) {
  if (groups == PK_LANES) {
    pk_transpose_rows(values, PK_LANES, size, (float *)elements);
    return;
  }
  float padded[PK_LANES * PK_LARGEST_GROUP];
  memcpy(padded, values, groups * (size_t)size * sizeof(float));
  for (size_t i = groups * (size_t)size; i < PK_LANES * (size_t)size; i++) padded[i] = missing;
  pk_transpose_rows(padded, PK_LANES, size, (float *)elements);
}

// Element i of group `lane` to x[i][lane], and its importance to w[i][lane] if there is any; lanes
// without a group hold zeros.
PK_BODY void pk_load_groups(
    const float *values, const float *importance, float unit, size_t groups, int size, float limit,
    pk_vf *x, pk_vf *w) {
  pk_transpose_groups(values, groups, size, 0.0f, x);
  for (int i = 0; i < size; i++) {
    x[i] = pk_clamp(x[i] == x[i] ? x[i] : (pk_vf)0.0f, -limit, limit);
  }
  if (importance == NULL) return;
  pk_transpose_groups(importance, groups, size, 1.0f, w);
  for (int i = 0; i < size; i++) w[i] = pk_clamp(w[i] * unit, PK_IMPORTANCE_FLOOR, 2.0f);
}

// Sixteen codes of each group, from 0 to 255, to codes[lane * size] and on.
PK_BODY void pk_store_bytes(const pk_vu elements[16], size_t groups, int size, uint8_t *codes) {
  uint32_t words[4][16];
  uint8_t bytes[16][16];
  for (int i = 0; i < 4; i++) {
    const pk_vu *e = elements + 4 * i;
    const pk_vu word = e[0] | e[1] << 8 | e[2] << 16 | e[3] << 24;
    memcpy(words[i], &word, sizeof word);
  }
  pk_transpose_words(words, bytes);
  for (size_t lane = 0; lane < groups; lane++) memcpy(codes + lane * (size_t)size, bytes[lane], 16);
}

#define PK_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

// Compiles `encode` twice: with importance, and with a constant null pointer in its place.
#define PK_WITH_OR_WITHOUT(encode, ...)          \
  if (importance) {                              \
    encode(values, importance, __VA_ARGS__);     \
  } else {                                       \
    encode(values, NULL, __VA_ARGS__);           \
  }

#define PK_STAMP_ENCODE(name)                                                                  \
  PK_STAMP(                                                                                    \
      name, (values, importance, blocks, count), const float *values, const float *importance, \
      void *blocks, size_t count)

#endif
