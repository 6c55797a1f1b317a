// SPDX-License-Identifier: Apache-2.0

package import BlockFormats
package import Models
package import Quantization
package import Tensors

/// What a conversion did.
package struct ConversionSummary: Sendable {
  /// What became of a tensor.
  package struct Tensor: Sendable {
    package let name: String
    package let role: String
    package let shape: Shape
    /// Of the source.
    package let sourceEncoding: Encoding
    /// How the source is stored, for people.
    package let sourceStorage: String
    /// Whether the source had been quantized.
    package let wasQuantized: Bool
    package let choice: EncodingChoice
    /// How it is stored now, for people.
    package let storage: String
    /// What it did not get, and why; nil for the reason that ``choice`` gives.
    package let fallback: String?
    /// Why it is no part of a packed folder's packed ones; nil if it is, and in other files.
    package let keptReason: String?
    /// Whether packed codes were carried over as they are.
    package let isCarried: Bool
    /// Whether it is a bias that makes up for what its weight misses in the mean.
    package let makesUp: Bool
    /// Whether its columns took over scales from what comes before it.
    package let takesScales: Bool
    package let byteCount: Int
    package let distortion: Distortion
  }

  /// A file that was written, read back and compared.
  package struct File: Sendable {
    package let path: String
    package let byteCount: Int
    package let weightCount: Int
    /// Empty for a file that is kept.
    package let tensors: [Tensor]
    /// Whether it was there already, made of the same source in the same way.
    package let isKept: Bool
  }

  package let files: [File]
  package let dropped: [Census.Dropped]
  /// What the programs that the files are made for do otherwise, or cannot do.
  package let notes: [String]
  package let sourceByteCount: Int
  /// How much of the files an interrupted run had written.
  package let resumedByteCount: Int
  package let seconds: Double

  package var tensors: [Tensor] { files.flatMap(\.tensors) }
  package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
  /// Tensors that had lost something before, and lost again.
  package var requantized: [Tensor] {
    tensors.filter { $0.wasQuantized && !$0.isCarried && $0.distortion.largestError > 0 }
  }
  /// Tensors that did not get the encoding that the recipe asked for.
  package var fallbacks: [Tensor] {
    tensors.filter { $0.choice.isFallback || $0.fallback != nil }
  }
  /// Matrices that a packed folder keeps as they are.
  package var kept: [Tensor] {
    tensors.filter { $0.keptReason != nil && $0.shape.dimensions.count > 1 }
  }
  /// Tensors whose codes were carried over: with the largest change of any value.
  package var carried: [Tensor] { tensors.filter(\.isCarried) }
  /// Biases that make up for what their weights miss in the mean.
  package var corrected: [Tensor] { tensors.filter(\.makesUp) }
  /// Matrices whose columns took over scales from what comes before them.
  package var scaled: [Tensor] { tensors.filter(\.takesScales) }
  package var weightCount: Int { files.reduce(0) { $0 + $1.weightCount } }
  /// Bits of storage for each weight.
  package var bitsPerWeight: Double {
    weightCount > 0 ? Double(byteCount * 8) / Double(weightCount) : 0
  }
}
