// SPDX-License-Identifier: Apache-2.0

package import LinearAlgebra
package import Models

/// How far the outputs of a model's blocks are from the reference's, on the same data.
///
/// Errors of earlier blocks are in those of later ones: each model goes on with its own outputs.
package struct BlockStatistics: Sendable, Equatable {
  package struct Block: Sendable, Equatable {
    package let place: BlockPlace
    /// ‖x − y‖ / ‖x‖ over all outputs.
    package let relativeError: Estimate

    package init(place: BlockPlace, relativeError: Estimate) {
      self.place = place
      self.relativeError = relativeError
    }
  }

  private var places: [BlockPlace] = []
  private var errors: [BlockPlace: OutputErrors] = [:]

  package init() {}

  /// In the order in which they run; empty for models of different blocks.
  package var blocks: [Block] {
    places.compactMap { place in
      errors[place].map { Block(place: place, relativeError: $0.relativeError) }
    }
  }

  /// Adds outputs of a block; those of different shapes say nothing.
  ///
  /// - Parameters:
  ///   - place: The block.
  ///   - reference: What it gives in the reference, row after row.
  ///   - candidate: The same in the other model.
  ///   - lengths: Rows of each document.
  package mutating func add(
    _ place: BlockPlace, reference: Matrix, candidate: Matrix, lengths: [Int]
  ) {
    guard reference.rows == candidate.rows, reference.columns == candidate.columns else { return }
    if errors[place] == nil { places.append(place) }
    errors[place, default: OutputErrors()].add(
      reference: reference, candidate: candidate, lengths: lengths)
  }
}
