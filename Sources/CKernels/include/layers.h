#ifndef PARE_LAYERS_H
#define PARE_LAYERS_H

#include <stddef.h>

/// Kernels of a forward pass on f32 vectors. Sums run in 16 fixed lanes and products are not
/// contracted, so that each instruction set gives the same bits.

/// result[i] = (x[i] / rms(x)) * (weight[i] + weight_offset), rms over count elements with epsilon.
void pk_rms_norm(const float *x, const float *weight, float weight_offset, float epsilon,
                 size_t count, float *result);

/// result[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i].
void pk_layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                   size_t count, float *result);

/// Replaces values by exp(value - maximum) / sum.
void pk_softmax(float *values, size_t count);

void pk_silu(float *values, size_t count);
void pk_sigmoid(float *values, size_t count);
/// The exact GELU: x * (1 + erf(x / sqrt(2))) / 2.
void pk_gelu(float *values, size_t count);
/// The tanh approximation of GELU.
void pk_gelu_tanh(float *values, size_t count);
/// x * sigmoid(1.702 x).
void pk_gelu_quick(float *values, size_t count);

/// a[i] *= b[i]
void pk_multiply(float *a, const float *b, size_t count);
/// a[i] += b[i]
void pk_add(float *a, const float *b, size_t count);
/// a[i] += factor * b[i]
void pk_add_scaled(float *a, float factor, const float *b, size_t count);

/// Rotates the two halves of a head vector: (x, y) -> (x cos - y sin, y cos + x sin) for the
/// pairs (i, i + half).
void pk_rotate_halves(float *head, const float *cosines, const float *sines, size_t half);

/// log(sum(exp(values))), computed in f64.
double pk_log_sum_exp(const float *values, size_t count);

/// KL(p || q) in nats of two softmax distributions given as logits and their log-sum-exps, f64.
double pk_kl_divergence(const float *p_logits, double p_log_sum, const float *q_logits,
                        double q_log_sum, size_t count);

#endif
