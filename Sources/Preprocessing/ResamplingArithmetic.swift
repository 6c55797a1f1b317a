// SPDX-License-Identifier: Apache-2.0

/// Whose numbers an image is resampled and normalised with: the back ends of transformers' image
/// processors give levels that differ by one now and then.
package enum ResamplingArithmetic: Sendable, Hashable, CaseIterable {
  /// Pillow's fixed-point weights of 22 fraction bits, and levels that are rescaled before they are
  /// normalised.
  case pillow
  /// PyTorch's of bytes: fixed-point weights of 16 bits with their sign, as fine as the largest of a
  /// direction allows; columns always come first, and one subtraction and one division rescale and
  /// normalise.
  ///
  /// - Source: PyTorch 2.13, `interpolate` of bytes with `antialias`, on processors with AVX2, and
  ///   transformers 5, `image_processing_backends.py` (behaviour).
  case torchBytes
  /// PyTorch's of Float32, whose results are rounded to levels, as on a graphics processor, and of
  /// bilinear filters on processors without AVX2; otherwise as ``torchBytes``.
  ///
  /// - Source: PyTorch 2.13, `interpolate` of Float32 with `antialias`, torchvision 0.28 and
  ///   transformers 5, which take a bicubic filter in the place of Lanczos' there (behaviour).
  case torchFloats

  /// Whether images are laid out and normalised as transformers' processors on PyTorch do it.
  package var isTorch: Bool { self != .pillow }

  /// Whether images can be resampled by a filter.
  func has(_ filter: ResamplingFilter) -> Bool {
    !isTorch || (filter != .box && filter != .hamming)
  }
}
