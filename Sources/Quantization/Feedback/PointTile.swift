// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Tensors

/// Rows of points of a code book.
///
/// Each part of eight in turn gets the points that make up best for the errors of those before it (block
/// LDLQ: Tseng et al., QuIP#, 2024), at the scales that the search found; sweeps of coordinate descent by
/// parts and least squares for the factors of the scales follow.
package final class PointTile: FeedbackTile {
  private let codes: PointCodes
  private let curvature: Curvature
  private let inner: PartCouplings
  private var rows: LaneTargets
  private var errors: [Float]
  private var scales: [Float]
  private var points: [Int16]
  private var signs: [UInt8]
  /// One a block: `[blocks, lanes]`.
  private var factors: [Float]

  init(_ codes: PointCodes, _ feedback: Feedback) {
    self.codes = codes
    curvature = feedback.curvature
    inner = curvature.parts
    let (lanes, columns) = (FeedbackLanes.count, curvature.columns)
    let parts = columns / PointCodes.partElements
    rows = LaneTargets(feedback)
    errors = [Float](repeating: 0, count: columns * lanes)
    scales = [Float](repeating: 0, count: parts * lanes)
    points = [Int16](repeating: 0, count: 2 * parts * lanes)
    signs = [UInt8](repeating: 0, count: parts * lanes)
    factors = [Float](repeating: 0, count: columns / PointCodes.blockSize * lanes)
  }

  package func load(_ values: UnsafeBufferPointer<Float>, _ rows: [[UInt8]]) {
    let lanes = FeedbackLanes.count
    self.rows.load(values, rows: rows.count)
    for place in scales.indices { scales[place] = 0 }
    for place in factors.indices { factors[place] = 0 }
    for (lane, blocks) in rows.enumerated() {
      let row = blocks.withUnsafeBytes { codes.read($0) }
      for (part, scale) in row.scales.enumerated() { scales[part * lanes + lane] = scale }
      for (block, factor) in row.factors.enumerated() { factors[block * lanes + lane] = factor }
    }
  }

  package func round() {
    sweep(nil, solve: inner.solveFactor, metric: inner.metric, isTriangular: true)
  }

  package func fit() {
    sweep(
      curvature.couplings, solve: inner.solveFactor, metric: inner.metricFactor, isTriangular: true)
    for pass in 0..<FeedbackLanes.sweeps {
      if pass > 0 { refit() }
      sweep(curvature.moments, solve: inner.solve, metric: inner.metric, isTriangular: false)
    }
    let gain = FeedbackLanes.gain(curvature, rows.targets, errors)
    for place in factors.indices {
      factors[place] = FeedbackLanes.stored(factors[place] * gain, as: .f16)
    }
  }

  package func loss(_ moments: OrderedMoments) -> Double { rows.loss(errors, moments) }

  package func store(_ lane: Int, into blocks: inout [UInt8]) {
    let lanes = FeedbackLanes.count
    var row = blocks.withUnsafeBytes { codes.read($0) }
    for part in row.signs.indices {
      row.signs[part] = signs[part * lanes + lane]
      for half in 0..<2 { row.points[2 * part + half] = points[(2 * part + half) * lanes + lane] }
    }
    for block in row.factors.indices { row.factors[block] = factors[block * lanes + lane] }
    blocks.withUnsafeMutableBytes { codes.store(row, into: $0) }
  }

  private func sweep(_ couplings: [Float]?, solve: [Float], metric: [Float], isTriangular: Bool) {
    solve.withUnsafeBufferPointer { solve in
      metric.withUnsafeBufferPointer { metric in
        let inner = pk_part_couplings(solve: solve.baseAddress, metric: metric.baseAddress)
        withRows { rows in
          pk_feedback_points(
            InstructionSet.current.kernel, codes.kernelFormat, couplings, inner,
            isTriangular ? 1 : 0, rows)
        }
      }
    }
  }

  private func refit() {
    let parts = PointCodes.blockSize / PointCodes.partElements
    var factors = factors
    withRows { rows in
      inner.places.withUnsafeBufferPointer { places in
        factors.withUnsafeMutableBufferPointer { factors in
          guard let places = places.baseAddress, let factors = factors.baseAddress else { return }
          for block in 0..<curvature.columns / PointCodes.blockSize {
            pk_feedback_refit_points(
              InstructionSet.current.kernel, curvature.moments, places + block * parts,
              factors + block * FeedbackLanes.count, rows)
          }
        }
      }
    }
    self.factors = factors
  }

  private func withRows(_ body: (pk_feedback_parts) -> Void) {
    inner.order.withUnsafeBufferPointer { order in
      rows.targets.withUnsafeBufferPointer { targets in
        errors.withUnsafeMutableBufferPointer { errors in
          scales.withUnsafeMutableBufferPointer { scales in
            points.withUnsafeMutableBufferPointer { points in
              signs.withUnsafeMutableBufferPointer { signs in
                body(
                  pk_feedback_parts(
                    parts: order.count, order: order.baseAddress, targets: targets.baseAddress,
                    errors: errors.baseAddress, scales: scales.baseAddress,
                    points: points.baseAddress, signs: signs.baseAddress))
              }
            }
          }
        }
      }
    }
  }
}
