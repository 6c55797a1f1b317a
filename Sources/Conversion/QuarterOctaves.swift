// SPDX-License-Identifier: Apache-2.0

/// Logarithms and powers in steps of 2 to the ¼.
///
/// Those of the C library may differ in their last bits between processors; these are comparisons and
/// products by powers of two.
enum QuarterOctaves {
  /// 2 to 0, ¼, ½ and ¾.
  private static let steps = [
    1, 1.189_207_115_002_721_1, 1.414_213_562_373_095_1, 1.681_792_830_507_429,
  ]

  /// The largest number of steps that a value reaches; nil if it is not positive and finite.
  static func logarithm(_ value: Double) -> Int? {
    guard value > 0, value.isFinite else { return nil }
    let within = steps.lastIndex { $0 <= value.significand } ?? 0
    return 4 * Int(value.exponent) + within
  }

  static func power(_ count: Int) -> Double {
    Double(sign: .plus, exponent: count >> 2, significand: steps[count & 3])
  }
}
