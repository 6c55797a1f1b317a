// SPDX-License-Identifier: Apache-2.0

import Conversion
import Fixtures
import Models
import Tensors
import Testing

struct EncodingErrorsTests {
  @Test("more bits leave less, exact types nothing, and rows that are no whole blocks are refused")
  func byBits() throws {
    let model = try Model(path: Fixtures.path("llava-tiny"), library: try DeclarationLibrary())
    let source = try #require(
      model.parameters.first { $0.parameter.role == "language.feedForward.gate" })
    let errors = try EncodingErrors(of: source, importance: nil)
    let found = [Encoding.iq2_XXS, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_0].map {
      errors.relativeSquaredError(in: $0) ?? .nan
    }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0 > $1 && $1 > 0 })
    #expect(errors.relativeSquaredError(in: .f32) == 0)
    #expect(errors.relativeSquaredError(in: .bf16) == 0)
    let narrow = try #require(
      model.parameters.first { $0.parameter.ggufShape.rowLength % 256 != 0 })
    #expect(try EncodingErrors(of: narrow, importance: nil).relativeSquaredError(in: .q4_K) == nil)
  }

  @Test("columns that count for nothing add no error")
  func weighted() throws {
    let model = try Model(path: Fixtures.path("llava-tiny"), library: try DeclarationLibrary())
    let source = try #require(
      model.parameters.first { $0.parameter.role == "language.attention.query" })
    let columns = source.parameter.ggufShape.rowLength
    var importance = [Float](repeating: 0, count: columns)
    importance[3] = 1
    let one = try EncodingErrors(of: source, importance: [importance])
    let all = try EncodingErrors(of: source, importance: nil)
    // A single column that counts is kept nearly whole by an encoder that is told so.
    let (least, usual) = (one.relativeSquaredError(in: .q4_K), all.relativeSquaredError(in: .q4_K))
    #expect(try #require(least) < 0.5 * (try #require(usual)))
  }
}
