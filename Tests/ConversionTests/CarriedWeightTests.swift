// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Conversion
import Fixtures
import Models
import Notation
import Quantization
import Tensors
import TestSupport
import Testing

/// Packed weights that go over into another convention: the same values where it can hold them, and
/// a report where not.
struct CarriedWeightTests {
  private static func carry(
    _ model: Model, to family: PackedScheme.Family, numbers: Encoding? = nil,
    into folder: TemporaryFolder
  ) throws -> (summary: ConversionSummary, model: Model) {
    let summary = try Converter(
      try ConversionPlan(carrying: model, to: family, numbers: numbers, folder: folder.path),
      of: model
    ).run()
    return (
      summary, try PackedConversionTests.open(PackedConversionTests.folder(of: summary))
    )
  }

  private static func expectSameValues(_ a: Model, _ b: Model) throws {
    for (old, new) in zip(a.parameters, b.parameters) {
      #expect(
        try PackedConversionTests.values(old) == PackedConversionTests.values(new),
        "\(old.parameter.role)")
    }
  }

  static let families: [PackedScheme.Family] = [.mlx, .compressedTensors]

  @Test(
    "GPTQ and AWQ go over with identical values",
    arguments: [PackedFixture.Kind.gptqSymmetric, .gptqAsymmetric, .awq], families)
  func identical(_ kind: PackedFixture.Kind, _ family: PackedScheme.Family) throws {
    let source = try PackedFixture.make(kind)
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(source.path)
    let packed = model.parameters.count { $0.tensors[0].packed != nil }
    #expect(packed == 20)
    let (summary, written) = try Self.carry(model, to: family, into: folder)
    #expect(summary.carried.filter { $0.distortion.count > 0 }.count == packed)
    #expect(summary.carried.allSatisfy { $0.distortion.largestError == 0 })
    #expect(summary.requantized.isEmpty)
    try Self.expectSameValues(model, written)
    // Half precision holds 8 times a scale, but not 7 times each: then Float32 must.
    let wide = family == .mlx && kind != .gptqSymmetric
    for bound in written.parameters {
      guard let weight = bound.tensors[0].packed else { continue }
      #expect(weight.scheme.family == family && weight.scheme.groupSize == 32)
      #expect(weight.scaleTensor.encoding == (wide ? .f32 : .f16))
    }
    #expect(summary.fallbacks.isEmpty == !wide)
    #expect(summary.fallbacks.allSatisfy { $0.fallback?.contains("identical values") == true })
  }

  @Test("a type that cannot hold the biases rounds them, and the largest change is reported")
  func rounded() throws {
    let source = try PackedFixture.make(.awq)
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(source.path)
    let (summary, written) = try Self.carry(model, to: .mlx, numbers: .f16, into: folder)
    var largest: Float = 0
    for (old, new) in zip(model.parameters, written.parameters) where new.tensors[0].packed != nil {
      #expect(new.tensors[0].packed?.scaleTensor.encoding == .f16)
      for (x, y) in zip(
        try PackedConversionTests.values(old), try PackedConversionTests.values(new))
      { largest = max(largest, abs(x - y)) }
    }
    #expect(largest > 0 && largest < 1e-3)
    #expect(summary.carried.map(\.distortion.largestError).max() == Double(largest))
  }

  @Test("groups that are not consecutive cannot go over, and the report says so")
  func ordered() throws {
    let source = try PackedFixture.make(.gptqOrdered)
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(source.path)
    let (summary, written) = try Self.carry(model, to: .mlx, into: folder)
    #expect(summary.carried.isEmpty)
    #expect(summary.fallbacks.count == 20)
    #expect(summary.fallbacks.allSatisfy { $0.fallback?.contains("act-order") == true })
    #expect(summary.requantized.count == 20)
    #expect(written.parameters.count { $0.tensors[0].packed?.scheme.bits == 4 } == 20)
  }

  @Test(
    "there and back gives the same tensors", arguments: [PackedFixture.Kind.gptqSymmetric, .awq])
  func back(_ kind: PackedFixture.Kind) throws {
    let source = try PackedFixture.make(kind)
    let folders = try (0..<3).map { _ in try TemporaryFolder() }
    let model = try PackedConversionTests.open(source.path)
    let tensors = try Self.carry(model, to: .compressedTensors, into: folders[0])
    let mlx = try Self.carry(tensors.model, to: .mlx, into: folders[1])
    let again = try Self.carry(mlx.model, to: .mlx, into: folders[2])
    try Self.expectSameValues(model, again.model)
    try PackedConversionTests.expectSameTensors(
      mlx.summary.files[0].path, again.summary.files[0].path)
    let home = try Self.carry(again.model, to: .compressedTensors, into: try TemporaryFolder())
    #expect(home.summary.carried.allSatisfy { $0.distortion.largestError == 0 })
  }

  @Test("biases that are no multiples of their scales give codes anew, and the report says so")
  func anew() throws {
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(Fixtures.path("stories260K"))
    let summary = try PackedConversionTests.quantize(
      model, try .mlx(type: "4bit"), into: folder)
    let packed = try PackedConversionTests.open(PackedConversionTests.folder(of: summary))
    let carried = try Self.carry(packed, to: .compressedTensors, into: folder).summary
    #expect(!carried.fallbacks.isEmpty && carried.carried.isEmpty)
    #expect(
      carried.fallbacks.allSatisfy {
        $0.fallback?.contains("no whole multiples") == true
          || $0.fallback?.contains("rows of") == true
      })
    #expect(!carried.requantized.isEmpty)
  }

  @Test("what is not packed goes over as it is")
  func plain() throws {
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(Fixtures.path("stories260K"))
    let (summary, written) = try Self.carry(model, to: .mlx, into: folder)
    #expect(summary.files[0].path.hasSuffix("stories260K-f32/model.safetensors"))
    #expect(summary.fallbacks.isEmpty)
    try Self.expectSameValues(model, written)
    #expect(written.files.config?["quantization"] == nil)
  }
}
