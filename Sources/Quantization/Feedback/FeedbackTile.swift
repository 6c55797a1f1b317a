// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import Tensors

/// Rows whose codes make up for each other's errors: up to 32, one in each lane.
///
/// The error of a row w is (w − y) H (w − y) with the second moments H of its inputs. The scales are
/// those that the format's own search finds; then each column in turn gets the code that makes up best
/// for the errors of those before it (GPTQ: Frantar et al., 2022; LDLQ: Chee et al., QuIP, 2023), on
/// this fixed grid; sweeps of coordinate descent and least squares for the factors of the scales follow.
final class FeedbackTile {
  static let lanes = Int(PK_FEEDBACK_LANES)
  /// Sweeps after the first pass, each with new factors behind it but for the last.
  private static let sweeps = 3

  private let grid: CodeGrid
  private let curvature: Curvature
  private var targets: [Float]
  private var errors: [Float]
  private var codes: [UInt8]
  private var steps: [Float]
  private var offsets: [Float]
  private var factors: [Float]

  init(_ grid: CodeGrid, _ curvature: Curvature) {
    self.grid = grid
    self.curvature = curvature
    let columns = curvature.columns
    func lanes(_ count: Int) -> [Float] {
      [Float](repeating: 0, count: count * FeedbackTile.lanes)
    }
    targets = lanes(columns)
    errors = lanes(columns)
    codes = [UInt8](repeating: 0, count: columns * FeedbackTile.lanes)
    steps = lanes(columns / grid.groupSize)
    offsets = steps
    factors = lanes(2 * (columns / grid.blockSize))
  }

  /// Takes rows; lanes beyond them become zeros.
  ///
  /// - Parameters:
  ///   - values: What rows should be, one behind the other; what is no number counts as 0.
  ///   - rows: Their scales, as the search found them.
  func load(_ values: UnsafeBufferPointer<Float>, _ rows: [CodedRow]) {
    let (columns, lanes) = (curvature.columns, FeedbackTile.lanes)
    for lane in 0..<lanes {
      guard lane < rows.count else {
        for place in 0..<columns { targets[place * lanes + lane] = 0 }
        for group in 0..<columns / grid.groupSize {
          steps[group * lanes + lane] = 0
          offsets[group * lanes + lane] = 0
        }
        for factor in 0..<2 * (columns / grid.blockSize) { factors[factor * lanes + lane] = 0 }
        continue
      }
      for (place, column) in curvature.order.enumerated() {
        let value = values[lane * columns + Int(column)]
        targets[place * lanes + lane] = value.isFinite ? value : 0
      }
      for (group, step) in rows[lane].steps.enumerated() { steps[group * lanes + lane] = step }
      for (group, offset) in rows[lane].offsets.enumerated() {
        offsets[group * lanes + lane] = offset
      }
      for (place, factor) in rows[lane].factors.enumerated() {
        factors[place * lanes + lane] = factor
      }
    }
  }

  /// Gives every element the nearest code, each by itself.
  func round() { sweep(nil, scale: nil, isTriangular: true) }

  /// Looks for the codes, and the factors of scales, with the least error.
  func fit() {
    sweep(curvature.couplings, scale: nil, isTriangular: true)
    for pass in 0..<FeedbackTile.sweeps {
      if pass > 0 { refit() }
      sweep(curvature.moments, scale: curvature.diagonal, isTriangular: false)
    }
  }

  /// Σ (w − y) H (w − y) over all rows.
  ///
  /// - Parameter moments: `[columns, columns]`, in the order of coding.
  /// - Returns: What the outputs lose.
  func loss(_ moments: [Float]) -> Double {
    var losses = [Double](repeating: 0, count: FeedbackTile.lanes)
    pk_feedback_loss(
      InstructionSet.current.kernel, moments, curvature.columns, errors, &losses)
    return losses.reduce(0, +)
  }

  /// A row as it is coded now.
  ///
  /// - Parameters:
  ///   - lane: Which.
  ///   - row: Receives codes, steps, offsets and factors.
  func read(_ lane: Int, into row: inout CodedRow) {
    let lanes = FeedbackTile.lanes
    for (place, column) in curvature.order.enumerated() {
      row.codes[Int(column)] = codes[place * lanes + lane]
    }
    for group in row.steps.indices {
      row.steps[group] = steps[group * lanes + lane]
      row.offsets[group] = offsets[group * lanes + lane]
    }
    for place in row.factors.indices { row.factors[place] = factors[place * lanes + lane] }
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
              size, type, grid.isJoint ? 1 : 0, factors + 2 * block * FeedbackTile.lanes, rows)
          }
        }
      }
    }
    self.factors = factors
  }

  private func withRows(_ body: (pk_levels, pk_feedback_rows) -> Void) {
    grid.levels.withUnsafeBufferPointer { levels in
      curvature.order.withUnsafeBufferPointer { order in
        targets.withUnsafeBufferPointer { targets in
          errors.withUnsafeMutableBufferPointer { errors in
            codes.withUnsafeMutableBufferPointer { codes in
              steps.withUnsafeMutableBufferPointer { steps in
                offsets.withUnsafeMutableBufferPointer { offsets in
                  body(
                    pk_levels(
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
