// SPDX-License-Identifier: Apache-2.0

/// A figure measured on a sample of documents, with what it may be on others.
package struct Estimate: Sendable, Equatable {
  package let value: Double
  /// The 95 % confidence interval; nil where fewer than two documents were measured.
  package let interval: ClosedRange<Double>?

  package init(_ value: Double, interval: ClosedRange<Double>?) {
    self.value = value
    self.interval = interval
  }
}
