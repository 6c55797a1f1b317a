// SPDX-License-Identifier: Apache-2.0
#ifndef PARE_BYTES_H
#define PARE_BYTES_H

#include "kernels.h"

// Products of rows that are rounded to bytes with weights whose codes fit a byte, by the rules of
// kernels.h: integers within a group, f32 between groups.
//
// A weight's element is step * (lowest + code) + offset with a code from 0 to 255; groups of 16 or 32
// elements share step and offset.

/// Whether the processor multiplies bytes faster than f32.
int pk_multiplies_bytes(void);

// Steps and offsets of whole blocks, in the order of their groups: layouts in Formats/NAME.md.
#define PK_STEPS(name) void name(const void *blocks, float *steps, float *offsets, size_t count);
PK_STEPS(pk_steps_q4_0)
PK_STEPS(pk_steps_q4_1)
PK_STEPS(pk_steps_q5_0)
PK_STEPS(pk_steps_q5_1)
PK_STEPS(pk_steps_q8_0)
PK_STEPS(pk_steps_q2_k)
PK_STEPS(pk_steps_q3_k)
PK_STEPS(pk_steps_q4_k)
PK_STEPS(pk_steps_q5_k)
PK_STEPS(pk_steps_q6_k)
PK_STEPS(pk_steps_iq4_nl)
PK_STEPS(pk_steps_iq4_xs)
PK_STEPS(pk_steps_mxfp4)
PK_STEPS(pk_steps_tq2_0)
#undef PK_STEPS

/// What a block's codes mean.
typedef struct {
  /// Elements that share a step: 16 or 32.
  size_t group;
  /// The integer of code 0.
  int32_t lowest;
} pk_byte_grid;

enum {
  /// Outputs that are multiplied at once: one in each lane.
  PK_BYTE_LANES = 16,
};

/// Sixteen rows of a weight, for `pk_multiply_bytes`.
typedef struct {
  /// For each group, for each four of its elements: four codes of each row.
  uint8_t *codes;
  /// For each group: one of each row. `shifts` are step * lowest + offset.
  float *steps, *shifts;
} pk_byte_panel;

/// Packs up to sixteen rows; missing ones become zeros.
///
/// `values` are decoded, `steps` and `offsets` those of their groups, both row after row.
void pk_pack_bytes(
    pk_instruction_set set, pk_byte_grid grid, const float *values, const float *steps,
    const float *offsets, size_t rows, size_t columns, pk_byte_panel panel);

/// Rows that are rounded to bytes.
typedef struct {
  int8_t *codes;
  /// For each group of the weight: the step, and step times the sum of the codes.
  float *steps, *sums;
} pk_byte_rows;

/// Rounds a row as `pk_round_to_bytes` (run 32) and `pk_round_to_long_bytes` (run 256) do.
void pk_take_bytes(
    pk_instruction_set set, const float *values, size_t columns, size_t run, size_t group,
    pk_byte_rows row);

/// result[i * stride + j] = the product of row i with row j of the panel, for `outputs` rows of it.
void pk_multiply_bytes(
    pk_byte_grid grid, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride);

/// The same in plain C on every machine, with the same results.
void pk_multiply_bytes_plainly(
    pk_byte_grid grid, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride);

#endif
