// SPDX-License-Identifier: Apache-2.0
#include "include/bytes.h"

#include <string.h>

#include "stamp.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef float pk_vf __attribute__((ext_vector_type(PK_BYTE_LANES)));
typedef int32_t pk_vi __attribute__((ext_vector_type(PK_BYTE_LANES)));
typedef uint8_t pk_vb __attribute__((ext_vector_type(4 * PK_BYTE_LANES)));

// Adds to each lane the products of its four codes with the four bytes of a row.
typedef pk_vi (*pk_dot)(pk_vi sum, pk_vb codes, int32_t bytes);

// In vectors of all codes, of which each fourth counts: shuffles of vectors, and no loops.
PK_BODY pk_vi pk_dot_plain(pk_vi sum, pk_vb codes, int32_t bytes) {
  union {
    pk_vb codes;
    pk_vi lanes;
  } all = {codes};
  for (int b = 0; b < 4; b++) {
    sum += (all.lanes >> 8 * b & 255) * (pk_vi)(int32_t)(int8_t)(bytes >> 8 * b);
  }
  return sum;
}

// `count` rows; how many, and how large groups are, is known where this is called.
PK_BODY void pk_multiply_some(
    const int count, const size_t group, pk_byte_rows rows, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride, pk_dot dot) {
  const size_t groups = columns / group;
  pk_vf total[12];
  for (int i = 0; i < count; i++) total[i] = 0;
  for (size_t g = 0; g < groups; g++) {
    pk_vi sum[12];
    for (int i = 0; i < count; i++) sum[i] = 0;
    for (size_t j = 0; j < group; j += 4) {
      pk_vb codes;
      memcpy(&codes, panel.codes + (g * group + j) * PK_BYTE_LANES, sizeof codes);
      for (int i = 0; i < count; i++) {
        int32_t bytes;
        memcpy(&bytes, rows.codes + (size_t)i * columns + g * group + j, 4);
        sum[i] = dot(sum[i], codes, bytes);
      }
    }
    pk_vf step, shift;
    memcpy(&step, panel.steps + g * PK_BYTE_LANES, sizeof step);
    memcpy(&shift, panel.shifts + g * PK_BYTE_LANES, sizeof shift);
    for (int i = 0; i < count; i++) {
      const pk_vf own = step * rows.steps[(size_t)i * groups + g];
      total[i] += __builtin_convertvector(sum[i], pk_vf) * own;
      total[i] += shift * rows.sums[(size_t)i * groups + g];
    }
  }
  for (int i = 0; i < count; i++) {
    if (outputs == PK_BYTE_LANES) {
      memcpy(result + (size_t)i * stride, &total[i], sizeof total[i]);
    } else {
      for (size_t l = 0; l < outputs; l++) result[(size_t)i * stride + l] = total[i][l];
    }
  }
}

PK_BODY void pk_multiply_all(
    const size_t group, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride, pk_dot dot) {
  const size_t groups = columns / group;
  while (count > 0) {
    // As many sums as there are registers for.
    const size_t some = count >= 12 ? 12 : count >= 4 ? 4 : 1;
    if (some == 12) {
      pk_multiply_some(12, group, rows, columns, panel, outputs, result, stride, dot);
    } else if (some == 4) {
      pk_multiply_some(4, group, rows, columns, panel, outputs, result, stride, dot);
    } else {
      pk_multiply_some(1, group, rows, columns, panel, outputs, result, stride, dot);
    }
    rows.codes += some * columns;
    rows.steps += some * groups;
    rows.sums += some * groups;
    result += some * stride;
    count -= some;
  }
}

void pk_multiply_bytes_plainly(
    pk_byte_grid grid, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride) {
  pk_multiply_all(
      grid.group, rows, count, columns, panel, outputs, result, stride, pk_dot_plain);
}

#if defined(__x86_64__)

#define PK_TARGET_VNNI                                                                       \
  __attribute__((                                                                            \
      target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni"),    \
      min_vector_width(512)))

static inline PK_TARGET_VNNI pk_vi pk_dot_vnni(pk_vi sum, pk_vb codes, int32_t bytes) {
  return (pk_vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, _mm512_set1_epi32(bytes));
}

static PK_TARGET_VNNI __attribute__((noinline)) void pk_multiply_vnni_16(
    pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel, size_t outputs,
    float *result, size_t stride) {
  pk_multiply_all(16, rows, count, columns, panel, outputs, result, stride, pk_dot_vnni);
}

static PK_TARGET_VNNI __attribute__((noinline)) void pk_multiply_vnni_32(
    pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel, size_t outputs,
    float *result, size_t stride) {
  pk_multiply_all(32, rows, count, columns, panel, outputs, result, stride, pk_dot_vnni);
}

int pk_multiplies_bytes(void) {
  return pk_supports(PK_AVX512) && __builtin_cpu_supports("avx512vnni");
}

void pk_multiply_bytes(
    pk_byte_grid grid, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride) {
  if (!pk_multiplies_bytes()) {
    pk_multiply_bytes_plainly(grid, rows, count, columns, panel, outputs, result, stride);
  } else if (grid.group == 16) {
    pk_multiply_vnni_16(rows, count, columns, panel, outputs, result, stride);
  } else {
    pk_multiply_vnni_32(rows, count, columns, panel, outputs, result, stride);
  }
}

#else

int pk_multiplies_bytes(void) { return 0; }

void pk_multiply_bytes(
    pk_byte_grid grid, pk_byte_rows rows, size_t count, size_t columns, pk_byte_panel panel,
    size_t outputs, float *result, size_t stride) {
  pk_multiply_bytes_plainly(grid, rows, count, columns, panel, outputs, result, stride);
}

#endif
