// SPDX-License-Identifier: Apache-2.0

import Preprocessing

/// The back end of transformers' image processors whose arithmetic prepares images: levels of resized
/// ones differ by one now and then.
public enum PareImageBackend: String, Sendable, CaseIterable {
  /// Pillow and NumPy; that of all types but LFM2-VL's unless another is named.
  case pil
  /// PyTorch and torchvision on bytes, as on processors with AVX2 and of ARM; that of LFM2-VL.
  case torchvision
  /// PyTorch and torchvision by way of Float32, as on a graphics processor, where a bicubic filter
  /// takes the place of Lanczos'.
  case torchvisionFloat = "torchvision-float"

  var arithmetic: ResamplingArithmetic {
    switch self {
    case .pil: .pillow
    case .torchvision: .torchBytes
    case .torchvisionFloat: .torchFloats
    }
  }
}
