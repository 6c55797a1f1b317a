// SPDX-License-Identifier: Apache-2.0
#include "feedback_lanes.h"

// One pass over the elements of rows: GPTQ (Frantar et al., 2022), or LDLQ (Chee et al., QuIP, 2023),
// with triangular couplings; else one sweep of coordinate descent.

// The level nearest to v, and its number.
PK_BODY pk_pf pk_nearest(const pk_level_grid *levels, pk_pf v, pk_pf *code) {
  if (levels->is_even) {
    const float low = levels->levels[0];
    const pk_pf level =
        pk_parts_round(pk_parts_clamp(v, low, low + (float)(levels->level_count - 1)));
    *code = level - low;
    return level;
  }
  pk_pf level = levels->levels[0];
  *code = 0;
  for (int i = 1; i < levels->level_count; i++) {
    const pk_pi above = v > 0.5f * (levels->levels[i - 1] + levels->levels[i]);
    level = above ? (pk_pf)levels->levels[i] : level;
    *code = above ? (pk_pf)(float)i : *code;
  }
  return level;
}

PK_BODY void pk_code_element(
    const pk_level_grid *levels, const pk_feedback_rows *rows, size_t i, pk_pf wish) {
  const size_t group = (size_t)rows->order[i] / levels->group;
  const pk_pf step = pk_lanes(rows->steps, group), offset = pk_lanes(rows->offsets, group);
  pk_pf code;
  const pk_pf level = pk_nearest(levels, (wish - offset) * pk_lane_inverse(step), &code);
  pk_set_lanes(rows->errors, i, pk_lanes(rows->targets, i) - (step * level + offset));
  const pk_lane_bytes bytes = __builtin_convertvector(code, pk_lane_bytes);
  memcpy(rows->codes + i * PK_FEEDBACK_LANES, &bytes, sizeof bytes);
}

PK_BODY void pk_feedback_sweep_body(
    pk_level_grid levels, const float *couplings, const float *scale, int is_triangular,
    pk_feedback_rows rows) {
  const size_t n = rows.columns;
  if (couplings == NULL) {
    for (size_t i = 0; i < n; i++) pk_code_element(&levels, &rows, i, pk_lanes(rows.targets, i));
    return;
  }
  for (size_t first = 0; first < n; first += PK_TILE) {
    const size_t count = n - first < PK_TILE ? n - first : PK_TILE;
    const float *tile[PK_TILE];
    pk_pf sums[PK_TILE];
    pk_open_tile(couplings, n, first, count, tile, sums);
    pk_add_products(tile, 0, first, rows.errors, sums);
    if (!is_triangular) pk_add_products(tile, first + count, n, rows.errors, sums);
    for (size_t c = 0; c < count; c++) {
      const size_t i = first + c;
      pk_pf sum = sums[c];
      for (size_t j = first; j < (is_triangular ? i : first + count); j++) {
        if (j != i) sum += tile[c][j] * pk_lanes(rows.errors, j);
      }
      if (scale) sum = sum / scale[i];
      pk_code_element(&levels, &rows, i, pk_lanes(rows.targets, i) + sum);
    }
  }
}

PK_STAMP(
    pk_feedback_sweep, (levels, couplings, scale, is_triangular, rows), pk_level_grid levels,
    const float *couplings, const float *scale, int is_triangular, pk_feedback_rows rows)
