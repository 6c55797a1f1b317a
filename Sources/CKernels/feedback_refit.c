// SPDX-License-Identifier: Apache-2.0
#include "affine_groups.h"
#include "feedback_lanes.h"

// The factors of a block by least squares in the full matrix, with the codes as they are.

#define PK_BLOCK_LIMIT 256

// The part of a value that its block's first factor scales, and that which the second does.
typedef struct {
  pk_pf first[PK_BLOCK_LIMIT], second[PK_BLOCK_LIMIT];
} pk_split;

// Sums over a block: of products with the gradient, and of products with each other.
typedef struct {
  pk_pf r0, r1, h00, h01, h11;
} pk_normal;

PK_BODY void pk_split_values(
    const pk_level_grid *levels, const pk_feedback_rows *rows, const int32_t *places, size_t count,
    int is_joint, pk_split *split) {
  for (size_t k = 0; k < count; k++) {
    const size_t i = (size_t)places[k], group = (size_t)rows->order[i] / levels->group;
    const pk_pf level = pk_lane_levels(levels, rows->codes, i);
    const pk_pf scaled = pk_lanes(rows->steps, group) * level;
    const pk_pf offset = pk_lanes(rows->offsets, group);
    split->first[k] = is_joint ? scaled + offset : scaled;
    split->second[k] = is_joint ? (pk_pf)0.0f : offset;
  }
}

PK_BODY pk_normal pk_normal_sums(
    const float *moments, const int32_t *places, size_t count, const pk_split *split,
    const pk_feedback_rows *rows) {
  pk_normal n = {0, 0, 0, 0, 0};
  for (size_t first = 0; first < count; first += PK_TILE) {
    const size_t own = count - first < PK_TILE ? count - first : PK_TILE;
    const float *tile[PK_TILE];
    pk_pf gradient[PK_TILE];
    for (size_t c = 0; c < PK_TILE; c++) {
      tile[c] = moments + (size_t)places[first + (c < own ? c : own - 1)] * rows->columns;
      gradient[c] = 0;
    }
    pk_add_products(tile, 0, rows->columns, rows->errors, gradient);
    for (size_t c = 0; c < own; c++) {
      pk_pf h0 = 0, h1 = 0;
      for (size_t k = 0; k < count; k++) {
        const float coupling = tile[c][places[k]];
        h0 += coupling * split->first[k];
        h1 += coupling * split->second[k];
      }
      const pk_pf v0 = split->first[first + c], v1 = split->second[first + c];
      n.r0 += v0 * gradient[c];
      n.r1 += v1 * gradient[c];
      n.h00 += v0 * h0;
      n.h01 += v0 * h1;
      n.h11 += v1 * h1;
    }
  }
  return n;
}

PK_BODY pk_pf pk_stored_factor(pk_pf factor, pk_stored_type type) {
  pk_vf halves[2];
  memcpy(halves, &factor, sizeof halves);
  for (int h = 0; h < 2; h++) halves[h] = pk_stored(halves[h], type);
  memcpy(&factor, halves, sizeof halves);
  return factor;
}

// The factors that lower the error, as they will be stored.
PK_BODY void pk_moved_factors(
    const pk_normal *n, pk_stored_type type, pk_pf f0, pk_pf f1, pk_pf *new0, pk_pf *new1) {
  const pk_pf determinant = n->h00 * n->h11 - n->h01 * n->h01;
  const pk_pi regular = determinant > 1e-4f * n->h00 * n->h11;
  const pk_pf inverse = pk_lane_inverse(regular ? determinant : (pk_pf)1.0f);
  const pk_pf lone = n->r0 * pk_lane_inverse(n->h00);
  const pk_pf d0 = regular ? (n->h11 * n->r0 - n->h01 * n->r1) * inverse : lone;
  const pk_pf d1 = regular ? (n->h00 * n->r1 - n->h01 * n->r0) * inverse : (pk_pf)0.0f;
  const pk_pf wish0 = pk_stored_factor(f0 + f0 * pk_parts_clamp(d0, -0.5f, 1.0f), type);
  const pk_pf wish1 = pk_stored_factor(f1 + f1 * pk_parts_clamp(d1, -0.5f, 1.0f), type);
  const pk_pf c0 = (wish0 - f0) * pk_lane_inverse(f0), c1 = (wish1 - f1) * pk_lane_inverse(f1);
  const pk_pf change = c0 * (c0 * n->h00 + 2.0f * c1 * n->h01 - 2.0f * n->r0) +
                       c1 * (c1 * n->h11 - 2.0f * n->r1);
  const pk_pi better = change < 0.0f;
  *new0 = better ? wish0 : f0;
  *new1 = better ? wish1 : f1;
}

// A whole multiple of a factor as that of another: the quotient is exact.
PK_BODY pk_pf pk_rescaled(pk_pf multiple, pk_pf factor, pk_pf other) {
  const pk_pi usable = factor != 0.0f;
  return other * (multiple / (usable ? factor : (pk_pf)1.0f));
}

PK_BODY void pk_feedback_refit_body(
    pk_level_grid levels, const float *moments, const int32_t *places, size_t count,
    pk_stored_type type, int is_joint, float *factors, pk_feedback_rows rows) {
  pk_split split;
  pk_split_values(&levels, &rows, places, count, is_joint, &split);
  const pk_normal n = pk_normal_sums(moments, places, count, &split, &rows);
  const pk_pf f0 = pk_lanes(factors, 0), f1 = pk_lanes(factors, 1);
  pk_pf new0, new1;
  pk_moved_factors(&n, type, f0, f1, &new0, &new1);
  pk_set_lanes(factors, 0, new0);
  pk_set_lanes(factors, 1, new1);
  size_t last = SIZE_MAX;
  for (size_t k = 0; k < count; k++) {
    const size_t i = (size_t)places[k], group = (size_t)rows.order[i] / levels.group;
    pk_pf step = pk_lanes(rows.steps, group), offset = pk_lanes(rows.offsets, group);
    if (group != last) {
      step = pk_rescaled(step, f0, new0);
      offset = is_joint ? pk_rescaled(offset, f0, new0) : pk_rescaled(offset, f1, new1);
      pk_set_lanes(rows.steps, group, step);
      pk_set_lanes(rows.offsets, group, offset);
      last = group;
    }
    const pk_pf level = pk_lane_levels(&levels, rows.codes, i);
    pk_set_lanes(rows.errors, i, pk_lanes(rows.targets, i) - (step * level + offset));
  }
}

PK_STAMP(
    pk_feedback_refit, (levels, moments, places, count, type, is_joint, factors, rows),
    pk_level_grid levels, const float *moments, const int32_t *places, size_t count,
    pk_stored_type type, int is_joint, float *factors, pk_feedback_rows rows)
