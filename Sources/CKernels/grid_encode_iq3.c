// SPDX-License-Identifier: Apache-2.0
#include "grid_fit.h"
#include "grid_pack_iq3.h"

// Superblocks of 256 elements in parts of eight, the magnitudes of whose halves are points of a
// code book: Formats/IQ3.md.

static const float pk_shares_iq3[] = {0.056f, 0.062f, 0.068f, 0.075f,
                                      0.082f, 0.090f, 0.099f, 0.109f};
static const pk_steps pk_steps_iq3_xxs = {
    pk_shares_iq3, PK_COUNT(pk_shares_iq3), PK_FOR_TRIALS | PK_FOR_MULTIPLES, 0.5f};
static const pk_steps pk_steps_iq3_s = {
    pk_shares_iq3, PK_COUNT(pk_shares_iq3), 0, 0.5f};

PK_BODY void pk_encode_iq3(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes,
    const pk_format *format, const pk_steps *steps,
    void (*pack)(const pk_superblock *, uint8_t *)) {
  const float unit = importance ? pk_importance_unit(importance, count * 256) : 1;
  pk_book book;
  pk_open_book(format, &book);
  for (size_t b = 0; b < count; b++, block += bytes) {
    pk_parts parts;
    pk_superblock fit;
    pk_load_parts(
        values + b * 256, importance ? importance + b * 256 : NULL, unit, &parts);
    pk_fit_superblock(&parts, format, &book, steps, &fit);
    pk_store16(block, pk_half_from_float(fit.d));
    pack(&fit, block);
  }
}

PK_BODY void pk_encode_iq3_xxs_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq3(
      values, importance, blocks, count, 98, &pk_format_iq3_xxs, &pk_steps_iq3_xxs,
      pk_pack_iq3_xxs);
}
PK_BODY void pk_encode_iq3_s_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq3(
      values, importance, blocks, count, 110, &pk_format_iq3_s, &pk_steps_iq3_s, pk_pack_iq3_s);
}

PK_STAMP_ENCODE(pk_encode_iq3_xxs)
PK_STAMP_ENCODE(pk_encode_iq3_s)
