// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_FEEDBACK_H
#define PARE_FEEDBACK_H

#include "affine.h"

// Codes that make up for each other's errors, by the rules of kernels.h.
//
// A weight's row is coded so that (w - y) H (w - y) is small, H being the second moments of what is
// multiplied with it. 32 rows are worked on at once, one in each lane.

#define PK_STORE_CODES(name) void name(const uint8_t *codes, void *blocks, size_t count);
// Writes codes into whole blocks, a byte each in the order of the elements; scales stay.
PK_STORE_CODES(pk_store_q4_0)
PK_STORE_CODES(pk_store_q4_1)
PK_STORE_CODES(pk_store_q5_0)
PK_STORE_CODES(pk_store_q5_1)
PK_STORE_CODES(pk_store_q8_0)
PK_STORE_CODES(pk_store_q2_k)
PK_STORE_CODES(pk_store_q3_k)
PK_STORE_CODES(pk_store_q4_k)
PK_STORE_CODES(pk_store_q5_k)
PK_STORE_CODES(pk_store_q6_k)
PK_STORE_CODES(pk_store_iq4_nl)
PK_STORE_CODES(pk_store_iq4_xs)
#undef PK_STORE_CODES

enum { PK_FEEDBACK_LANES = 32 };

/// What elements may be: step * level + offset, by groups that share step and offset.
typedef struct {
  size_t group;
  /// Rising numbers, `level_count` of them; whole numbers without gaps if `is_even`.
  const float *levels;
  int32_t level_count, is_even;
} pk_level_grid;

/// 32 rows. Elements stand in the order in which they are coded; `order` gives the column of each.
typedef struct {
  size_t columns;
  const int32_t *order;
  /// `[columns][32]`: what rows should be, how much more that is than they are, and their codes.
  const float *targets;
  float *errors;
  uint8_t *codes;
  /// `[groups][32]`, by columns.
  float *steps, *offsets;
} pk_feedback_rows;

/// Gives each element, one after the other, the code nearest to
/// target + (sum of couplings[i][j] * errors[j] over all j but i) / scale[i].
///
/// `couplings` is `[columns][columns]` in the order of coding. With `is_triangular` only j < i count,
/// and errors need no value before; `scale` may be null (all 1). Without couplings each gets the code
/// nearest to its target.
void pk_feedback_sweep(
    pk_instruction_set set, pk_level_grid levels, const float *couplings, const float *scale,
    int is_triangular, pk_feedback_rows rows);

/// Changes the factors of a block for the least error, with the codes as they are.
///
/// Steps of the block's groups are factors[0] times a number, offsets factors[1] times one, or both
/// factors[0] if `is_joint`; `[2][32]`. `places` has for each of the block's columns the place in the
/// order of coding.
void pk_feedback_refit(
    pk_instruction_set set, pk_level_grid levels, const float *moments, const int32_t *places,
    size_t count, pk_stored_type type, int is_joint, float *factors, pk_feedback_rows rows);

/// products[lane] = left * moments * right.
void pk_feedback_product(
    pk_instruction_set set, const float *moments, size_t columns, const float *left,
    const float *right, double *products);

/// shifts = (drift * values) / H of each lane, H = Bᵀ D B.
///
/// `drift` and `couplings` (B) are `[columns][columns]`, `pivots` (D) one a column, all in the order of
/// coding.
void pk_feedback_shift(
    pk_instruction_set set, const float *drift, const float *couplings, const float *pivots,
    size_t columns, const float *values, float *shifts);

// Formats of code books, whose elements are coded by parts of eight: their magnitudes are a point, or
// two, of a book, times the scale of the part's group.

typedef enum : int32_t {
  PK_POINTS_IQ2_XXS,
  PK_POINTS_IQ2_XS,
  PK_POINTS_IQ2_S,
  PK_POINTS_IQ3_XXS,
  PK_POINTS_IQ3_S,
} pk_point_format;

/// 32 rows. Parts stand in the order in which they are coded; `order` gives the number of each in the
/// row.
typedef struct {
  size_t parts;
  const int32_t *order;
  /// `[parts][8][32]`
  const float *targets;
  float *errors;
  /// `[parts][32]`, by the parts of the row.
  float *scales;
  /// Likewise `[parts][2][32]`: places in the book, the second for formats with two points a part.
  int16_t *points;
  /// A bit for each element that is negative.
  uint8_t *signs;
} pk_feedback_parts;

/// What couples the elements of a part, 8 x 8 for each, in the order of coding.
typedef struct {
  /// What the sum over other parts must be multiplied with to be made up for.
  const float *solve;
  /// What an error then costs.
  const float *metric;
} pk_part_couplings;

/// Gives each part, one after the other, points near to target + solve * (sum over the elements of
/// other parts of couplings * errors); without `couplings`, near to the target.
///
/// Only parts before count if `is_triangular`. Else a part changes only where its cost falls.
void pk_feedback_points(
    pk_instruction_set set, pk_point_format format, const float *couplings,
    pk_part_couplings inner, int is_triangular, pk_feedback_parts rows);

/// Changes the factors (one a lane, half precision) of the 32 parts at `places` for the least error.
void pk_feedback_refit_points(
    pk_instruction_set set, const float *moments, const int32_t *places, float *factors,
    pk_feedback_parts rows);

/// The scales of parts: `[blocks][32]`.
void pk_part_scales(pk_point_format format, const void *blocks, float *scales, size_t count);

/// Writes points (`[parts][2]`) and signs into whole blocks; scales stay.
void pk_store_points(
    pk_instruction_set set, pk_point_format format, const int16_t *points, const uint8_t *signs,
    void *blocks, size_t count);

enum { PK_FACTOR_BLOCK = 32 };

// H = Bᵀ D B with ones on the diagonal of B and nothing above it, from the last row up, in f64 and in
// blocks of 32 rows. `matrix` is `[n][n]`, of which the lower triangle is read; in the end its row i
// holds D[i] * B[i][0...i].

/// Factors the rows first to last - 1, at most 32, once what follows them is taken off.
///
/// `is_positive` becomes 0, and the rows mean nothing, if a pivot is not above `least`; else 1.
void pk_factor_rows(
    pk_instruction_set set, double *matrix, size_t n, size_t first, size_t last, double least,
    int *is_positive);

/// Takes the part of factored rows off the rows from `first` to `last` - 1 before them.
void pk_factor_update(
    pk_instruction_set set, double *matrix, size_t n, size_t first, size_t last,
    size_t factored_first, size_t factored_last);

#endif
