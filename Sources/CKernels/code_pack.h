// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_CODE_PACK_H
#define PARE_CODE_PACK_H

#include "scalar_half.h"

// Where the codes of a block lie in its bytes: Formats/NAME.md.

PK_BODY void pk_pack_nibbles(
    const uint8_t *codes, int high, int nibbles, uint8_t *block) {
  for (int i = 0; i < 16; i++) {
    block[nibbles + i] = (uint8_t)((codes[i] & 15) | (codes[i + 16] & 15) << 4);
  }
  if (high) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= (uint32_t)(codes[i] >> 4) << i;
    pk_store16(block + high, (uint16_t)bits);
    pk_store16(block + high + 2, (uint16_t)(bits >> 16));
  }
}

// Signed numbers: their distance to the lowest, with the highest bit inverted.
PK_BODY void pk_pack_signed(const uint8_t *codes, uint8_t *bytes) {
  for (int i = 0; i < 32; i++) bytes[i] = codes[i] ^ 0x80;
}

PK_BODY void pk_pack_k(
    const uint8_t codes[][32], int high, int nibbles, uint8_t *block) {
  for (int pair = 0; pair < 4; pair++) {
    for (int i = 0; i < 32; i++) {
      block[nibbles + 32 * pair + i] =
          (uint8_t)((codes[2 * pair][i] & 15) | (codes[2 * pair + 1][i] & 15) << 4);
    }
  }
  if (!high) return;
  for (int i = 0; i < 32; i++) {
    uint32_t bits = 0;
    for (int g = 0; g < 8; g++) bits |= (uint32_t)(codes[g][i] >> 4) << g;
    block[high + i] = (uint8_t)bits;
  }
}

PK_BODY void pk_pack_q6_k(const uint8_t codes[][16], uint8_t *block) {
  for (int half = 0; half < 2; half++) {
    for (int i = 0; i < 32; i++) {
      int c[4];
      for (int quarter = 0; quarter < 4; quarter++) {
        c[quarter] = codes[8 * half + 2 * quarter + i / 16][i % 16];
      }
      block[64 * half + i] = (uint8_t)((c[0] & 15) | (c[2] & 15) << 4);
      block[64 * half + 32 + i] = (uint8_t)((c[1] & 15) | (c[3] & 15) << 4);
      block[128 + 32 * half + i] =
          (uint8_t)(c[0] >> 4 | (c[1] >> 4) << 2 | (c[2] >> 4) << 4 | (c[3] >> 4) << 6);
    }
  }
}

// Two bits of each of four groups of 32 elements in a byte.
PK_BODY void pk_pack_pairs(const uint8_t codes[][16], uint8_t *packed) {
  for (int half = 0; half < 2; half++) {
    for (int i = 0; i < 32; i++) {
      uint32_t bits = 0;
      for (int quarter = 0; quarter < 4; quarter++) {
        bits |= (codes[8 * half + 2 * quarter + i / 16][i % 16] & 3u) << 2 * quarter;
      }
      packed[32 * half + i] = (uint8_t)bits;
    }
  }
}

// The high bit of each code, then the low two.
PK_BODY void pk_pack_q3_k_codes(const uint8_t codes[][16], uint8_t *block) {
  for (int i = 0; i < 32; i++) {
    uint32_t high = 0;
    for (int pair = 0; pair < 8; pair++) {
      high |= (uint32_t)(codes[2 * pair + i / 16][i % 16] >> 2) << pair;
    }
    block[i] = (uint8_t)high;
  }
  pk_pack_pairs(codes, block + 32);
}

#endif
