// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_AFFINE_GROUPS_H
#define PARE_AFFINE_GROUPS_H

#include "block_groups.h"
#include "include/affine.h"

// What the encoders of packed weights share: sixteen groups at once, one in each lane.

#define PK_SIZE_LIMIT 128

// Squares of values, and products with importance, stay far from overflow.
#define PK_LIMIT_AFFINE 1e15f

typedef struct {
  pk_vf x[PK_SIZE_LIMIT], weights[PK_SIZE_LIMIT];
  const pk_vf *w;
  pk_vf weight;  // of all elements
  int size;
} pk_group_lanes;

PK_BODY pk_vf pk_stored_bfloat(pk_vf v) {
  const pk_vu bits = pk_as_bits(v);
  const pk_vu rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  return pk_as_float(rounded);
}

// The nearest number of a type; f32 as it is.
PK_BODY pk_vf pk_stored(pk_vf v, pk_stored_type type) {
  if (type == PK_STORED_F16) return pk_stored_half(v);
  if (type == PK_STORED_BF16) return pk_stored_bfloat(v);
  return v;
}

// A stored number moved by so many of its last places (not across zero).
PK_BODY pk_vf pk_moved(pk_vf v, int places, pk_stored_type type) {
  if (type == PK_STORED_F16) {
    const pk_vf magnitude = pk_magnitude(v);
    const pk_vf power = pk_as_float(pk_as_bits(magnitude) & 0x7f800000u);
    const pk_vf place = (magnitude < 0x1p-14f ? (pk_vf)0x1p-24f : power * 0x1p-10f);
    const pk_vf moved = v + (v < 0.0f ? -place : place) * (float)places;
    return pk_stored_half(moved);
  }
  const pk_vu bits = pk_as_bits(v);
  const pk_vu moved = bits + ((pk_vu)0 + (uint32_t)(places * 65536));
  const pk_vi usable = pk_magnitude(v) > 1e-30f;
  return usable ? pk_as_float(moved) : v;
}

PK_BODY void pk_load_lanes(
    const float *values, const float *importance, float unit, size_t groups, int size,
    pk_group_lanes *g) {
  pk_load_groups(values, importance, unit, groups, size, PK_LIMIT_AFFINE, g->x, g->weights);
  g->w = importance ? g->weights : NULL;
  g->size = size;
  g->weight = 0;
  for (int i = 0; i < size; i++) g->weight += pk_weighted(g->w, i, 1.0f);
}

// codes[lane * size + i] for the lanes that hold groups.
PK_BODY void pk_store_lanes(const pk_vf *codes, int size, size_t groups, uint8_t *target) {
  for (int start = 0; start < size; start += 16) {
    pk_vu elements[16];
    for (int i = 0; i < 16; i++) {
      elements[i] =
          __builtin_convertvector(__builtin_convertvector(codes[start + i], pk_vi), pk_vu);
    }
    pk_store_bytes(elements, groups, size, target + start);
  }
}

// Runs `encode(start, count)` for each sixteen groups.
#define PK_EACH_LANES(groups, start, count)                                      \
  for (size_t start = 0, count; start < (groups); start += PK_LANES)             \
    if ((count = (groups) - start < PK_LANES ? (groups) - start : PK_LANES), 1)

#endif
