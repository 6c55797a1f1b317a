// SPDX-License-Identifier: Apache-2.0

import Layers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A function of a parameter's elements that a GGUF has in their place.
package enum StoredForm: String, Sendable, Hashable, CaseIterable {
  /// -exp(x)
  case negatedExponential

  /// What a GGUF stores for an element.
  func stored(_ value: Float) -> Float {
    switch self {
    case .negatedExponential: Float(-exp(Double(value)))
    }
  }

  /// The element that it stands for.
  func element(_ stored: Float) -> Float {
    switch self {
    case .negatedExponential: Float(log(-Double(stored)))
    }
  }
}

/// Rows with a function applied to each element.
struct FormedRows: Weight.Rows {
  let weight: Weight
  let form: StoredForm
  /// Whether elements become what a GGUF stores for them, or what is stored becomes elements.
  let isStoring: Bool

  func decode(rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    weight.decode(rows: rows, into: values)
    for i in values.indices {
      values[i] = isStoring ? form.stored(values[i]) : form.element(values[i])
    }
  }
}
