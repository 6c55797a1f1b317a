// SPDX-License-Identifier: Apache-2.0

/// How two models see the same images, before any word is spoken.
package struct VisionStatistics: Sendable, Equatable {
  /// One image.
  package struct Image: Sendable, Equatable {
    package let path: String
    /// The vision encoder's output.
    package let encoder: Closeness
    /// The connector's output: what the language model sees.
    package let connector: Closeness
  }

  package private(set) var images: [Image] = []

  package init() {}

  package mutating func add(_ image: Image) { images.append(image) }

  package func mean(_ figure: KeyPath<Image, Double>) -> Estimate {
    let values = images.map { $0[keyPath: figure] }
    let bootstrap = Bootstrap(documentCount: values.count)
    return Estimate(
      values.reduce(0, +) / max(1, Double(values.count)),
      interval: bootstrap.interval(ofMean: values, over: values.map { _ in 1 }))
  }

  /// The image that the connector's output is least alike for.
  package var worst: Image? { images.min { $0.connector.cosine < $1.connector.cosine } }
}
