// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_GRID_PACK_IQ2_H
#define PARE_GRID_PACK_IQ2_H

#include "grid_codes_iq2.h"
#include "grid_fit.h"

// Where the points, signs and scales of superblocks lie in their bytes: Formats/IQ2.md.

static const pk_format pk_format_iq2_xxs = {
    PK_LEVELS_IQ2, PK_SIGNS_EVEN, pk_codes_iq2_xxs, 256, 4, 16, 0.125f, 0};
static const pk_format pk_format_iq2_xs = {
    PK_LEVELS_IQ2, PK_SIGNS_EVEN, pk_codes_iq2_xs, 512, 2, 16, 0.125f, 0};
static const pk_format pk_format_iq2_s = {
    PK_LEVELS_IQ2, PK_SIGNS_FREE, pk_codes_iq2_s, 1024, 2, 16, 0.125f, 0};

PK_BODY void pk_store32(uint8_t *stored, uint32_t bits) {
  pk_store16(stored, (uint16_t)bits);
  pk_store16(stored + 2, (uint16_t)(bits >> 16));
}

PK_BODY void pk_pack_iq2_xxs(const pk_superblock *fit, uint8_t *block) {
  for (int group = 0; group < 8; group++) {
    uint32_t rest = (uint32_t)fit->integer[4 * group] << 28;
    for (int part = 0; part < 4; part++) {
      const int lane = 4 * group + part;
      block[2 + 8 * group + part] = (uint8_t)fit->found.index[0][lane];
      rest |= (fit->found.negative[lane] & 127u) << 7 * part;
    }
    pk_store32(block + 6 + 8 * group, rest);
  }
}

PK_BODY void pk_pack_scales_iq2(const pk_superblock *fit, uint8_t *scales) {
  for (int i = 0; i < 8; i++) {
    scales[i] = (uint8_t)((uint32_t)fit->integer[4 * i] | (uint32_t)fit->integer[4 * i + 2] << 4);
  }
}

PK_BODY void pk_pack_iq2_xs(const pk_superblock *fit, uint8_t *block) {
  for (int lane = 0; lane < PK_PARTS; lane++) {
    const uint32_t code = (uint32_t)fit->found.index[0][lane] |
                          (fit->found.negative[lane] & 127u) << 9;
    pk_store16(block + 2 + 2 * lane, (uint16_t)code);
  }
  pk_pack_scales_iq2(fit, block + 66);
}

PK_BODY void pk_pack_iq2_s(const pk_superblock *fit, uint8_t *block) {
  for (int i = 0; i < 8; i++) {
    uint32_t high = 0;
    for (int part = 0; part < 4; part++) {
      const int lane = 4 * i + part;
      block[2 + lane] = (uint8_t)fit->found.index[0][lane];
      block[34 + lane] = (uint8_t)fit->found.negative[lane];
      high |= (uint32_t)(fit->found.index[0][lane] >> 8) << 2 * part;
    }
    block[66 + i] = (uint8_t)high;
  }
  pk_pack_scales_iq2(fit, block + 74);
}

#endif
