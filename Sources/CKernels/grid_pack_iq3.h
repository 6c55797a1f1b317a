// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_PACK_IQ3_H
#define PARE_GRID_PACK_IQ3_H

#include "grid_codes_iq3.h"
#include "grid_fit.h"

// Where the points, signs and scales of superblocks lie in their bytes: Formats/IQ3.md.

static const pk_format pk_format_iq3_xxs = {
    PK_LEVELS_IQ3_XXS, PK_SIGNS_EVEN, pk_codes_iq3_xxs, 256, 4, 16, 0.5f, 0};
static const pk_format pk_format_iq3_s = {
    PK_LEVELS_IQ3_S, PK_SIGNS_FREE, pk_codes_iq3_s, 512, 4, 16, 0.5f, 0};

PK_BODY void pk_pack_iq3_xxs(const pk_superblock *fit, uint8_t *block) {
  for (int group = 0; group < 8; group++) {
    uint32_t rest = (uint32_t)fit->integer[4 * group] << 28;
    for (int part = 0; part < 4; part++) {
      const int lane = 4 * group + part;
      block[2 + 2 * lane] = (uint8_t)fit->found.index[0][lane];
      block[3 + 2 * lane] = (uint8_t)fit->found.index[1][lane];
      rest |= (fit->found.negative[lane] & 127u) << 7 * part;
    }
    pk_store16(block + 66 + 4 * group, (uint16_t)rest);
    pk_store16(block + 68 + 4 * group, (uint16_t)(rest >> 16));
  }
}

PK_BODY void pk_pack_iq3_s(const pk_superblock *fit, uint8_t *block) {
  for (int group = 0; group < 8; group++) {
    uint32_t high = 0;
    for (int part = 0; part < 4; part++) {
      const int lane = 4 * group + part;
      const uint32_t first = (uint32_t)fit->found.index[0][lane];
      const uint32_t second = (uint32_t)fit->found.index[1][lane];
      block[2 + 2 * lane] = (uint8_t)first;
      block[3 + 2 * lane] = (uint8_t)second;
      high |= (first >> 8 | (second >> 8) << 1) << 2 * part;
      block[74 + lane] = (uint8_t)fit->found.negative[lane];
    }
    block[66 + group] = (uint8_t)high;
  }
  for (int i = 0; i < 4; i++) {
    block[106 + i] =
        (uint8_t)((uint32_t)fit->integer[8 * i] | (uint32_t)fit->integer[8 * i + 4] << 4);
  }
}

#endif
