// SPDX-License-Identifier: Apache-2.0

/// The dimensions of a tensor, outermost first (PyTorch's order; GGUF files store the reverse).
package struct Shape: Sendable, Hashable, CustomStringConvertible, ExpressibleByArrayLiteral {
  package let dimensions: [Int]

  package init(_ dimensions: [Int]) { self.dimensions = dimensions }
  package init(arrayLiteral elements: Int...) { dimensions = elements }

  /// The number of elements (1 for a scalar), or nil if a dimension is negative or the product
  /// overflows.
  package var elementCount: Int? {
    var product = 1
    for dimension in dimensions {
      guard dimension >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      product = next
    }
    return product
  }

  /// The length of a row: the innermost dimension, 1 for a scalar.
  package var rowLength: Int { dimensions.last ?? 1 }

  package var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
