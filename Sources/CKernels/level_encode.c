// SPDX-License-Identifier: Apache-2.0
#include "block_superblock.h"
#include "code_pack.h"
#include "level_tables.h"

// Formats/IQ4.md: groups of 32 elements whose codes are places in a table.

// Levels, or numbers between them, that the largest magnitude is tried at.
static const float pk_steps_iq4_plain[] = {-128, 114, -109, 123, -123, 109};
static const float pk_steps_iq4_weighted[] = {-131, 114, -120, -143, -108, 125,
                                              -125, 108, -137, -103, 120};
static const pk_trials pk_trials_iq4 = PK_TRIALS(pk_steps_iq4, 1);

static const pk_codes pk_codes_iq4 = {-127, 113, pk_levels_iq4};

PK_BODY void pk_encode_iq4_groups(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 32) : 1;
  for (size_t start = 0; start < count; start += PK_LANES) {
    const size_t groups = count - start < PK_LANES ? count - start : PK_LANES;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 32, importance ? importance + start * 32 : NULL, unit, groups, 32, 1e8f,
        x, weights);
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 32);
    const pk_fit fit = pk_search_scale(&group, &pk_codes_iq4, 1, &pk_trials_iq4);
    pk_store_codes(x, &pk_codes_iq4, fit.scale, 0, 32, codes[0]);
    for (size_t lane = 0; lane < groups; lane++, block += 18) {
      pk_store16(block, pk_half_from_float(fit.scale[lane]));
      pk_pack_nibbles(codes[lane], 0, 2, block);
    }
  }
}

PK_BODY void pk_encode_iq4_nl_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_iq4_groups, blocks, count)
}

PK_BODY void pk_encode_iq4_superblocks(
    const float *values, const float *importance, uint8_t *block, size_t count) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  for (size_t start = 0; start < count; start += 2) {
    const size_t superblocks = count - start < 2 ? 1 : 2;
    pk_vf x[32], weights[32];
    uint8_t codes[PK_LANES][32];
    pk_load_groups(
        values + start * 256, importance ? importance + start * 256 : NULL, unit, superblocks * 8,
        32, PK_LIMIT_K, x, weights);
    const pk_group group = pk_open_group(x, importance ? weights : NULL, 32);
    const pk_superblocks fit =
        pk_fit_scales(&group, 8, &pk_codes_iq4, -32, 31, &pk_trials_iq4);
    pk_store_codes(x, &pk_codes_iq4, fit.d.scale * fit.scale, 0, 32, codes[0]);
    for (size_t s = 0; s < superblocks; s++, block += 136) {
      uint32_t high = 0;
      memset(block + 4, 0, 4);
      for (int g = 0; g < 8; g++) {
        const uint32_t integer = (uint32_t)((int)fit.scale[8 * s + g] + 32);
        block[4 + g / 2] |= (uint8_t)((integer & 15u) << 4 * (g % 2));
        high |= (integer >> 4) << 2 * g;
        pk_pack_nibbles(codes[8 * s + g], 0, 8 + 16 * g, block);
      }
      pk_store16(block, pk_half_from_float(fit.d.scale[8 * s]));
      pk_store16(block + 2, (uint16_t)high);
    }
  }
}

PK_BODY void pk_encode_iq4_xs_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  PK_WITH_OR_WITHOUT(pk_encode_iq4_superblocks, blocks, count)
}

PK_STAMP_ENCODE(pk_encode_iq4_nl)
PK_STAMP_ENCODE(pk_encode_iq4_xs)
