// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_FIT_H
#define PARE_GRID_FIT_H

#include "grid_search.h"

// The scales of a superblock, and the points of its parts.
//
// Each group tries a few scales alone. The shared factor d is the one at which the groups' scales
// are nearest to odd multiples, of which each group takes the better one of both sides. Then the
// points are found, and d is fitted to them.

typedef struct {
  float d;
  // Each lane's multiple of d is 2·integer + 1.
  pk_pf integer;
  pk_found found;
} pk_superblock;

PK_BODY float pk_stored_scale(float v) {
  v = v > 0 ? v : 0;
  return pk_float_from_half(pk_half_from_float(v < 65504.0f ? v : 65504.0f));
}

typedef enum {
  PK_FOR_TRIALS = 1,     // the scales beside the one that rounding finds best
  PK_FOR_FIT = 2,        // the scale that fits best
  PK_FOR_MULTIPLES = 4,  // the choice among multiples of d
} pk_uses;

// The scales that are tried for a group.
typedef struct {
  // As shares of the root mean square, scored by rounding alone.
  const float *shares;
  int count;
  // What points are looked up for before the scales are settled, of pk_uses; rounding stands in
  // for the rest.
  int points;
  // The scale at which the lowest level is the root mean square; 0 if that needs no trial.
  float lowest;
} pk_steps;

typedef struct {
  pk_pf scale, shift, error;
} pk_trial;

PK_BODY void pk_keep_better(int first, const pk_trial *trial, pk_trial *best) {
  const pk_pi better = first ? (pk_pi)-1 : (pk_pi)(trial->error < best->error);
  best->scale = better ? trial->scale : best->scale;
  best->shift = better ? trial->shift : best->shift;
  best->error = better ? trial->error : best->error;
}

// Each group's error with its elements rounded, with the better shift of IQ1.
PK_BODY pk_trial pk_try_rounding(
    const pk_parts *parts, const pk_format *format, pk_pf scale) {
  pk_trial trial = {scale, 0, 0};
  if (format->shift_lanes == 0) {
    trial.error = pk_shared_sum(
        pk_round_to_levels(parts, format, scale, (pk_pf)0.0f).error, format->lanes);
    return trial;
  }
  const pk_pf raised = pk_round_to_levels(parts, format, scale, (pk_pf)0.125f).error;
  const pk_pf lowered = pk_round_to_levels(parts, format, scale, (pk_pf)-0.125f).error;
  const pk_pi lower = pk_shared_sum(lowered, format->shift_lanes) <
                      pk_shared_sum(raised, format->shift_lanes);
  trial.shift = lower ? (pk_pf)-0.125f : (pk_pf)0.125f;
  trial.error = pk_shared_sum(lower ? lowered : raised, format->lanes);
  return trial;
}

PK_BODY pk_trial pk_try_points(
    const pk_parts *parts, const pk_format *format, const pk_book *book, pk_pf scale) {
  return (pk_trial){
      scale, 0, pk_shared_sum(pk_least_error(parts, format, book, scale), format->lanes)};
}

// The best scale of each group alone.
PK_BODY pk_trial pk_lone_scale(
    const pk_parts *parts, const pk_format *format, const pk_book *book, const pk_steps *steps) {
  pk_pf weight = 0;
  for (int i = 0; i < PK_PART_SIZE; i++) weight += parts->w[i];
  const pk_pf square = pk_shared_sum(parts->energy, format->lanes) *
                       pk_parts_inverse(pk_shared_sum(weight, format->lanes));
  const pk_pf root = __builtin_elementwise_sqrt(square);
  pk_trial rounded = pk_try_rounding(
      parts, format, root * (steps->lowest > 0 ? steps->lowest : steps->shares[0]));
  // For elements of one magnitude: every code book has the point of lowest levels, but not those of
  // other levels that rounding would take. It is preferred at up to twice their error.
  if (steps->lowest > 0) rounded.error *= 0.5f;
  for (int i = steps->lowest > 0 ? 0 : 1; i < steps->count; i++) {
    const pk_trial trial = pk_try_rounding(parts, format, root * steps->shares[i]);
    pk_keep_better(0, &trial, &rounded);
  }
  if (!(steps->points & PK_FOR_TRIALS)) return rounded;
  pk_trial best = pk_try_points(parts, format, book, rounded.scale * 0.94f);
  const pk_trial larger = pk_try_points(parts, format, book, rounded.scale * 1.06f);
  pk_keep_better(0, &larger, &best);
  return best;
}

PK_BODY pk_pf pk_nearest_integer(const pk_format *format, pk_pf scale, float d) {
  const float inverse = d > 0 ? 0.5f / (d * format->unit) : 0.0f;
  const pk_pf place = pk_parts_clamp(scale * inverse - 0.5f, 0.0f, (float)(format->scale_count - 1));
  return pk_parts_round(place);
}

PK_BODY pk_pf pk_scale_of(const pk_format *format, float d, pk_pf integer) {
  return d * format->unit * (2.0f * integer + 1.0f);
}

// Shares of the largest scale that d is tried at, in units of the highest multiple.
static const float pk_shares[] = {0.92f, 0.96f, 1.0f, 1.035f, 1.07f, 1.11f, 1.15f};

PK_BODY float pk_shared_factor(const pk_format *format, pk_pf scale, pk_pf curvature) {
  const float largest = pk_largest_lane(scale);
  float best = 0, least = pk_shared_sum(curvature * scale * scale, PK_PARTS)[0];
  for (int c = 0; c < PK_COUNT(pk_shares); c++) {
    float d = pk_stored_scale(
        largest * pk_shares[c] / (format->unit * (float)(2 * format->scale_count - 1)));
    if (d == 0) d = 0x1p-24f;  // the least half-precision number may still serve
    const pk_pf away = scale - pk_scale_of(format, d, pk_nearest_integer(format, scale, d));
    const float error = pk_shared_sum(curvature * away * away, PK_PARTS)[0];
    if (error < least) {
      least = error;
      best = d;
    }
  }
  return best;
}

// The factor that fits the points best, if it lowers the error.
PK_BODY void pk_refit_factor(const pk_format *format, pk_superblock *block) {
  const pk_pf multiple = format->unit * (2.0f * block->integer + 1.0f);
  const float xy = pk_shared_sum(multiple * block->found.xy, PK_PARTS)[0];
  const float yy = pk_shared_sum(multiple * multiple * block->found.yy, PK_PARTS)[0];
  if (!(yy > 1e-30f)) return;
  const float d = pk_stored_scale(xy / yy);
  if (d * (2.0f * xy - d * yy) > block->d * (2.0f * xy - block->d * yy)) block->d = d;
}

PK_BODY void pk_fit_superblock(
    const pk_parts *parts, const pk_format *format, const pk_book *book, const pk_steps *steps,
    pk_superblock *block) {
  const pk_ps odd = pk_odd_parts(parts);
  const pk_trial lone = pk_lone_scale(parts, format, book, steps);
  pk_pf xy, yy;
  if (steps->points & PK_FOR_FIT) {
    pk_find(parts, format, book, odd, lone.scale, lone.shift, &block->found);
    xy = block->found.xy;
    yy = block->found.yy;
  } else {
    const pk_rounded rounded = pk_round_to_levels(parts, format, lone.scale, lone.shift);
    xy = rounded.xy;
    yy = rounded.yy;
  }
  const pk_pf curvature = pk_shared_sum(yy, format->lanes);
  const pk_pf fitted = pk_shared_sum(xy, format->lanes) * pk_parts_inverse(curvature);
  const pk_pf scale = fitted > 0.0f ? fitted : (pk_pf)0.0f;
  block->d = pk_shared_factor(format, scale, curvature);

  // The multiples on both sides of each group's scale.
  block->integer = pk_nearest_integer(format, scale, block->d);
  const pk_pf nearest = pk_scale_of(format, block->d, block->integer);
  const pk_pf side = scale > nearest ? (pk_pf)1.0f : (pk_pf)-1.0f;
  const pk_pf integer =
      pk_parts_clamp(block->integer + side, 0.0f, (float)(format->scale_count - 1));
  const pk_pf other = pk_scale_of(format, block->d, integer);
  const int by_points = steps->points & PK_FOR_MULTIPLES;
  pk_trial best = by_points ? pk_try_points(parts, format, book, nearest)
                            : pk_try_rounding(parts, format, nearest);
  const pk_trial trial = by_points ? pk_try_points(parts, format, book, other)
                                   : pk_try_rounding(parts, format, other);
  block->integer = trial.error < best.error ? integer : block->integer;
  pk_keep_better(0, &trial, &best);

  pk_find(parts, format, book, odd, best.scale, best.shift, &block->found);
  // Other points may now be nearer; looking for them again gains a thousandth.
  pk_refit_factor(format, block);
}

#endif
