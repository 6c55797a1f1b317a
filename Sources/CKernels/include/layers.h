#ifndef PARE_LAYERS_H
#define PARE_LAYERS_H

#include "kernels.h"

// Kernels of a forward pass on f32 vectors, by the rules of kernels.h: sums run in 16 fixed lanes.

/// result[i] = (x[i] / rms(x)) * (weight[i] + weight_offset), rms over count elements with epsilon.
void pk_rms_norm(
    pk_instruction_set set, const float *x, const float *weight, float weight_offset,
    float epsilon, size_t count, float *result);

/// result[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i].
void pk_layer_norm(
    pk_instruction_set set, const float *x, const float *weight, const float *bias, float epsilon,
    size_t count, float *result);

/// Replaces values by exp(value - maximum) / sum.
void pk_softmax(pk_instruction_set set, float *values, size_t count);

void pk_silu(pk_instruction_set set, float *values, size_t count);
void pk_sigmoid(pk_instruction_set set, float *values, size_t count);
/// The exact GELU: x * (1 + erf(x / sqrt(2))) / 2.
void pk_gelu(pk_instruction_set set, float *values, size_t count);
/// max(x, 0); NaN stays NaN.
void pk_relu(pk_instruction_set set, float *values, size_t count);
/// The tanh approximation of GELU.
void pk_gelu_tanh(pk_instruction_set set, float *values, size_t count);
/// x * sigmoid(1.702 x).
void pk_gelu_quick(pk_instruction_set set, float *values, size_t count);

/// a[i] *= b[i]
void pk_multiply(pk_instruction_set set, float *a, const float *b, size_t count);
/// a[i] += b[i]
void pk_add(pk_instruction_set set, float *a, const float *b, size_t count);
/// a[i] += factor * b[i]
void pk_add_scaled(pk_instruction_set set, float *a, float factor, const float *b, size_t count);

/// Rotates the two halves of a head vector: (x, y) -> (x cos - y sin, y cos + x sin) for the
/// pairs (i, i + half).
void pk_rotate_halves(
    pk_instruction_set set, float *head, const float *cosines, const float *sines, size_t half);

/// Two softmax distributions over the same tokens, in f64.
typedef struct {
  /// log(sum(exp(logits))) of each.
  double p_log_sum, q_log_sum;
  /// KL(p || q) in nats; rounding may leave it a little below 0.
  double divergence;
} pk_distributions;

/// Compares distributions given as finite logits, at least one each.
void pk_compare_distributions(
    pk_instruction_set set, const float *p, const float *q, size_t count, pk_distributions *result);

/// Rounds runs of 32 numbers to bytes times a half-precision step, in place; what is left over stays.
///
/// Source: `quantize_row_q8_0` of llama.cpp.
void pk_round_to_bytes(pk_instruction_set set, float *x, size_t count);

/// The same for runs of 256 and a step in f32.
///
/// Source: `quantize_row_q8_K` of llama.cpp.
void pk_round_to_long_bytes(pk_instruction_set set, float *x, size_t count);

#endif
