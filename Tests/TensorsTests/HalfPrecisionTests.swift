// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

struct HalfPrecisionTests {
  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfDecodesAsTheProcessorWould() {
      let wrong = (UInt16.min...UInt16.max).filter { bits in
        let expected = Float(Float16(bitPattern: bits))
        let found = HalfPrecision.decoded(half: bits)
        return expected.isNaN
          ? !found.isNaN : found.bitPattern != expected.bitPattern
      }
      #expect(wrong.isEmpty)
    }

    @Test func floatsAroundEveryHalfRoundAsTheProcessorWould() {
      var wrong: [Float] = []
      for bits in stride(from: 0, to: UInt16(0x7C00), by: 1) {
        let low = Float(Float16(bitPattern: bits))
        let high = bits == 0x7BFF ? 65536 : Float(Float16(bitPattern: bits + 1))
        let middle = (low + high) / 2
        for value in [low, middle.nextDown, middle, middle.nextUp] {
          for signed in [value, -value]
          where HalfPrecision.encodedHalf(signed) != Float16(signed).bitPattern {
            wrong.append(signed)
          }
        }
      }
      #expect(wrong.isEmpty)
    }
  #endif

  @Test func halvesSurviveTheRoundTrip() {
    let changed = (UInt16.min...UInt16.max).filter {
      let value = HalfPrecision.decoded(half: $0)
      let back = HalfPrecision.encodedHalf(value)
      return value.isNaN ? !HalfPrecision.decoded(half: back).isNaN : back != $0
    }
    #expect(changed.isEmpty)
  }

  @Test func overflowGivesInfinity() {
    #expect(HalfPrecision.encodedHalf(65519.996) == 0x7BFF)
    #expect(HalfPrecision.encodedHalf(65520) == 0x7C00)
    #expect(HalfPrecision.encodedHalf(-1e38) == 0xFC00)
    #expect(HalfPrecision.encodedHalf(-.infinity) == 0xFC00)
    #expect(HalfPrecision.encodedHalf(.leastNonzeroMagnitude) == 0)
  }

  @Test func bfloatsRoundToNearestEven() {
    #expect(HalfPrecision.encodedBFloat(1) == 0x3F80)
    #expect(HalfPrecision.encodedBFloat(Float(bitPattern: 0x3F80_8000)) == 0x3F80)
    #expect(HalfPrecision.encodedBFloat(Float(bitPattern: 0x3F81_8000)) == 0x3F82)
    #expect(HalfPrecision.encodedBFloat(Float(bitPattern: 0x3F80_8001)) == 0x3F81)
    #expect(HalfPrecision.encodedBFloat(.greatestFiniteMagnitude) == 0x7F80)
    // A NaN whose upper half alone would read as infinity.
    let nan = HalfPrecision.encodedBFloat(Float(bitPattern: 0x7F80_0001))
    #expect(HalfPrecision.decoded(bfloat: nan).isNaN)
  }
}
