// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_BOOK_H
#define PARE_GRID_BOOK_H

#include "grid_parts.h"

// The levels of a family of formats.
typedef enum {
  PK_LEVELS_IQ1,      // (-1, 0, 1) + 1/8 or - 1/8
  PK_LEVELS_IQ2,      // ±(8, 25, 43)
  PK_LEVELS_IQ3_XXS,  // ±(2, 6, ... 26, 31)
  PK_LEVELS_IQ3_S,    // ±(2, 6, ... 26, 30)
} pk_levels;

// How signs are stored.
typedef enum {
  PK_SIGNS_NONE,  // the levels have them
  PK_SIGNS_EVEN,  // the number of negative elements of a part is even
  PK_SIGNS_FREE,
} pk_signs;

typedef struct {
  pk_levels levels;
  pk_signs signs;
  const uint16_t *points;
  int point_count;
  // Parts that share a scale: unit * d times 1, 3, ... 2 * scale_count - 1.
  int lanes, scale_count;
  float unit;
  // Of IQ1: parts that share the sign of the shift by 1/8; otherwise 0.
  int shift_lanes;
} pk_format;

// Points that have their high half in common. The last may stand there several times.
#define PK_CHUNK 4
typedef struct {
  uint16_t first, high;
  uint16_t low[PK_CHUNK];
} pk_chunk;

#define PK_CHUNK_LIMIT 1024

typedef struct {
  pk_chunk chunks[PK_CHUNK_LIMIT];
  int count;
} pk_book;

// Cuts a code book, whose points lie in the order of their high halves, into chunks.
PK_BODY void pk_open_book(const pk_format *format, pk_book *book) {
  const int bits = format->levels >= PK_LEVELS_IQ3_XXS ? 6 : 8;
  book->count = 0;
  for (int n = 0; n < format->point_count;) {
    pk_chunk *chunk = book->chunks + book->count++;
    chunk->first = (uint16_t)n;
    chunk->high = (uint16_t)(format->points[n] >> bits);
    for (int i = 0; i < PK_CHUNK; i++) {
      chunk->low[i] = (uint16_t)(format->points[n] & ((1 << bits) - 1));
      const int goes_on = n + 1 < format->point_count && format->points[n + 1] >> bits == chunk->high;
      if (goes_on && i + 1 < PK_CHUNK) n++;
    }
    n++;
  }
}

PK_BODY int pk_is_iq3(const pk_format *format) { return format->levels >= PK_LEVELS_IQ3_XXS; }
PK_BODY int pk_level_count(const pk_format *format) { return pk_is_iq3(format) ? 8 : 3; }
PK_BODY int pk_points_in_part(const pk_format *format) { return pk_is_iq3(format) ? 2 : 1; }

// The place of the level that is nearest to y.
PK_BODY pk_pf pk_nearest_level(const pk_format *format, pk_pf y) {
  switch (format->levels) {
    case PK_LEVELS_IQ1: return pk_parts_round(pk_parts_clamp(y + 1.0f, 0.0f, 2.0f));
    case PK_LEVELS_IQ2:
      return (y > 16.5f ? (pk_pf)1.0f : (pk_pf)0.0f) + (y > 34.0f ? (pk_pf)1.0f : (pk_pf)0.0f);
    default: return pk_parts_round(pk_parts_clamp(0.25f * y - 0.5f, 0.0f, 7.0f));
  }
}

PK_BODY pk_pf pk_level(const pk_format *format, pk_pf place) {
  switch (format->levels) {
    case PK_LEVELS_IQ1: return place - 1.0f;
    case PK_LEVELS_IQ2: return 8.0f + 17.0f * place + (place > 1.5f ? (pk_pf)1.0f : (pk_pf)0.0f);
    case PK_LEVELS_IQ3_XXS:
      return 2.0f + 4.0f * place + (place > 6.5f ? (pk_pf)1.0f : (pk_pf)0.0f);
    default: return 2.0f + 4.0f * place;
  }
}

#endif
