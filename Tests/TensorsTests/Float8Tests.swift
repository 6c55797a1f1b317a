// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

struct Float8Tests {
  @Test func knownValuesOfEachTable() {
    #expect(Float8.e4m3[0x7E] == 448)
    #expect(Float8.e4m3[0x7F].isNaN && Float8.e4m3[0xFF].isNaN)
    #expect(Float8.e4m3[0x01] == 0x1p-9)
    #expect(Float8.e4m3[0x38] == 1)
    #expect(Float8.e5m2[0x7B] == 57344)
    #expect(Float8.e5m2[0x7C] == .infinity && Float8.e5m2[0xFC] == -.infinity)
    #expect(Float8.e5m2[0x7D].isNaN)
    #expect(Float8.e5m2[0x01] == 0x1p-16)
    #expect(Float8.e4m3FNUZ[0x7F] == 240 && Float8.e4m3FNUZ[0x80].isNaN)
    #expect(Float8.e5m2FNUZ[0x7F] == 57344 && Float8.e5m2FNUZ[0x80].isNaN)
    #expect(Float8.e8m0[0] == 0x1p-127 && Float8.e8m0[127] == 1 && Float8.e8m0[254] == 0x1p127)
    #expect(Float8.e8m0[255].isNaN)
  }

  @Test(arguments: [Float8.e4m3, Float8.e5m2, Float8.e4m3FNUZ, Float8.e5m2FNUZ])
  func tablesRiseAndAreSymmetric(_ table: [Float]) {
    let positive = table[..<128].filter { !$0.isNaN }
    #expect(zip(positive, positive.dropFirst()).allSatisfy { $0 < $1 })
    for bits in 1..<128 where !table[bits].isNaN {
      #expect(table[bits + 128] == -table[bits])
    }
  }

  @Test func e5m2IsTheUpperByteOfAHalf() {
    for bits in 0..<256 {
      let half = HalfPrecision.decoded(half: UInt16(bits) << 8)
      #expect(half.isNaN ? Float8.e5m2[bits].isNaN : half == Float8.e5m2[bits])
    }
  }
}
