// SPDX-License-Identifier: Apache-2.0
#include "affine_groups.h"

// Four-bit floating-point numbers with a scale of eight bits: Formats/mlx.md.

// The nearest of 0, 0.5, 1, 1.5, 2, 3, 4, 6.
PK_BODY pk_vf pk_nearest_e2m1(pk_vf magnitude) {
  const pk_vf v = pk_clamp(magnitude, 0.0f, 6.0f);
  const pk_vf halves = pk_round(v * 2.0f) * 0.5f, ones = pk_round(v);
  const pk_vf twos = pk_round(v * 0.5f) * 2.0f;
  return v < 1.75f ? halves : v < 3.5f ? ones : v < 5.0f ? (pk_vf)4.0f : twos;
}

PK_BODY pk_vf pk_e4m3_value(pk_vi code) {
  const pk_vi exponent = code >> 3, fraction = code & 7;
  const pk_vf subnormal = __builtin_convertvector(fraction, pk_vf) * 0x1p-9f;
  const pk_vu bits = __builtin_convertvector((exponent + 120) << 23 | fraction << 20, pk_vu);
  return exponent == 0 ? subnormal : pk_as_float(bits);
}

// The code of the largest E4M3 number that is not above a positive number; 0 to 126.
PK_BODY pk_vi pk_e4m3_below(pk_vf v) {
  const pk_vf capped = pk_clamp(v, 0.0f, 448.0f);
  const pk_vi bits = __builtin_convertvector(pk_as_bits(capped), pk_vi);
  const pk_vi normal = (bits >> 20) - (120 << 3);
  const pk_vi subnormal = __builtin_convertvector(capped * 512.0f, pk_vi);
  return capped < 0x1p-6f ? subnormal : normal;
}

PK_BODY pk_vf pk_e8m0_value(pk_vi code) {
  const pk_vu bits = __builtin_convertvector(code << 23, pk_vu);
  return code == 0 ? (pk_vf)0x1p-127f : pk_as_float(bits);
}

PK_BODY void pk_score_e2m1(
    const pk_group_lanes *g, pk_vf scale, pk_vi code, pk_vf *error, pk_vi *best) {
  const pk_vf inverse = pk_inverse(scale);
  pk_vf sum = 0;
  for (int i = 0; i < g->size; i++) {
    const pk_vf magnitude = pk_magnitude(g->x[i]);
    const pk_vf d = magnitude - pk_nearest_e2m1(magnitude * inverse) * scale;
    sum += pk_weighted(g->w, i, d) * d;
  }
  const pk_vi better = sum < *error;
  *error = better ? sum : *error;
  *best = better ? code : *best;
}

PK_BODY void pk_encode_e2m1_with(
    const float *values, const float *importance, int size, size_t groups, uint8_t *codes,
    uint8_t *scales) {
  const float unit =
      importance ? pk_importance_unit(importance, groups * (size_t)size) : 1;
  PK_EACH_LANES(groups, start, count) {
    pk_group_lanes g;
    const size_t first = start * (size_t)size;
    pk_load_lanes(
        values + first, importance ? importance + first : NULL, unit, count, size, &g);
    pk_vf largest = 0;
    for (int i = 0; i < size; i++) {
      const pk_vf magnitude = pk_magnitude(g.x[i]);
      largest = magnitude > largest ? magnitude : largest;
    }
    const pk_vf wanted = largest * (1.0f / 6.0f);
    pk_vf error = (pk_vf)0 + __builtin_inff();
    pk_vi best = 0;
    if (size == 16) {
      const pk_vi below = pk_e4m3_below(wanted);
      for (int move = -5; move <= 4; move++) {
        pk_vi code = below + move;
        code = code < 0 ? (pk_vi)0 : code > 126 ? (pk_vi)126 : code;
        pk_score_e2m1(&g, pk_e4m3_value(code), code, &error, &best);
      }
    } else {
      const pk_vi exponent = __builtin_convertvector(pk_as_bits(wanted) >> 23, pk_vi);
      for (int move = -1; move <= 2; move++) {
        pk_vi code = exponent + move;
        code = code < 1 ? (pk_vi)1 : code > 254 ? (pk_vi)254 : code;
        pk_score_e2m1(&g, pk_e8m0_value(code), code, &error, &best);
      }
    }
    const pk_vf scale = size == 16 ? pk_e4m3_value(best) : pk_e8m0_value(best);
    const pk_vf inverse = pk_inverse(scale);
    for (int i = 0; i < size; i++) {
      const pk_vf v = pk_nearest_e2m1(pk_magnitude(g.x[i]) * inverse);
      const pk_vf code = v < 2.0f ? v * 2.0f : v < 4.0f ? v + 2.0f : v * 0.5f + 4.0f;
      const pk_vi negative = (g.x[i] < 0.0f) & (code > 0.0f);
      g.x[i] = negative ? code + 8.0f : code;
    }
    pk_store_lanes(g.x, size, count, codes + first);
    for (size_t lane = 0; lane < count; lane++) scales[start + lane] = (uint8_t)best[lane];
  }
}

PK_BODY void pk_encode_e2m1_body(
    const float *values, const float *importance, int size, size_t groups, uint8_t *codes,
    uint8_t *scales) {
  PK_WITH_OR_WITHOUT(pk_encode_e2m1_with, size, groups, codes, scales)
}
PK_STAMP(
    pk_encode_e2m1, (values, importance, size, groups, codes, scales), const float *values,
    const float *importance, int size, size_t groups, uint8_t *codes, uint8_t *scales)
