// SPDX-License-Identifier: Apache-2.0
#include "feedback_lanes.h"
#include "grid_pack_iq2.h"
#include "grid_pack_iq3.h"

// One pass over the parts of rows: block LDLQ (Tseng et al., QuIP#, 2024) with triangular couplings, or
// a sweep of block coordinate descent. Points are searched as the encoders do it, with rows in the
// lanes in place of parts.

_Static_assert(PK_FEEDBACK_LANES == PK_PARTS, "a lane is a row here, and a part there");

// What points stand for, at scale 1.
PK_BODY void pk_point_values(
    const pk_format *format, const pk_found *found, pk_pf values[PK_PART_SIZE]) {
  const int fours = pk_is_iq3(format);
  const pk_pi first = pk_digits(format, found->index[0]);
  const pk_pi second = fours ? pk_digits(format, found->index[1]) : first;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pi digit = fours ? (i < 4 ? first : second) >> 3 * (i % 4) & 7 : first >> 2 * i & 3;
    const pk_pf level = pk_level(format, __builtin_convertvector(digit, pk_pf));
    values[i] = (found->negative >> i & 1u) != 0 ? -level : level;
  }
}

// away * metric * away.
PK_BODY pk_pf pk_part_cost(const float *metric, const pk_pf away[PK_PART_SIZE]) {
  pk_pf cost = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    pk_pf product = 0;
    for (int j = 0; j < PK_PART_SIZE; j++) product += metric[i * PK_PART_SIZE + j] * away[j];
    cost += away[i] * product;
  }
  return cost;
}

typedef uint8_t pk_lane_signs __attribute__((ext_vector_type(PK_FEEDBACK_LANES)));

// Codes a part for a wish; where `keeps` is set, only in lanes whose cost falls.
PK_BODY void pk_code_part(
    const pk_format *format, const pk_book *book, const float *metric, int keeps, size_t place,
    const pk_pf wish[PK_PART_SIZE], const pk_feedback_parts *rows) {
  const size_t part = (size_t)rows->order[place], first = place * PK_PART_SIZE;
  const pk_pf scale = pk_lanes(rows->scales, part);
  float largest = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    largest = largest > metric[i * 9] ? largest : metric[i * 9];
  }
  const float unit = largest > 1e-30f ? 1.0f / largest : 0.0f;
  pk_parts parts;
  parts.energy = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) {
    parts.x[i] = pk_parts_clamp(wish[i], -PK_LIMIT_PARTS, PK_LIMIT_PARTS);
    parts.w[i] = pk_parts_clamp((pk_pf)(metric[i * 9] * unit), PK_IMPORTANCE_FLOOR, 1.0f);
    parts.energy += parts.w[i] * parts.x[i] * parts.x[i];
  }
  pk_found found;
  pk_find(&parts, format, book, pk_odd_parts(&parts), scale, (pk_pf)0.0f, &found);
  pk_pf values[PK_PART_SIZE], errors[PK_PART_SIZE];
  pk_point_values(format, &found, values);
  pk_pi changes = -1;
  pk_pf before[PK_PART_SIZE], after[PK_PART_SIZE];
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pf target = pk_lanes(rows->targets, first + (size_t)i);
    errors[i] = target - scale * values[i];
    after[i] = wish[i] - target + errors[i];
    before[i] = wish[i] - target + pk_lanes(rows->errors, first + (size_t)i);
  }
  if (keeps) changes = pk_part_cost(metric, after) < pk_part_cost(metric, before);
  for (int i = 0; i < PK_PART_SIZE; i++) {
    const pk_pf old = pk_lanes(rows->errors, first + (size_t)i);
    pk_set_lanes(rows->errors, first + (size_t)i, changes ? errors[i] : old);
  }
  const pk_ps chosen = __builtin_convertvector(changes, pk_ps);
  for (int half = 0; half < pk_points_in_part(format); half++) {
    int16_t *points = rows->points + (2 * part + (size_t)half) * PK_FEEDBACK_LANES;
    pk_ps old;
    memcpy(&old, points, sizeof old);
    old = chosen ? found.index[half] : old;
    memcpy(points, &old, sizeof old);
  }
  uint8_t *signs = rows->signs + part * PK_FEEDBACK_LANES;
  pk_lane_signs old_signs;
  memcpy(&old_signs, signs, sizeof old_signs);
  const pk_pu kept = __builtin_convertvector(old_signs, pk_pu);
  const pk_pu all = changes ? found.negative : kept;
  old_signs = __builtin_convertvector(all, pk_lane_signs);
  memcpy(signs, &old_signs, sizeof old_signs);
}

PK_BODY void pk_sweep_parts(
    const pk_format *format, const float *couplings, pk_part_couplings inner, int is_triangular,
    pk_feedback_parts rows) {
  pk_book book;
  pk_open_book(format, &book);
  const size_t n = rows.parts * PK_PART_SIZE;
  for (size_t place = 0; place < rows.parts; place++) {
    const size_t first = place * PK_PART_SIZE;
    const float *metric = inner.metric + place * PK_PART_SIZE * PK_PART_SIZE;
    const float *solve = inner.solve + place * PK_PART_SIZE * PK_PART_SIZE;
    pk_pf sums[PK_TILE], wish[PK_PART_SIZE];
    if (couplings != NULL) {
      const float *tile[PK_TILE];
      pk_open_tile(couplings, n, first, PK_TILE, tile, sums);
      pk_add_products(tile, 0, first, rows.errors, sums);
      if (!is_triangular) pk_add_products(tile, first + PK_PART_SIZE, n, rows.errors, sums);
    }
    for (int i = 0; i < PK_PART_SIZE; i++) {
      wish[i] = pk_lanes(rows.targets, first + (size_t)i);
      if (couplings == NULL) continue;
      for (int j = 0; j < PK_PART_SIZE; j++) wish[i] += solve[i * PK_PART_SIZE + j] * sums[j];
    }
    pk_code_part(format, &book, metric, !is_triangular, place, wish, &rows);
  }
}

_Static_assert(PK_TILE == PK_PART_SIZE, "a part's sums are kept in registers");

PK_BODY void pk_feedback_points_body(
    pk_point_format format, const float *couplings, pk_part_couplings inner, int is_triangular,
    pk_feedback_parts rows) {
  switch (format) {
    case PK_POINTS_IQ2_XXS:
      pk_sweep_parts(&pk_format_iq2_xxs, couplings, inner, is_triangular, rows);
      break;
    case PK_POINTS_IQ2_XS:
      pk_sweep_parts(&pk_format_iq2_xs, couplings, inner, is_triangular, rows);
      break;
    case PK_POINTS_IQ2_S:
      pk_sweep_parts(&pk_format_iq2_s, couplings, inner, is_triangular, rows);
      break;
    case PK_POINTS_IQ3_XXS:
      pk_sweep_parts(&pk_format_iq3_xxs, couplings, inner, is_triangular, rows);
      break;
    case PK_POINTS_IQ3_S:
      pk_sweep_parts(&pk_format_iq3_s, couplings, inner, is_triangular, rows);
      break;
  }
}

PK_STAMP(
    pk_feedback_points, (format, couplings, inner, is_triangular, rows), pk_point_format format,
    const float *couplings, pk_part_couplings inner, int is_triangular, pk_feedback_parts rows)

// The factor of a superblock by least squares in the full matrix.
PK_BODY void pk_feedback_refit_points_body(
    const float *moments, const int32_t *places, float *factors, pk_feedback_parts rows) {
  const size_t n = rows.parts * PK_PART_SIZE;
  pk_pf values[PK_PARTS * PK_PART_SIZE], xy = 0, yy = 0;
  for (size_t k = 0; k < PK_PARTS * PK_PART_SIZE; k++) {
    const size_t i = (size_t)places[k / PK_PART_SIZE] * PK_PART_SIZE + k % PK_PART_SIZE;
    values[k] = pk_lanes(rows.targets, i) - pk_lanes(rows.errors, i);
  }
  for (size_t k = 0; k < PK_PARTS; k++) {
    const float *tile[PK_TILE];
    pk_pf gradient[PK_TILE];
    pk_open_tile(moments, n, (size_t)places[k] * PK_PART_SIZE, PK_TILE, tile, gradient);
    pk_add_products(tile, 0, n, rows.errors, gradient);
    for (size_t c = 0; c < PK_TILE; c++) {
      pk_pf product = 0;
      for (size_t other = 0; other < PK_PARTS; other++) {
        const float *coupling = tile[c] + (size_t)places[other] * PK_PART_SIZE;
        for (size_t i = 0; i < PK_PART_SIZE; i++) {
          product += coupling[i] * values[other * PK_PART_SIZE + i];
        }
      }
      xy += values[k * PK_PART_SIZE + c] * gradient[c];
      yy += values[k * PK_PART_SIZE + c] * product;
    }
  }
  pk_pf old, share;
  memcpy(&old, factors, sizeof old);
  const pk_pf wish = old + old * pk_parts_clamp(xy * pk_lane_inverse(yy), -0.5f, 1.0f);
  pk_pf fitted = old;
  for (int lane = 0; lane < PK_FEEDBACK_LANES; lane++) {
    fitted[lane] = pk_float_from_half(pk_half_from_float(wish[lane] < 65504.0f ? wish[lane] : 65504.0f));
  }
  const pk_pf change = (fitted - old) * pk_lane_inverse(old);
  const pk_pi better = change * (change * yy - 2.0f * xy) < 0.0f;
  fitted = better ? fitted : old;
  memcpy(factors, &fitted, sizeof fitted);
  share = better ? fitted * pk_lane_inverse(old) : (pk_pf)1.0f;
  for (size_t k = 0; k < PK_PARTS; k++) {
    const size_t part = (size_t)rows.order[places[k]];
    pk_set_lanes(rows.scales, part, pk_lanes(rows.scales, part) * share);
    for (size_t i = 0; i < PK_PART_SIZE; i++) {
      const size_t place = (size_t)places[k] * PK_PART_SIZE + i;
      const pk_pf value = values[k * PK_PART_SIZE + i] * share;
      pk_set_lanes(rows.errors, place, pk_lanes(rows.targets, place) - value);
    }
  }
}

PK_STAMP(
    pk_feedback_refit_points, (moments, places, factors, rows), const float *moments,
    const int32_t *places, float *factors, pk_feedback_parts rows)
