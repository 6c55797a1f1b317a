// SPDX-License-Identifier: Apache-2.0
#include "grid_fit.h"
#include "grid_pack_iq2.h"

// Superblocks of 256 elements in parts of eight, whose magnitudes are a point of a code book:
// Formats/IQ2.md.

static const float pk_shares_iq2[] = {0.036f, 0.040f, 0.044f, 0.048f,
                                      0.053f, 0.058f, 0.064f, 0.070f};
static const pk_steps pk_steps_iq2_xxs = {
    pk_shares_iq2, PK_COUNT(pk_shares_iq2), 0, 0.125f};
static const pk_steps pk_steps_iq2_xs = {
    pk_shares_iq2, PK_COUNT(pk_shares_iq2), PK_FOR_FIT, 0.125f};
static const pk_steps pk_steps_iq2_s = {
    pk_shares_iq2, PK_COUNT(pk_shares_iq2), PK_FOR_FIT | PK_FOR_MULTIPLES, 0.125f};

typedef void (*pk_pack)(const pk_superblock *fit, uint8_t *block);

PK_BODY void pk_encode_iq2(
    const float *values, const float *importance, uint8_t *block, size_t count, int bytes,
    const pk_format *format, const pk_steps *steps, pk_pack pack) {
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

PK_BODY void pk_encode_iq2_xxs_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq2(
      values, importance, blocks, count, 66, &pk_format_iq2_xxs, &pk_steps_iq2_xxs,
      pk_pack_iq2_xxs);
}
PK_BODY void pk_encode_iq2_xs_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq2(
      values, importance, blocks, count, 74, &pk_format_iq2_xs, &pk_steps_iq2_xs, pk_pack_iq2_xs);
}
PK_BODY void pk_encode_iq2_s_body(
    const float *values, const float *importance, void *blocks, size_t count) {
  pk_encode_iq2(
      values, importance, blocks, count, 82, &pk_format_iq2_s, &pk_steps_iq2_s, pk_pack_iq2_s);
}

PK_STAMP_ENCODE(pk_encode_iq2_xxs)
PK_STAMP_ENCODE(pk_encode_iq2_xs)
PK_STAMP_ENCODE(pk_encode_iq2_s)
