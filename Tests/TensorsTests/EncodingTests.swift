// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

struct EncodingTests {
  @Test(arguments: Encoding.allCases)
  func bytesGrowByWholeBlocks(_ encoding: Encoding) {
    #expect(encoding.byteCount(elements: 0) == 0)
    for blocks in [1, 2, 17, 1 << 20] {
      let elements = blocks * encoding.elementsPerBlock
      #expect(encoding.byteCount(elements: elements) == blocks * encoding.bytesPerBlock)
      if encoding.elementsPerBlock > 1 {
        #expect(encoding.byteCount(elements: elements + 1) == nil)
        #expect(encoding.byteCount(elements: elements - 1) == nil)
      }
    }
  }

  @Test(arguments: Encoding.allCases)
  func sizesBeyondTheAddressSpaceAreNil(_ encoding: Encoding) {
    #expect(encoding.byteCount(elements: -encoding.elementsPerBlock) == nil)
    #expect(encoding.byteCount(elements: Int.min) == nil)
    let whole = Int.max - Int.max % encoding.elementsPerBlock
    if encoding.bytesPerBlock > encoding.elementsPerBlock {
      #expect(encoding.byteCount(elements: whole) == nil)
    } else {
      #expect(encoding.byteCount(elements: whole) != nil)
    }
  }

  @Test(arguments: Encoding.allCases)
  func namesAndCostsAreConsistent(_ encoding: Encoding) {
    #expect(Encoding(rawValue: "\(encoding)") == encoding)
    let bits = Double(encoding.bytesPerBlock * 8) / Double(encoding.elementsPerBlock)
    #expect(encoding.bitsPerElement == bits)
    #expect((1...64).contains(bits))
  }

  /// A digit in the name of a block format is about its bits an element; scales add at most 1.5.
  @Test(arguments: Encoding.allCases.filter { $0.elementsPerBlock >= 32 })
  func blockFormatsCostTheirDigitAndTheirScales(_ encoding: Encoding) throws {
    let digit = try #require(encoding.rawValue.compactMap(\.wholeNumberValue).first)
    let extra = encoding.bitsPerElement - Double(digit)
    #expect((0...1.5).contains(extra), "\(encoding.bitsPerElement)")
  }
}
