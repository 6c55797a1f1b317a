// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import CKernels
import LinearAlgebra
import TestSupport
import Tensors
import Testing

@testable import Layers

struct ByteProductTests {
  private static let columns = 512

  /// Random weights, encoded.
  private static func weight(_ encoding: Encoding, rows: Int) throws -> Weight {
    let format = try #require(BlockFormats.format(for: encoding))
    var random = SplitMix64(seed: UInt64(rows))
    let bytes = (0..<rows).flatMap { _ in format.encode(random.normal(columns)) }
    return Weight(source: StoredBytes(bytes), format: format, rows: rows, columns: columns)
  }

  private static let encodings: [Encoding] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS, .mxfp4,
    .tq2_0,
  ]

  @Test("codes, steps and offsets are those of the decoded elements", arguments: encodings)
  func grid(_ encoding: Encoding) throws {
    let weight = try Self.weight(encoding, rows: 3)
    let grid = try #require(ByteGrid(of: weight.format))
    let groups = Self.columns / grid.groupSize
    let values = weight.values()
    for row in 0..<weight.rows {
      var steps = [Float](repeating: .nan, count: groups)
      var offsets = steps
      grid.read(try #require(weight.storedRow(row)), steps: &steps, offsets: &offsets)
      for column in 0..<Self.columns {
        let group = column / grid.groupSize
        let value = values[row * Self.columns + column]
        let code = ((value - offsets[group]) / steps[group]).rounded() - Float(grid.lowest)
        #expect((0...255).contains(code))
        // Decoding rounds after the multiplication, and after the addition.
        let product = abs(steps[group] * (code + Float(grid.lowest)))
        let found = steps[group] * (code + Float(grid.lowest)) + offsets[group]
        #expect(abs(found - value) <= (product + abs(value)) * 0x1p-23)
      }
    }
  }

  @Test(
    "it is the product of the rounded rows, whatever the numbers of rows and outputs",
    arguments: encodings, [(1, 16), (4, 1), (13, 40), (31, 17)])
  func product(_ encoding: Encoding, _ size: (rows: Int, outputs: Int)) throws {
    let weight = try Self.weight(encoding, rows: size.outputs)
    let rounding = ActivationRounding(ofLlamaCppBeside: weight)
    let product = try #require(ByteProduct(weight, rounding: rounding, isForced: true))
    var random = SplitMix64(seed: 9)
    let inputs = Matrix(
      rows: size.rows, columns: Self.columns, values: random.normal(size.rows * Self.columns))
    let found = product(inputs)
    let rounded = rounding(inputs)
    let values = weight.values()
    for row in 0..<size.rows {
      for output in 0..<size.outputs {
        var (sum, bound) = (0.0, 0.0)
        for column in 0..<Self.columns {
          let term =
            Double(rounded.values[row * Self.columns + column])
            * Double(values[output * Self.columns + column])
          sum += term
          bound += abs(term)
        }
        // A group's integers are exact; its sum is scaled, and added to some thirty others. The
        // shift may be as large as what it takes away.
        let error = abs(Double(found.values[row * size.outputs + output]) - sum)
        #expect(error <= bound * 64 * 0x1p-24 * 16)
      }
    }
  }

  @Test("plain C gives the same bits as the processor's instructions", arguments: [16, 32])
  func plain(_ group: Int) throws {
    let weight = try Self.weight(group == 16 ? .q6_K : .q4_K, rows: 16)
    let grid = try #require(ByteGrid(of: weight.format))
    var random = SplitMix64(seed: 10)
    let inputs = Matrix(rows: 17, columns: Self.columns, values: random.normal(17 * Self.columns))
    let rows = ByteRows(inputs, run: 256, group: grid.groupSize)
    let tile = ByteTile(rows: 16, columns: Self.columns, grid: grid)
    tile.pack(0..<16, of: weight)
    var fast = [Float](repeating: 0, count: 17 * 16)
    var plain = fast
    tile.multiply(rows.kernelRows(from: 0), count: 17, outputs: 16, result: &fast, stride: 16)
    tile.multiply(
      rows.kernelRows(from: 0), count: 17, outputs: 16, result: &plain, stride: 16,
      with: pk_multiply_bytes_plainly)
    #expect(fast == plain)
  }

  @Test("a number that is none stays none")
  func notANumber() throws {
    let weight = try Self.weight(.q4_K, rows: 5)
    let product = try #require(ByteProduct(weight, rounding: .longBytes, isForced: true))
    for bad in [Float.nan, .infinity, -.infinity] {
      var inputs = Matrix(rows: 2, columns: Self.columns)
      inputs.values[Self.columns + 300] = bad
      let found = product(inputs)
      #expect(found.row(0).allSatisfy { $0 == 0 })
      #expect(found.row(1).allSatisfy { !$0.isFinite })
    }
  }

  @Test("what is not rounded to bytes, or has no such codes, is multiplied in f32")
  func others() throws {
    let weight = try Self.weight(.q4_K, rows: 1)
    #expect(ByteProduct(weight, rounding: .none, isForced: true) == nil)
    #expect(ByteProduct(weight, rounding: .half, isForced: true) == nil)
    let other = try Self.weight(.iq2_XXS, rows: 1)
    #expect(ByteProduct(other, rounding: .longBytes, isForced: true) == nil)
  }
}
