// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "include/bytes.h"
#include "scalar_half.h"

// A decoded element is step * integer + offset but for two roundings: the nearest integer is its own.
PK_BODY uint8_t pk_code(float value, float step, float offset, float lowest) {
  float code = ((value - offset) / step + 12582912.0f) - 12582912.0f - lowest;
  // What is no number, as where the step is 0, becomes code 0.
  code = code > 0.0f ? code : 0.0f;
  code = code < 255.0f ? code : 255.0f;
  return (uint8_t)(int32_t)code;
}

PK_BODY void pk_pack_some(
    const size_t group, float lowest, const float *values, const float *steps,
    const float *offsets, size_t rows, size_t columns, pk_byte_panel panel) {
  const size_t groups = columns / group;
  for (size_t row = 0; row < PK_BYTE_LANES; row++) {
    for (size_t g = 0; g < groups; g++) {
      const float step = row < rows ? steps[row * groups + g] : 0.0f;
      const float offset = row < rows ? offsets[row * groups + g] : 0.0f;
      uint8_t codes[32] = {0};
      if (row < rows) {
        const float *own = values + row * columns + g * group;
        for (size_t i = 0; i < group; i++) codes[i] = pk_code(own[i], step, offset, lowest);
      }
      uint8_t *packed = panel.codes + g * group * PK_BYTE_LANES + 4 * row;
      for (size_t i = 0; i < group; i += 4) memcpy(packed + i * PK_BYTE_LANES, codes + i, 4);
      panel.steps[g * PK_BYTE_LANES + row] = step;
      panel.shifts[g * PK_BYTE_LANES + row] = step * lowest + offset;
    }
  }
}

PK_BODY void pk_pack_bytes_body(
    pk_byte_grid grid, const float *values, const float *steps, const float *offsets, size_t rows,
    size_t columns, pk_byte_panel panel) {
  const float lowest = (float)grid.lowest;
  if (grid.group == 16) {
    pk_pack_some(16, lowest, values, steps, offsets, rows, columns, panel);
  } else {
    pk_pack_some(32, lowest, values, steps, offsets, rows, columns, panel);
  }
}
PK_STAMP(
    pk_pack_bytes, (grid, values, steps, offsets, rows, columns, panel), pk_byte_grid grid,
    const float *values, const float *steps, const float *offsets, size_t rows, size_t columns,
    pk_byte_panel panel)
