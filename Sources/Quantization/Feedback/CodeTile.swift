// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Tensors

/// Rows of codes on a grid.
///
/// Each column in turn gets the code that makes up best for the errors of those before it (GPTQ: Frantar
/// et al., 2022; LDLQ: Chee et al., QuIP, 2023), on the grid that the search found; sweeps of coordinate
/// descent and least squares for the factors of the scales follow.
package final class CodeTile<Stored>: FeedbackTile {
  private let grid: CodeGrid
  private let curvature: Curvature
  private var rows: LaneTargets
  private var errors: [Float]
  private var codes: [UInt8]
  private var steps: [Float]
  private var offsets: [Float]
  private var factors: [Float]
  private let read: (Stored) -> CodedRow
  private let write: (CodedRow, inout Stored) -> Void

  init(
    _ grid: CodeGrid, _ feedback: Feedback, read: @escaping (Stored) -> CodedRow,
    write: @escaping (CodedRow, inout Stored) -> Void
  ) {
    self.grid = grid
    curvature = feedback.curvature
    self.read = read
    self.write = write
    let columns = curvature.columns
    func lanes(_ count: Int) -> [Float] {
      [Float](repeating: 0, count: count * FeedbackLanes.count)
    }
    rows = LaneTargets(feedback)
    errors = lanes(columns)
    codes = [UInt8](repeating: 0, count: columns * FeedbackLanes.count)
    steps = lanes(columns / grid.groupSize)
    offsets = steps
    factors = lanes(2 * (columns / grid.blockSize))
  }

  package func load(_ values: UnsafeBufferPointer<Float>, _ rows: [Stored]) {
    let rows = rows.map(read)
    let (columns, lanes) = (curvature.columns, FeedbackLanes.count)
    self.rows.load(values, rows: rows.count)
    for lane in 0..<lanes {
      let row = lane < rows.count ? rows[lane] : CodedRow(columns: columns, grid: grid)
      for (group, step) in row.steps.enumerated() { steps[group * lanes + lane] = step }
      for (group, offset) in row.offsets.enumerated() { offsets[group * lanes + lane] = offset }
      for (place, factor) in row.factors.enumerated() { factors[place * lanes + lane] = factor }
    }
  }

  package func round() { sweep(nil, scale: nil, isTriangular: true) }

  package func fit() {
    sweep(curvature.couplings, scale: nil, isTriangular: true)
    for pass in 0..<FeedbackLanes.sweeps {
      if pass > 0 { refit() }
      sweep(curvature.moments, scale: curvature.diagonal, isTriangular: false)
    }
    let gain = FeedbackLanes.gain(curvature, rows.targets, errors)
    for place in factors.indices {
      factors[place] = FeedbackLanes.stored(factors[place] * gain, as: grid.factorEncoding)
    }
  }

  package func loss(_ moments: OrderedMoments) -> Double { rows.loss(errors, moments) }

  package func store(_ lane: Int, into stored: inout Stored) {
    var row = CodedRow(columns: curvature.columns, grid: grid)
    let lanes = FeedbackLanes.count
    for (place, column) in curvature.order.enumerated() {
      row.codes[Int(column)] = codes[place * lanes + lane]
    }
    for group in row.steps.indices {
      row.steps[group] = steps[group * lanes + lane]
      row.offsets[group] = offsets[group * lanes + lane]
    }
    for place in row.factors.indices { row.factors[place] = factors[place * lanes + lane] }
    write(row, &stored)
  }

  private func sweep(_ couplings: [Float]?, scale: [Float]?, isTriangular: Bool) {
    withRows { levels, rows in
      pk_feedback_sweep(
        InstructionSet.current.kernel, levels, couplings, scale, isTriangular ? 1 : 0, rows)
    }
  }

  private func refit() {
    let size = grid.blockSize
    let type: pk_stored_type =
      switch grid.factorEncoding {
      case .f16: PK_STORED_F16
      case .bf16: PK_STORED_BF16
      default: PK_STORED_F32
      }
    var factors = factors
    withRows { levels, rows in
      curvature.places.withUnsafeBufferPointer { places in
        factors.withUnsafeMutableBufferPointer { factors in
          guard let places = places.baseAddress, let factors = factors.baseAddress else { return }
          for block in 0..<curvature.columns / size {
            pk_feedback_refit(
              InstructionSet.current.kernel, levels, curvature.moments, places + block * size,
              size, type, grid.isJoint ? 1 : 0, factors + 2 * block * FeedbackLanes.count, rows)
          }
        }
      }
    }
    self.factors = factors
  }

  private func withRows(_ body: (pk_level_grid, pk_feedback_rows) -> Void) {
    grid.levels.withUnsafeBufferPointer { levels in
      curvature.order.withUnsafeBufferPointer { order in
        rows.targets.withUnsafeBufferPointer { targets in
          errors.withUnsafeMutableBufferPointer { errors in
            codes.withUnsafeMutableBufferPointer { codes in
              steps.withUnsafeMutableBufferPointer { steps in
                offsets.withUnsafeMutableBufferPointer { offsets in
                  body(
                    pk_level_grid(
                      group: grid.groupSize, levels: levels.baseAddress,
                      level_count: Int32(levels.count), is_even: grid.isEven ? 1 : 0),
                    pk_feedback_rows(
                      columns: curvature.columns, order: order.baseAddress,
                      targets: targets.baseAddress, errors: errors.baseAddress,
                      codes: codes.baseAddress, steps: steps.baseAddress,
                      offsets: offsets.baseAddress))
                }
              }
            }
          }
        }
      }
    }
  }
}
