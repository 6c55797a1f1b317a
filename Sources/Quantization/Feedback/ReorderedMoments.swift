// SPDX-License-Identifier: Apache-2.0

extension InputMoments {
  /// The moments of the same inputs in another order.
  ///
  /// - Parameter places: For each column of the result, where it is here.
  /// - Returns: Moments with sums of their own, which take as much memory again.
  package func reordered(_ places: [Int]) -> InputMoments {
    precondition(places.count == columns, "\(name): \(places.count) places")
    let moments = InputMoments(
      name: "\(name)/reordered", columns: columns, count: count,
      source: ReorderedMoments(source, places: places))
    guard let divisors else { return moments }
    return moments.divided(by: places.map { divisors[$0] }, label: "divided")
  }
}

/// Sums with columns and rows in another order.
private final class ReorderedMoments: InputMoments.Source {
  nonisolated(unsafe) let fitted: UnsafeBufferPointer<Float>
  nonisolated(unsafe) let heldOut: UnsafeBufferPointer<Float>
  nonisolated(unsafe) let fittedDrift: UnsafeBufferPointer<Float>?
  nonisolated(unsafe) let heldOutDrift: UnsafeBufferPointer<Float>?

  init(_ source: any InputMoments.Source, places: [Int]) {
    func reordered(_ sums: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
      let result = UnsafeMutableBufferPointer<Float>.allocate(capacity: sums.count)
      for (row, stored) in places.enumerated() {
        for (column, place) in places.enumerated() {
          result[row * places.count + column] = sums[stored * places.count + place]
        }
      }
      return UnsafeBufferPointer(result)
    }
    fitted = reordered(source.fitted)
    heldOut = reordered(source.heldOut)
    fittedDrift = source.fittedDrift.map(reordered)
    heldOutDrift = source.heldOutDrift.map(reordered)
  }

  deinit {
    fitted.deallocate()
    heldOut.deallocate()
    fittedDrift?.deallocate()
    heldOutDrift?.deallocate()
  }
}
