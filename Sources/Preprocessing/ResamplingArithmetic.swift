// SPDX-License-Identifier: Apache-2.0

/// Whose fixed-point numbers an image is resampled and normalised with: the two back ends of
/// transformers' image processors give levels that differ by one now and then.
package enum ResamplingArithmetic: Sendable, Hashable {
  /// Weights of 22 fraction bits, and levels that are rescaled before they are normalised.
  case pillow
  /// Weights of 16 bits with their sign, as fine as the largest of a direction allows; columns
  /// always come first, and one subtraction and one division rescale and normalise.
  ///
  /// - Source: PyTorch 2.13, `interpolate` of bytes with `antialias`, on processors with AVX2, and
  ///   transformers 5, `image_processing_backends.py` (behaviour).
  case torch
}
