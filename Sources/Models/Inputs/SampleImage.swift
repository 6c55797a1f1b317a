// SPDX-License-Identifier: Apache-2.0

/// An image that a model is shown.
package struct SampleImage: Sendable, Hashable {
  /// The file.
  package let path: String
  /// Whether it is seen as a whole also by a model that cuts images into tiles, as MM1 is shown the
  /// examples of a prompt.
  package let isWhole: Bool

  package init(path: String, isWhole: Bool = false) {
    self.path = path
    self.isWhole = isWhole
  }

  /// Images of which only so many of the last may be cut into tiles.
  ///
  /// - Parameters:
  ///   - paths: Their files.
  ///   - cutCount: How many; nil for all.
  /// - Returns: The images in their order.
  package static func images(_ paths: [String], cutting cutCount: Int?) -> [SampleImage] {
    let firstCut = max(0, paths.count - (cutCount ?? paths.count))
    return paths.enumerated().map { SampleImage(path: $1, isWhole: $0 < firstCut) }
  }
}
