// SPDX-License-Identifier: Apache-2.0
#include "block_groups.h"
#include "level_tables.h"

// Formats/FP4.md: groups whose scale is a power of two, or a number of eight bits.

// The magnitude that is nearest to v, of those of pk_levels_fp4.
PK_BODY pk_vf pk_nearest_fp4(pk_vf v) {
  pk_vf level = 0;
#pragma clang loop unroll(full)
  for (int i = 1; i < 8; i++) {
    const pk_vi above = v > 0.5f * (pk_levels_fp4[i - 1] + pk_levels_fp4[i]);
    level = above ? (pk_vf)pk_levels_fp4[i] : level;
  }
  return level;
}

PK_BODY pk_vf pk_error_fp4(const pk_vf *x, const pk_vf *w, int size, pk_vf scale) {
  const pk_vf inverse = pk_inverse(scale);
  pk_vf error = 0;
  for (int i = 0; i < size; i++) {
    const pk_vf magnitude = pk_magnitude(x[i]);
    const pk_vf away = magnitude - scale * pk_nearest_fp4(magnitude * inverse);
    error += pk_weighted(w, i, away) * away;
  }
  return error;
}

// codes[lane][i]: the place in the table.
PK_BODY void pk_store_fp4(const pk_vf *x, int size, pk_vf scale, uint8_t *codes) {
  const pk_vf inverse = pk_inverse(scale);
  for (int start = 0; start < size; start += 16) {
    pk_vu elements[16];
    for (int i = 0; i < 16; i++) {
      const pk_vf v = pk_magnitude(x[start + i]) * inverse;
      pk_vi place = 0;
#pragma clang loop unroll(full)
      for (int l = 1; l < 8; l++) {
        const pk_vi above = v > 0.5f * (pk_levels_fp4[l - 1] + pk_levels_fp4[l]);
        place = above ? (pk_vi)l : place;
      }
      place |= (x[start + i] < 0.0f) & (place > 0) & 8;
      elements[i] = __builtin_convertvector(place, pk_vu);
    }
    pk_store_bytes(elements, PK_LANES, size, codes + start);
  }
}

PK_BODY void pk_pack_fp4(const uint8_t *codes, int size, uint8_t *nibbles) {
  for (int i = 0; i < size / 2; i++) {
    nibbles[i] = (uint8_t)(codes[i] | codes[i + size / 2] << 4);
  }
}

PK_BODY pk_vf pk_largest(const pk_vf *x, int size) {
  pk_vf largest = 0;
  for (int i = 0; i < size; i++) {
    largest = pk_magnitude(x[i]) > largest ? pk_magnitude(x[i]) : largest;
  }
  return largest;
}

typedef pk_vf (*pk_decode_scale)(pk_vi code);

PK_BODY pk_vf pk_scales_e8m0(pk_vi code) {
  const pk_vu bits = __builtin_convertvector(code, pk_vu);
  const pk_vu subnormal = code == 0 ? (pk_vu)0x00200000u : (pk_vu)0x00400000u;
  return pk_as_float(code < 2 ? subnormal : (bits - 1) << 23);
}

PK_BODY pk_vf pk_scales_ue4m3(pk_vi code) {
  const pk_vu bits = __builtin_convertvector(code, pk_vu);
  const pk_vf subnormal = __builtin_convertvector(code, pk_vf) * 0x1p-10f;
  const pk_vf normal = pk_as_float(((bits >> 3) + 119u) << 23 | (bits & 7u) << 20);
  return code < 8 ? subnormal : normal;
}

// The best of the codes near `center`, from center + first to center + last.
PK_BODY pk_vi pk_search_scale_code(
    const pk_vf *x, const pk_vf *w, int size, pk_vi center, int first, int last, int highest,
    pk_decode_scale scales) {
  pk_vi best = 0;
  pk_vf least = pk_error_fp4(x, w, size, scales(best));
  for (int shift = first; shift <= last; shift++) {
    pk_vi code = center + shift;
    code = code > 0 ? code : (pk_vi)0;
    code = code < highest ? code : (pk_vi)highest;
    const pk_vf error = pk_error_fp4(x, w, size, scales(code));
    const pk_vi better = error < least;
    least = better ? error : least;
    best = better ? code : best;
  }
  return best;
}

PK_BODY void pk_encode_mx(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 32) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 32, importance ? importance + start * 32 : NULL, unit, groups, 32, 1e8f,
        x, weights);
    // The exponent at which the largest magnitude is between 4 and 8, the highest level being 6.
    const pk_vi center =
        __builtin_convertvector(pk_as_bits(pk_largest(x, 32)) >> 23, pk_vi) - 2;
    const pk_vi best = pk_search_scale_code(
        x, importance ? weights : NULL, 32, center, -1, 1, 254, pk_scales_e8m0);
    pk_store_fp4(x, 32, pk_scales_e8m0(best), codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += 17) {
      block[0] = (uint8_t)best[lane];
      pk_pack_fp4(codes[lane], 32, block + 1);
    }
  }
}

PK_BODY void pk_encode_mxfp4_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_mx, blocks, count)
}

// The code of the number that is nearest to v, or the next one.
PK_BODY pk_vi pk_code_ue4m3(pk_vf v) {
  v = pk_clamp(v, 0.0f, 448.0f);
  const pk_vi normal =
      __builtin_convertvector((pk_as_bits(v) + 0x80000u) >> 20, pk_vi) - (120 << 3);
  const pk_vi subnormal = __builtin_convertvector(v * 512.0f + 0.5f, pk_vi);
  return v < 0x1p-6f ? subnormal : normal;
}

PK_BODY void pk_encode_nv(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 64) : 1;
  for (size_t start = 0; start < count; start += 4) {
    const size_t blocks = count - start < 4 ? count - start : 4;
    pk_vf x[16], weights[16];
    uint8_t codes[PK_LANES][16];
    pk_load_groups(
        values + start * 64, importance ? importance + start * 64 : NULL, unit, blocks * 4, 16,
        1e8f, x, weights);
    const pk_vi center = pk_code_ue4m3(pk_largest(x, 16) * (1.0f / 6));
    const pk_vi best = pk_search_scale_code(
        x, importance ? weights : NULL, 16, center, -4, 5, 126, pk_scales_ue4m3);
    pk_store_fp4(x, 16, pk_scales_ue4m3(best), codes[0]);
    for (size_t b = 0; b < blocks; b++, block += 36) {
      for (int g = 0; g < 4; g++) {
        block[g] = (uint8_t)best[4 * b + g];
        pk_pack_fp4(codes[4 * b + g], 16, block + 4 + 8 * g);
      }
    }
  }
}

PK_BODY void pk_encode_nvfp4_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_nv, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_mxfp4)
PK_STAMP_ENCODE(pk_encode_nvfp4)
