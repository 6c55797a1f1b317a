// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

struct DistortionTests {
  @Test(arguments: [0, 1, 7, 8, 9, 31, 127, 128, 300])
  func sumsAreThoseOfTheDefinition(_ count: Int) {
    let values = Samples.normal(count, seed: 1)
    let decoded = Samples.normal(count, seed: 2)
    let weights = Samples.normal(count, seed: 3).map(abs)
    let measured = Samples.distortion(values, decoded, weights)
    var energy = 0.0
    var error = 0.0
    for i in 0..<count {
      let difference = Double(values[i]) - Double(decoded[i])
      energy += Double(weights[i]) * Double(values[i]) * Double(values[i])
      error += Double(weights[i]) * difference * difference
    }
    // Float32 rounds the difference, its square and eight additions.
    #expect(abs(measured.energy - energy) <= 0x1p-20 * energy)
    #expect(abs(measured.squaredError - error) <= 0x1p-20 * error)
    let largest = zip(values, decoded).map { abs(Double($0) - Double($1)) }.max() ?? 0
    #expect(abs(measured.largestError - largest) <= 0x1p-23 * largest)
    #expect(measured.count == count)
  }

  @Test func everyInstructionSetGivesTheSameBits() {
    let values = Samples.normal(1003, seed: 1)
    let decoded = Samples.normal(1003, seed: 2)
    var results: [Distortion] = []
    for set in InstructionSet.allCases where set.isSupported {
      var distortion = Distortion()
      values.withUnsafeBufferPointer { values in
        decoded.withUnsafeBufferPointer { distortion.add(values, decoded: $0, on: set) }
      }
      results.append(distortion)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test("no power of two over- or underflows", arguments: [-120, -70, -40, 40, 70, 120])
  func anyRange(_ exponent: Int) {
    let factor = Float(sign: .plus, exponent: exponent, significand: 1)
    let values = Samples.normal(512, seed: 1)
    let decoded = values.map { $0 * 1.25 }
    let measured = Samples.distortion(values.map { $0 * factor }, decoded.map { $0 * factor })
    #expect(measured.isFinite)
    #expect(abs(measured.relativeSquaredError - 0.0625) <= 0x1p-19)
  }

  @Test("a value that is no number shows in the sums", arguments: [Float.nan, .infinity])
  func nonFinite(_ special: Float) {
    for place in [0, 127, 128, 511] {
      let values = Samples.normal(512, seed: 1)
      var other = values
      other[place] = special
      #expect(!Samples.distortion(other, values).isFinite)
      #expect(!Samples.distortion(values, other).isFinite)
      #expect(!Samples.distortion(other, other).isFinite)
    }
  }

  @Test func nothingIsNoError() {
    #expect(Distortion().relativeError == 0)
    #expect(Samples.distortion([0, 0], [0, 1]).relativeError == .infinity)
  }
}
