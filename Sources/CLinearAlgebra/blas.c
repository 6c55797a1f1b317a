// SPDX-License-Identifier: Apache-2.0
#include "linear_algebra.h"

#include <stddef.h>

// The CBLAS constants, from the reference interface (netlib.org/blas, cblas.h).
enum { row_major = 101, no_transpose = 111, transpose = 112 };

typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int,
                               const float *, int, float, float *, int);

// What runs if no library is found: slow, and right.
static void portable_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k,
                           float alpha, const float *a, int a_stride, const float *b, int b_stride,
                           float beta, float *result, int result_stride) {
  enum { lanes = 16 };
  (void)order, (void)transpose_a;
  for (int i = 0; i < m; i++) {
    const float *x = a + (size_t)i * (size_t)a_stride;
    float *y = result + (size_t)i * (size_t)result_stride;
    for (int j = 0; j < n; j++) y[j] = beta == 0 ? 0 : beta * y[j];
    if (transpose_b == no_transpose) {
      for (int p = 0; p < k; p++) {
        const float *w = b + (size_t)p * (size_t)b_stride;
        for (int j = 0; j < n; j++) y[j] += alpha * x[p] * w[j];
      }
      continue;
    }
    for (int j = 0; j < n; j++) {
      const float *w = b + (size_t)j * (size_t)b_stride;
      float lane[lanes] = {0};
      int p = 0;
      for (; p + lanes <= k; p += lanes)
        for (int l = 0; l < lanes; l++) lane[l] += x[p + l] * w[p + l];
      for (int l = 0; p < k; p++, l++) lane[l] += x[p] * w[p];
      float sum = 0;
      for (int l = 0; l < lanes; l++) sum += lane[l];
      y[j] += alpha * sum;
    }
  }
}

static sgemm_function sgemm = portable_sgemm;
static const char *core_name = "portable";

#if defined(__APPLE__)

#define ACCELERATE_NEW_LAPACK
#include <Accelerate/Accelerate.h>

void pla_load(void) {
  sgemm = (sgemm_function)cblas_sgemm;
  core_name = "Accelerate";
}

#else

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

static void choose_core_type(void) {
#if defined(__x86_64__)
  if (getenv("OPENBLAS_CORETYPE")) return;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd"))
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
  else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
#endif
}

static void load(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libcblas.so.3"};
  choose_core_type();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    sgemm_function found = library ? (sgemm_function)dlsym(library, "cblas_sgemm") : NULL;
    if (!found) continue;
    sgemm = found;
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    if (set_threads) set_threads(1);
    char *(*name)(void) = (char *(*)(void))dlsym(library, "openblas_get_corename");
    core_name = name ? name() : names[i];
    return;
  }
}

void pla_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
}

#endif

const char *pla_core_name(void) {
  pla_load();
  return core_name;
}

void pla_multiply_transposed(int m, int n, int k, float alpha, const float *a, int a_stride,
                             const float *b, int b_stride, float beta, float *result,
                             int result_stride) {
  pla_load();
  sgemm(row_major, no_transpose, transpose, m, n, k, alpha, a, a_stride, b, b_stride, beta, result,
        result_stride);
}

void pla_multiply(int m, int n, int k, const float *a, int a_stride, const float *b, int b_stride,
                  float *result, int result_stride) {
  pla_load();
  sgemm(row_major, no_transpose, no_transpose, m, n, k, 1, a, a_stride, b, b_stride, 0, result,
        result_stride);
}

void pla_multiply_portable(bool transposed, int m, int n, int k, float alpha, const float *a,
                           int a_stride, const float *b, int b_stride, float beta, float *result,
                           int result_stride) {
  portable_sgemm(row_major, no_transpose, transposed ? transpose : no_transpose, m, n, k, alpha, a,
                 a_stride, b, b_stride, beta, result, result_stride);
}
