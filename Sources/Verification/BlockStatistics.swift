// SPDX-License-Identifier: Apache-2.0

import BlockFormats
package import LinearAlgebra
package import Models

/// How far the outputs of a model's blocks are from the reference's, on the same data.
///
/// Errors of earlier blocks are in those of later ones: each model goes on with its own outputs.
package struct BlockStatistics: Sendable, Equatable {
  package struct Block: Sendable, Equatable {
    package let place: BlockPlace
    /// ‖x − y‖ / ‖x‖ over all outputs.
    package let relativeError: Double

    package init(place: BlockPlace, relativeError: Double) {
      self.place = place
      self.relativeError = relativeError
    }
  }

  private var places: [BlockPlace] = []
  private var distortions: [BlockPlace: Distortion] = [:]

  package init() {}

  /// In the order in which they run; empty for models of different blocks.
  package var blocks: [Block] {
    places.map { Block(place: $0, relativeError: distortions[$0]?.relativeError ?? 0) }
  }

  /// Adds outputs of a block; those of different shapes say nothing.
  package mutating func add(_ place: BlockPlace, reference: Matrix, candidate: Matrix) {
    guard reference.rows == candidate.rows, reference.columns == candidate.columns else { return }
    if distortions[place] == nil { places.append(place) }
    distortions[place, default: Distortion()].add(Distortion(of: reference, decoded: candidate))
  }
}
