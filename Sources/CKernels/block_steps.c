// SPDX-License-Identifier: Apache-2.0
#include "include/bytes.h"
#include "level_tables.h"
#include "superblock_scales.h"

// The steps and offsets of blocks, without their codes. Formulas: Formats/NAME.md.

// Blocks of 32 that begin with their scale, and with their offset next where they have one.
static void plain(const uint8_t *block, size_t bytes, int has_offset, float *steps, float *offsets, size_t count) {
  for (size_t b = 0; b < count; b++, block += bytes) {
    steps[b] = pk_float_from_half(pk_load16(block));
    offsets[b] = has_offset ? pk_float_from_half(pk_load16(block + 2)) : 0;
  }
}

void pk_steps_q4_0(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 18, 0, steps, offsets, count);
}
void pk_steps_q4_1(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 20, 1, steps, offsets, count);
}
void pk_steps_q5_0(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 22, 0, steps, offsets, count);
}
void pk_steps_q5_1(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 24, 1, steps, offsets, count);
}
void pk_steps_q8_0(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 34, 0, steps, offsets, count);
}
void pk_steps_iq4_nl(const void *blocks, float *steps, float *offsets, size_t count) {
  plain(blocks, 18, 0, steps, offsets, count);
}

void pk_steps_mxfp4(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 17) {
    steps[b] = pk_half_from_e8m0(block[0]);
    offsets[b] = 0;
  }
}

void pk_steps_q2_k(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 84) {
    const float d = pk_float_from_half(pk_load16(block + 80));
    const float dmin = pk_float_from_half(pk_load16(block + 82));
    for (int g = 0; g < 16; g++) {
      *steps++ = d * (float)(block[g] & 15);
      *offsets++ = -(dmin * (float)(block[g] >> 4));
    }
  }
}

void pk_steps_q3_k(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 110) {
    const float d = pk_float_from_half(pk_load16(block + 108));
    for (int g = 0; g < 16; g++) {
      *steps++ = d * (float)pk_scale_of_q3_k(block + 96, g);
      *offsets++ = 0;
    }
  }
}

// Q4_K and Q5_K.
static void scales_and_minimums(
    const uint8_t *block, size_t bytes, float *steps, float *offsets, size_t count) {
  for (size_t b = 0; b < count; b++, block += bytes) {
    const float d = pk_float_from_half(pk_load16(block));
    const float dmin = pk_float_from_half(pk_load16(block + 2));
    for (int g = 0; g < 8; g++) {
      int scale, minimum;
      pk_unpack_scale(block + 4, g, &scale, &minimum);
      *steps++ = d * (float)scale;
      *offsets++ = -(dmin * (float)minimum);
    }
  }
}

void pk_steps_q4_k(const void *blocks, float *steps, float *offsets, size_t count) {
  scales_and_minimums(blocks, 144, steps, offsets, count);
}
void pk_steps_q5_k(const void *blocks, float *steps, float *offsets, size_t count) {
  scales_and_minimums(blocks, 176, steps, offsets, count);
}

void pk_steps_q6_k(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 210) {
    const float d = pk_float_from_half(pk_load16(block + 208));
    for (int g = 0; g < 16; g++) {
      *steps++ = d * (float)(int8_t)block[192 + g];
      *offsets++ = 0;
    }
  }
}

void pk_steps_iq4_xs(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 136) {
    const float d = pk_float_from_half(pk_load16(block));
    for (int g = 0; g < 8; g++) {
      *steps++ = d * (float)pk_scale_of_iq4_xs(block, g);
      *offsets++ = 0;
    }
  }
}

void pk_steps_tq2_0(const void *blocks, float *steps, float *offsets, size_t count) {
  const uint8_t *block = blocks;
  for (size_t b = 0; b < count; b++, block += 66) {
    const float d = pk_float_from_half(pk_load16(block + 64));
    for (int g = 0; g < 8; g++) {
      *steps++ = d;
      *offsets++ = 0;
    }
  }
}
