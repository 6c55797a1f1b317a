// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Tensors
import Testing

struct DistortionTests {
  @Test(arguments: [0, 1, 7, 8, 9, 31, 300])
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
    // Additions of Float64 in another order.
    #expect(abs(measured.energy - energy) <= 1e-12 * energy)
    #expect(abs(measured.squaredError - error) <= 1e-12 * error)
    let largest = zip(values, decoded).map { abs(Double($0) - Double($1)) }.max() ?? 0
    #expect(measured.largestError == largest)
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

  @Test func nothingIsNoError() {
    #expect(Distortion().relativeError == 0)
    #expect(Samples.distortion([0, 0], [0, 1]).relativeError == .infinity)
  }
}
