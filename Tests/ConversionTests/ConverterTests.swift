// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Conversion
import Fixtures
import LinearAlgebra
import Models
import Preprocessing
import Quantization
import Tensors
import TestSupport
import Testing
import Tokenizers

struct ConverterTests {
  static let models = ["mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K"]

  private static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  private static func convert(
    _ model: Model, _ recipe: String, into folder: TemporaryFolder
  ) throws -> ConversionSummary {
    let recipe = try Recipe(named: recipe)
    let plan = try ConversionPlan(
      gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path)
    return try Converter(plan, of: model).run()
  }

  /// Logits of a few tokens, after an image if the model sees.
  private static func logits(_ model: Model) throws -> Matrix {
    let forward = try ForwardPass(model)
    var images: [ImageEmbedding] = []
    var tokens = [5, 6, 7, 300]
    if let processor = model.imageProcessor {
      let pixels = try processor.pixels(of: .init(path: Fixtures.path("images/coffee.png")))
      images = try forward.embeddings(of: [pixels])
      let token = try #require(model.architecture.imageToken)
      tokens = [Int](repeating: token, count: images[0].rows) + tokens
    }
    return try forward.logits([TokenSequence(tokens: tokens, images: images)])
  }

  @Test("through a GGUF in F32 nothing is lost, to the last bit", arguments: models)
  func exact(name: String) throws {
    let folder = try TemporaryFolder()
    let original = try ConverterTests.open(Fixtures.path(name))
    let summary = try ConverterTests.convert(original, "F32", into: folder)
    #expect(summary.tensors.allSatisfy { $0.distortion.squaredError == 0 })
    let converted = try ConverterTests.open(summary.files[0].path)
    #expect(try ConverterTests.logits(converted) == ConverterTests.logits(original))
    #expect(converted.tokenizer.vocabulary.pieces == original.tokenizer.vocabulary.pieces)
    #expect(
      converted.tokenizer.vocabulary.chatTemplate == original.tokenizer.vocabulary.chatTemplate)
    #expect(converted.imageProcessor == original.imageProcessor)
    for text in ["what is at the left?", " two  spaces\n", "é😀"] {
      #expect(try converted.tokenizer.encode(text) == original.tokenizer.encode(text))
    }
  }

  @Test("what a GGUF says of a model is read back equal", arguments: models)
  func hyperparameters(name: String) throws {
    let folder = try TemporaryFolder()
    let original = try ConverterTests.open(Fixtures.path(name))
    let summary = try ConverterTests.convert(original, "F16", into: folder)
    let converted = try ConverterTests.open(summary.files[0].path)
    for (a, b) in zip(original.architecture.parts, converted.architecture.parts) {
      let shapes = Set(
        a.parameters.filter(\.isUsed).map { "\($0.role) \($0.layer ?? -1) \($0.shape)" })
      #expect(Set(b.parameters.map { "\($0.role) \($0.layer ?? -1) \($0.shape)" }) == shapes)
    }
    #expect(converted.architecture.imageToken == original.architecture.imageToken)
  }

  @Test("quantizing a GGUF gives the same tensors as quantizing its source")
  func twoSteps() throws {
    let (first, second, third) = (
      try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder()
    )
    let original = try ConverterTests.open(Fixtures.path("mm1-moe-tiny"))
    let direct = try ConverterTests.convert(original, "Q4_K_M", into: first)
    let exact = try ConverterTests.convert(original, "F32", into: second)
    let step = try ConverterTests.open(exact.files[0].path)
    let indirect = try ConverterTests.convert(step, "Q4_K_M", into: third)
    for (a, b) in zip(direct.files, indirect.files) {
      let (left, right) = (try Checkpoint(path: a.path), try Checkpoint(path: b.path))
      #expect(left.tensors.map(\.description) == right.tensors.map(\.description))
      for (x, y) in zip(left.tensors, right.tensors) {
        #expect(x.bytes.elementsEqual(y.bytes), "\(x.name)")
      }
    }
  }

  @Test(
    "safetensors in another type, and back, is the same model",
    arguments: [
      Encoding.f32, .bf16,
    ])
  func safetensors(encoding: Encoding) throws {
    let folder = try TemporaryFolder()
    let original = try ConverterTests.open(Fixtures.path("llava-tiny"))
    let plan = try ConversionPlan(
      safetensors: original, encoding: encoding, folder: folder.path)
    _ = try Converter(plan, of: original).run()
    let converted = try ConverterTests.open(folder.file("llava-tiny-\(encoding)"))
    #expect(try ConverterTests.logits(converted) == ConverterTests.logits(original))
    #expect(converted.parameters.allSatisfy { $0.tensors[0].encoding == encoding })
  }

  @Test("every tensor of the source is carried over, or left out for a reason", arguments: models)
  func accounted(name: String) throws {
    let folder = try TemporaryFolder()
    let original = try ConverterTests.open(Fixtures.path(name))
    let summary = try ConverterTests.convert(original, "F16", into: folder)
    let carried = original.parameters.filter(\.parameter.isUsed).flatMap(\.tensors).map(\.name)
    let dropped = summary.dropped.map(\.tensor)
    #expect(Set(carried).isDisjoint(with: dropped))
    #expect(
      (carried + dropped).sorted() == original.files.checkpoint.tensors.map(\.name).sorted())
    #expect(summary.dropped.allSatisfy { !$0.reason.isEmpty })
  }

  @Test("values too large for F16 are refused by name, and nothing is written")
  func overflow() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      let place = tensors.firstIndex { $0.description.name == "model.embed_tokens.weight" } ?? 0
      for (i, byte) in withUnsafeBytes(of: Float(1e6), Array.init).enumerated() {
        tensors[place].bytes[i] = byte
      }
    }
    let folder = try TemporaryFolder()
    let model = try ConverterTests.open(copy.path)
    let error = #expect(throws: ConversionError.self) {
      try ConverterTests.convert(model, "F16", into: folder)
    }
    #expect(error?.description.contains("model.embed_tokens.weight") ?? false)
    #expect(error?.description.contains("bf16") ?? false)
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test("a source is never replaced by its own conversion")
  func ownSource() throws {
    let folder = try TemporaryFolder()
    let original = try ConverterTests.open(Fixtures.path("stories260K"))
    let summary = try ConverterTests.convert(original, "F16", into: folder)
    let model = try ConverterTests.open(summary.files[0].path)
    let error = #expect(throws: ConversionError.self) {
      try ConverterTests.convert(model, "F16", into: folder)
    }
    #expect(error?.description.contains("own source") ?? false)
  }

  @Test("if one of several files cannot be written, none appears")
  func together() throws {
    let folder = try TemporaryFolder()
    // Nothing can take the place of a folder.
    _ = try Folder.make(at: folder.file("mmproj-mm1-tiny-F16.gguf"))
    let model = try ConverterTests.open(Fixtures.path("mm1-tiny"))
    #expect(throws: ConversionError.self) {
      try ConverterTests.convert(model, "F16", into: folder)
    }
    #expect(try Folder.names(in: folder.path) == ["mmproj-mm1-tiny-F16.gguf"])
  }

  @Test("another model's files beside the weights are not replaced unless asked for")
  func companions() throws {
    let folder = try TemporaryFolder()
    let model = try ConverterTests.open(Fixtures.path("stories260K"))
    _ = try Folder.make(at: folder.file("stories260K-BF16"))
    try folder.write(Array("{}".utf8), to: "stories260K-BF16/config.json")
    let plan = try ConversionPlan(safetensors: model, encoding: .bf16, folder: folder.path)
    let error = #expect(throws: ConversionError.self) { try Converter(plan, of: model).run() }
    #expect(error?.description.contains("config.json") ?? false)
    #expect(try Folder.names(in: folder.file("stories260K-BF16")) == ["config.json"])
    _ = try Converter(plan, of: model, replaces: true).run()
    _ = try ConverterTests.open(folder.file("stories260K-BF16"))
  }

  @Test("what makes an encoder's tokens and embeddings goes with it")
  func encoderCompanions() throws {
    let (copy, folder) = (try FixtureCopy(encoder: "bert"), try TemporaryFolder())
    copy.remove("tokenizer.json")
    try copy.write(
      try TemporaryFolder.read(Fixtures.path("tokenizers/files/vocab.txt")), to: "vocab.txt")
    try copy.makeFolder("1_Pooling")
    try copy.write(
      Array(#"{"pooling_mode_cls_token": true}"#.utf8), to: "1_Pooling/config.json")
    let model = try ConverterTests.open(copy.path)
    let plan = try ConversionPlan(safetensors: model, encoding: .f32, folder: folder.path)
    _ = try Converter(plan, of: model).run()
    let target = folder.file("bert-F32")
    #expect(try Folder.names(in: target + "/1_Pooling") == ["config.json"])
    let converted = try ConverterTests.open(target)
    #expect(converted.tokenizer.vocabulary == model.tokenizer.vocabulary)
  }
}
