// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Conversion
import Fixtures
import Layers
import LinearAlgebra
import Models
import Notation
import Parallelism
import Preprocessing
import Quantization
import Tensors
import TestSupport
import Testing

/// Folders of packed weights: what was written means what was wanted, and says so.
struct PackedConversionTests {
  static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  static func folder(of summary: ConversionSummary) -> String {
    summary.files[0].path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  }

  @discardableResult
  static func quantize(
    _ model: Model, _ target: PackedTarget, into folder: TemporaryFolder
  ) throws -> ConversionSummary {
    try Converter(
      try ConversionPlan(packed: model, recipe: PackedRecipe(target), folder: folder.path),
      of: model
    ).run()
  }

  static func logits(_ model: Model) throws -> Matrix {
    try ForwardPass(model).logits([TokenSequence(tokens: [5, 6, 7, 300], images: [])])
  }

  /// Every value of a parameter's first tensor.
  static func values(_ bound: BoundParameter) throws -> [Float] {
    let rows = bound.parameter.shape.dimensions.first ?? 1
    return try bound.matrices(rows: rows, order: .model).flatMap { $0.values() }
  }

  /// Files of different sources say so, and are otherwise the same.
  static func expectSameTensors(_ first: String, _ second: String) throws {
    let (first, second) = (try Checkpoint(path: first), try Checkpoint(path: second))
    #expect(first.tensors.map(\.description) == second.tensors.map(\.description))
    for (a, b) in zip(first.tensors, second.tensors) {
      #expect(a.bytes.elementsEqual(b.bytes), "\(a.name)")
    }
  }

  static let targets: [PackedTarget] = {
    let mlx = PackedTarget.mlxTypes.compactMap { try? PackedTarget.mlx(type: $0) }
    let tensors = PackedTarget.compressedTensorsTypes.flatMap { type in
      [true, false].compactMap {
        try? PackedTarget.compressedTensors(type: type, groupSize: 64, isSymmetric: $0)
      }
    }
    return mlx + tensors
  }()

  @Test("what is written reads back with the error that was reported", arguments: targets)
  func roundTrip(_ target: PackedTarget) throws {
    let folder = try TemporaryFolder()
    let original = try Self.open(Fixtures.path("stories260K"))
    let summary = try Self.quantize(original, target, into: folder)
    let written = try Self.open(Self.folder(of: summary))
    let reported = Dictionary(
      summary.tensors.map { ($0.name, $0.distortion) }, uniquingKeysWith: { a, _ in a })
    var packed = 0
    for (old, new) in zip(original.parameters, written.parameters) {
      #expect(old.parameter.role == new.parameter.role)
      let (x, y) = (try Self.values(old), try Self.values(new))
      let error = zip(x, y).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      let distortion = try #require(reported[new.tensors[0].name])
      // The bound of `Distortion`.
      #expect(abs(error - distortion.squaredError) <= 0x1p-20 * error, "\(old.parameter.role)")
      guard let weight = new.tensors[0].packed else {
        #expect(error == 0, "\(old.parameter.role)")
        continue
      }
      packed += 1
      #expect(weight.scheme.bits == target.bits && weight.scheme.groupSize == target.groupSize)
      // Scales have the dtype of the model.
      if target.offset != .none { #expect(weight.scaleTensor.encoding == .f32) }
    }
    // All matrices of the decoder but those with rows of 172, and its embeddings where loaders
    // unpack those.
    #expect(packed == (target.family == .mlx ? 5 * 6 + 1 : 5 * 6))
    #expect(summary.fallbacks.count == 5)
    #expect(try Self.logits(written).values.allSatisfy { $0.isFinite })
  }

  @Test("the bytes do not depend on the number of threads")
  func threads() throws {
    let model = try Self.open(Fixtures.path("stories260K"))
    let target = try PackedTarget.mlx(type: "4bit")
    let (one, two) = (try TemporaryFolder(), try TemporaryFolder())
    Parallel.limit(to: 1)
    let first = try Self.quantize(model, target, into: one)
    Parallel.limit(to: 0)
    let second = try Self.quantize(model, target, into: two)
    #expect(
      try TemporaryFolder.read(first.files[0].path)
        == TemporaryFolder.read(second.files[0].path))
  }

  @Test("rows that are no whole groups stay as they are, and the report names them")
  func fallback() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("stories260K"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit"), into: folder)
    let downs = summary.fallbacks
    #expect(downs.count == 5)
    for tensor in downs {
      #expect(tensor.name.hasSuffix("mlp.down_proj.weight") && tensor.storage == "F32")
      #expect(
        tensor.fallback?.contains("F32 instead of MLX 4-bit") == true)
      #expect(tensor.distortion.squaredError == 0)
    }
    #expect(summary.bitsPerWeight > 10 && summary.bitsPerWeight < 11)
  }

  @Test("a smaller group is taken where rows are whole groups of no larger one")
  func smallerGroup() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("stories260K"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit", groupSize: 128), into: folder)
    let tensor = try #require(summary.tensors.first { $0.name == "model.embed_tokens.weight" })
    #expect(tensor.storage == "MLX 4-bit, groups of 64")
    #expect(tensor.fallback?.contains("groups of 64 instead of 128") == true)
  }

  @Test("config.json says of each module how it is packed, or that it is not")
  func configuration() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("llava-tiny"))
    let summary = try Self.quantize(model, try .mlx(type: "mxfp4"), into: folder)
    let path = Self.folder(of: summary)
    let json = try JSON(
      parsing: String(
        decoding: try TemporaryFolder.read(path + "/config.json"), as: UTF8.self))
    let map = try #require(json["quantization"]?.object)
    #expect(json["quantization"] == json["quantization_config"])
    #expect(map["bits"] == 4 && map["group_size"] == 32 && map["mode"] == "mxfp4")
    #expect(json["vision_config"] == model.files.config?["vision_config"])
    for tensor in summary.tensors where tensor.shape.dimensions.count == 2 {
      let module = PackedEncoding.module(of: tensor.name)
      let entry = try #require(map[module])
      if tensor.storage == "BF16" {
        #expect(entry == false)
      } else {
        #expect(entry["mode"] == "mxfp4" && entry["bits"] == 4)
      }
    }
    let names = try Folder.names(in: path)
    for name in [
      "generation_config.json", "preprocessor_config.json", "tokenizer.model",
      "tokenizer_config.json",
    ] { #expect(names.contains(name)) }
  }

  @Test("names are MLX's, however the checkpoint has them")
  func names() throws {
    let copy = try FixtureCopy("llava-tiny")
    let prefixes = [
      ("language_model.model.", "model.language_model."), ("language_model.lm_head", "lm_head"),
      ("vision_tower.", "model.vision_tower."),
      ("multi_modal_projector.", "model.multi_modal_projector."),
    ]
    try copy.rewrite { tensors in
      for place in tensors.indices {
        let name = tensors[place].description.name
        guard let (old, new) = prefixes.first(where: { name.hasPrefix($0.0) }) else { continue }
        tensors[place].description.name = new + name.dropFirst(old.count)
      }
    }
    let folders = try (0..<2).map { _ in try TemporaryFolder() }
    let target = try PackedTarget.mlx(type: "4bit")
    let files = try zip([copy.path, Fixtures.path("llava-tiny")], folders).map { path, folder in
      try Self.quantize(try Self.open(path), target, into: folder).files[0].path
    }
    try Self.expectSameTensors(files[0], files[1])
    let names = try Checkpoint(path: files[0]).tensors.map(\.name)
    #expect(names.contains("language_model.lm_head.scales"))
    #expect(names.contains("vision_tower.vision_model.post_layernorm.weight"))
  }

  @Test("convolutions are stored channels last, and read back in order")
  func channels() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("llava-tiny"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit"), into: folder)
    let checkpoint = try Checkpoint(path: summary.files[0].path)
    let name = "vision_tower.vision_model.embeddings.patch_embedding.weight"
    #expect(checkpoint[name]?.shape == [256, 8, 8, 3])
    let written = try Self.open(Self.folder(of: summary))
    let bound = try #require(
      written.parameters.first { $0.parameter.role == "vision.patchEmbedding.patch" })
    let old = try #require(
      model.parameters.first { $0.parameter.role == "vision.patchEmbedding.patch" })
    #expect(try Self.values(bound) == Self.values(old))
  }

  @Test("a packed table of positions is used as any other")
  func positions() throws {
    let copy = try FixtureCopy("llava-tiny")
    let name = "vision_tower.vision_model.embeddings.position_embedding"
    try copy.rewrite { tensors in
      guard let place = tensors.firstIndex(where: { $0.description.name == name + ".weight" })
      else { return }
      var (codes, scales, biases) = (tensors[place], tensors[place], tensors[place])
      tensors.remove(at: place)
      codes.description.encoding = .u32
      codes.description.shape = [65, 256 / 8]
      codes.bytes = (0..<65 * 128).map { UInt8(truncatingIfNeeded: $0 * 37) }
      scales.description = TensorDescription(
        name: name + ".scales", encoding: .f32, shape: [65, 4])
      scales.bytes = (0..<65 * 4).flatMap { _ in [0, 0, 128, 58] as [UInt8] }
      biases = scales
      biases.description.name = name + ".biases"
      tensors += [codes, scales, biases]
    }
    try copy.replace(
      "\"model_type\": \"llava\"",
      with: "\"model_type\": \"llava\", \"quantization\": {\"group_size\": 64, \"bits\": 4}",
      in: "config.json")
    let model = try Self.open(copy.path)
    let processor = try #require(model.imageProcessor)
    let pixels = try processor.pixels(of: .init(path: Fixtures.path("images/coffee.png")))
    let packed = try ForwardPass(model).embeddings(of: [pixels])
    let folder = try TemporaryFolder()
    let plan = try ConversionPlan(safetensors: model, encoding: .f32, folder: folder.path)
    let expanded = try Self.open(Self.folder(of: try Converter(plan, of: model).run()))
    #expect(try ForwardPass(expanded).embeddings(of: [pixels]) == packed)
  }

  @Test("a GGUF has no configuration to write")
  func gguf() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("stories260K"))
    let recipe = try Recipe(named: "F16")
    let made = try Converter(
      try ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path), of: model
    ).run()
    let gguf = try Self.open(made.files[0].path)
    let error = try #require(
      throws: ConversionError.self,
      performing: { try Self.quantize(gguf, try .mlx(type: "4bit"), into: folder) })
    #expect(error.description.contains("a GGUF cannot become a folder for MLX"))
  }

  @Test("an expanded folder says nothing of packing, and has PyTorch's shapes")
  func expanded() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("llava-tiny"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit"), into: folder)
    let packed = try Self.open(Self.folder(of: summary))
    let plan = try ConversionPlan(safetensors: packed, encoding: .f32, folder: folder.path)
    let expanded = try Self.open(Self.folder(of: try Converter(plan, of: packed).run()))
    #expect(expanded.files.config?["quantization"] == nil)
    #expect(expanded.files.config?["quantization_config"] == nil)
    #expect(expanded.files.config?["vision_config"] == model.files.config?["vision_config"])
    for (old, new) in zip(packed.parameters, expanded.parameters) {
      #expect(new.tensors[0].shape == new.parameter.shape)
      #expect(try Self.values(old) == Self.values(new), "\(old.parameter.role)")
    }
  }

  @Test("the vision part of a packed folder gives the same GGUF as that of its source")
  func visionGGUF() throws {
    let folders = try (0..<2).map { _ in try TemporaryFolder() }
    let model = try Self.open(Fixtures.path("llava-tiny"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit"), into: folders[0])
    let packed = try Self.open(Self.folder(of: summary))
    let recipe = try Recipe(named: "F16")
    let files = try zip([model, packed], folders).map { model, folder in
      try Converter(
        try ConversionPlan(
          gguf: model, recipe: recipe, projectorRecipe: recipe, folder: folder.path), of: model
      ).run().files[1].path
    }
    let (one, two) = (try Checkpoint(path: files[0]), try Checkpoint(path: files[1]))
    #expect(one.tensors.map(\.description) == two.tensors.map(\.description))
    for (a, b) in zip(one.tensors, two.tensors) { #expect(a.bytes.elementsEqual(b.bytes)) }
  }

  @Test("a packed folder becomes a GGUF with the same values")
  func toGGUF() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("llava-tiny"))
    let summary = try Self.quantize(model, try .mlx(type: "4bit"), into: folder)
    let packed = try Self.open(Self.folder(of: summary))
    let recipe = try Recipe(named: "F32")
    let made = try Converter(
      try ConversionPlan(
        gguf: packed, recipe: recipe, projectorRecipe: recipe, folder: folder.path), of: packed
    ).run()
    #expect(made.tensors.allSatisfy { $0.distortion.squaredError == 0 })
    let gguf = try Self.open(made.files[0].path)
    #expect(try Self.logits(gguf) == Self.logits(packed))
  }
}
