// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_SUPERBLOCK_SCALES_H
#define PARE_SUPERBLOCK_SCALES_H

#include "scalar_half.h"

// The integers that scale the groups of a superblock.

// Q4_K and Q5_K: the 6-bit scale and minimum of group g.
PK_BODY void pk_unpack_scale(const uint8_t *packed, int g, int *scale, int *minimum) {
  if (g < 4) {
    *scale = packed[g] & 63;
    *minimum = packed[g + 4] & 63;
  } else {
    *scale = (packed[g + 4] & 15) | (packed[g - 4] >> 6) << 4;
    *minimum = packed[g + 4] >> 4 | (packed[g] >> 6) << 4;
  }
}

// Q3_K: six bits, the low four and the high two apart.
PK_BODY int pk_scale_of_q3_k(const uint8_t *packed, int g) {
  const int low = packed[g % 8] >> 4 * (g / 8) & 15;
  const int high = packed[8 + g % 4] >> 2 * (g / 4) & 3;
  return (low | high << 4) - 32;
}

// IQ4_XS: the same in another order.
PK_BODY int pk_scale_of_iq4_xs(const uint8_t *block, int g) {
  const int low = block[4 + g / 2] >> 4 * (g % 2) & 15;
  const int high = pk_load16(block + 2) >> 2 * g & 3;
  return (low | high << 4) - 32;
}

#endif
