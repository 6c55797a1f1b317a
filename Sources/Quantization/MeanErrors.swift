// SPDX-License-Identifier: Apache-2.0

/// What the errors of rows do to the mean of their outputs.
enum MeanErrors {
  /// Σ (w − y) m of each row, in f64.
  ///
  /// - Parameters:
  ///   - values: Rows w of a weight.
  ///   - decoded: The same rows y as they are stored.
  ///   - means: The mean m of what goes into each column; as long as a row.
  /// - Returns: A number a row: what its output misses in the mean.
  static func of(
    _ values: UnsafeBufferPointer<Float>, decoded: UnsafeBufferPointer<Float>, means: [Float]
  ) -> [Double] {
    guard !means.isEmpty else { return [] }
    return (0..<values.count / means.count).map { row in
      var sum = 0.0
      for (column, mean) in means.enumerated() {
        let place = row * means.count + column
        sum += (Double(values[place]) - Double(decoded[place])) * Double(mean)
      }
      return sum
    }
  }
}
