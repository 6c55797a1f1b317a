// SPDX-License-Identifier: Apache-2.0

/// How codes are found.
public enum PareMethod: String, Sendable, CaseIterable {
  /// Scales and codes of each block by a search for the least error, weighted by what goes into the
  /// columns if that is known.
  case search
  /// The same with the magnitude of values in the weights: errors of large ones count more.
  case magnitude
  /// After the search, codes that make up for each other's errors: needs statistics with second
  /// moments. Kept for those weights where it helps on tokens that were held out.
  case feedback
}
