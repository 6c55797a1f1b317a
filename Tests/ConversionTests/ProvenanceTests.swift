// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Conversion
import Fixtures
import Models
import Tensors
import TestSupport
import Testing

/// What safetensors files say of how they were made.
struct ProvenanceTests {
  @Test("a file says what made it of which files, and its format first")
  func provenance() throws {
    let folder = try TemporaryFolder()
    let model = try PackedConversionTests.open(Fixtures.path("mm1-tiny"))
    let plans = [
      (
        "mlx", "4bit",
        try ConversionPlan(
          packed: model, recipe: PackedRecipe(try .mlx(type: "4bit")), folder: folder.path)
      ),
      (
        "pt", "int8",
        try ConversionPlan(
          packed: model, recipe: PackedRecipe(try .compressedTensors(type: "int8")),
          folder: folder.path)
      ),
      (
        "mlx", "bf16, carried over",
        try ConversionPlan(
          carrying: model, to: .mlx, numbers: nil, folder: folder.path)
      ),
      ("pt", "F16", try ConversionPlan(safetensors: model, encoding: .f16, folder: folder.path)),
    ]
    for (format, recipe, plan) in plans {
      let summary = try Converter(plan, of: model).run()
      let written = try Checkpoint(path: summary.files[0].path)
      #expect(written.metadata.keys.first == "format")
      #expect(written.metadata["format"] == .string(format))
      #expect(written.metadata["pare.version"] == .string(Provenance.version))
      #expect(written.metadata["pare.recipe"] == .string(recipe))
      #expect(written.metadata["pare.architecture"] == .string("mm1"))
      #expect(written.sourceChecksums == model.files.checksums)
      #expect(written.sourceChecksums.count == 3)
    }
  }

  @Test("codes that were carried over are not taken for those of quantizing anew")
  func carriedIsAnother() throws {
    let (source, folder) = (try TemporaryFolder(), try TemporaryFolder())
    let made = try PackedConversionTests.quantize(
      try PackedConversionTests.open(Fixtures.path("stories260K")), try .mlx(type: "4bit"),
      into: source)
    let packed = try PackedConversionTests.open(PackedConversionTests.folder(of: made))
    let plan = try ConversionPlan(carrying: packed, to: .mlx, numbers: nil, folder: folder.path)
    let carried = try Converter(plan, of: packed).run()
    #expect(try Converter(plan, of: packed).run().files.map(\.isKept) == [true])
    let anew = try ConversionPlan(
      packed: packed, recipe: PackedRecipe(try .mlx(type: "4bit")), folder: folder.path)
    #expect(anew.files.map(\.path) == carried.files.map(\.path))
    let error = #expect(throws: ConversionError.self) { try Converter(anew, of: packed).run() }
    #expect(error?.description.contains("made otherwise") == true)
  }
}
