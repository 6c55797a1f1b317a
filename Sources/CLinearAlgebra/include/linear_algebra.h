#ifndef PARE_LINEAR_ALGEBRA_H
#define PARE_LINEAR_ALGEBRA_H

#include <stdbool.h>

/// Loads the BLAS library once. Chooses OpenBLAS's core type from the processor's real features
/// first, unless the user set OPENBLAS_CORETYPE: old releases do not know newer processors and
/// fall back to their slowest kernels. Without a library, plain loops do the work.
void pla_load(void);

/// The core type that OpenBLAS reports, "Accelerate", or "portable" without a library.
const char *pla_core_name(void);

/// result[m, n] = alpha * a[m, k] * transpose(b[n, k]) + beta * result; all row-major f32, with
/// the distances between rows in elements. Runs on the calling thread alone.
void pla_multiply_transposed(int m, int n, int k, float alpha, const float *a, int a_stride,
                             const float *b, int b_stride, float beta, float *result,
                             int result_stride);

/// result[m, n] = a[m, k] * b[k, n]; otherwise as above.
void pla_multiply(int m, int n, int k, const float *a, int a_stride, const float *b, int b_stride,
                  float *result, int result_stride);

/// The plain loops, also where there is a library; b is [n, k] if transposed, else [k, n].
void pla_multiply_portable(bool transposed, int m, int n, int k, float alpha, const float *a,
                           int a_stride, const float *b, int b_stride, float beta, float *result,
                           int result_stride);

/// Keeps memory that was freed in the process, where the allocator can be told to.
void pla_keep_freed_memory(void);

#endif
