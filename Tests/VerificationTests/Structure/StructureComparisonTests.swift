// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import Tensors
import TestSupport
import Testing
import Verification

struct StructureComparisonTests {
  private static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  private static func compare(_ reference: Model, _ candidate: Model) throws -> StructureReport {
    try StructureComparison(reference: reference, candidate: candidate).run()
  }

  /// A copy of a small model with one tensor's values changed.
  private static func changed(
    _ name: String, _ change: (inout [Float]) -> Void
  ) throws -> (copy: FixtureCopy, report: StructureReport) {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      let place = try #require(tensors.firstIndex { $0.description.name == name })
      var values = tensors[place].bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
      change(&values)
      tensors[place].bytes = values.withUnsafeBytes { Array($0) }
    }
    let report = try compare(try open(Fixtures.path("stories260K")), try open(copy.path))
    return (copy, report)
  }

  private static let matrix = "model.layers.2.self_attn.o_proj.weight"

  @Test(
    "a model differs from itself in nothing, and every parameter was looked at",
    arguments: ["mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K"])
  func itself(name: String) throws {
    let model = try Self.open(Fixtures.path(name))
    let report = try Self.compare(model, model)
    #expect(report.findings.isEmpty, "\(report.findings.map(\.sentence))")
    let used = model.parameters.count { $0.parameter.isUsed }
    for check in [Finding.Check.tensors, .shapes, .dtypes, .nonFinite, .range] {
      #expect(report.entries.first { $0.check == check }?.count == used)
    }
  }

  @Test(
    "values times a factor are told from noise, whatever the factor",
    arguments: [-1, 0.01, 0.5, 0.9, 1.1, 1.5, 2, 128] as [Float])
  func factors(factor: Float) throws {
    let report = try Self.changed(Self.matrix) { values in
      for i in values.indices { values[i] *= factor }
    }.report
    #expect(report.errors.count == 1 && report.warnings.isEmpty)
    let sentence = try #require(report.errors.first).sentence
    #expect(sentence.hasPrefix("range: language.attention.output, layer 2"), "\(sentence)")
    #expect(sentence.contains("the original's times \(factor)"), "\(sentence)")
  }

  @Test(
    "noise of the size that few bits make is no error, and more is",
    arguments: [(0.01, 0), (0.1, 0), (0.3, 0), (0.6, 0), (1.2, 1)] as [(Float, Int)])
  func noise(share: Float, errors: Int) throws {
    let report = try Self.changed(Self.matrix) { values in
      var generator = SplitMix64(seed: 7)
      let noise = generator.normal(values.count)
      // Scales go with the rows, and so does the noise.
      for start in stride(from: 0, to: values.count, by: 64) {
        let energy = values[start..<start + 64].reduce(0) { $0 + $1 * $1 }
        let deviation = (energy / 64).squareRoot()
        for i in start..<start + 64 { values[i] += share * deviation * noise[i] }
      }
    }.report
    #expect(report.errors.count == errors, "\(report.findings.map(\.sentence))")
  }

  @Test("rows with factors of their own are noticed: another layer may undo them, or none does")
  func channelScales() throws {
    let report = try Self.changed(Self.matrix) { values in
      for i in values.indices where (i / 64) % 3 != 0 { values[i] *= (i / 64) % 3 == 1 ? 0.6 : 1.7 }
    }.report
    #expect(report.errors.isEmpty && report.warnings.count == 1)
    #expect(report.warnings.first?.found == "42 of 64 rows times other factors")
  }

  @Test("signs alone, the coarsest type, are near enough")
  func signs() throws {
    let report = try Self.changed(Self.matrix) { values in
      for start in stride(from: 0, to: values.count, by: 64) {
        let mean = values[start..<start + 64].reduce(0) { $0 + abs($1) } / 64
        for i in start..<start + 64 { values[i] = values[i] < 0 ? -mean : mean }
      }
    }.report
    #expect(report.findings.isEmpty, "\(report.findings.map(\.sentence))")
  }

  @Test("a row is found, but for one that was next to zero already")
  func rows() throws {
    let lost = try Self.changed(Self.matrix) { values in
      for i in 64 * 5..<64 * 6 { values[i] = 0 }
    }.report
    #expect(lost.errors.map(\.found) == ["1 of 64 rows no nearer than zeros, the first 5"])
    let copy = try Self.changed(Self.matrix) { values in
      for i in 64 * 5..<64 * 6 { values[i] *= 1e-6 }
    }.copy
    let original = try Self.open(copy.path)
    try copy.rewrite { tensors in
      let place = try #require(tensors.firstIndex { $0.description.name == Self.matrix })
      for byte in 64 * 5 * 4..<64 * 6 * 4 { tensors[place].bytes[byte] = 0 }
    }
    #expect(try Self.compare(original, try Self.open(copy.path)).findings.isEmpty)
  }

  @Test("an output layer that is a copy of the table is that of a tied model, another is not")
  func tied() throws {
    let tied = try Self.open(Fixtures.path("stories260K"))
    for (name, errors) in [("model.embed_tokens.weight", 0), ("model.norm.weight", 1)] {
      let copy = try FixtureCopy("stories260K")
      try copy.replace(
        "\"tie_word_embeddings\": true", with: "\"tie_word_embeddings\": false", in: "config.json")
      try copy.rewrite { tensors in
        var output = try #require(
          tensors.first { $0.description.name == "model.embed_tokens.weight" })
        output.description.name = "lm_head.weight"
        let source = try #require(tensors.first { $0.description.name == name })
        output.bytes = (0..<output.bytes.count).map { source.bytes[$0 % source.bytes.count] }
        tensors.append(output)
      }
      let untied = try Self.open(copy.path)
      for (a, b) in [(tied, untied), (untied, tied)] {
        let report = try Self.compare(a, b)
        #expect(report.errors.count == errors, "\(report.findings.map(\.sentence))")
        #expect(report.errors.allSatisfy { $0.subject.hasPrefix("language.output.output") })
      }
    }
  }

  @Test("a bias that was left out is missed, and one that came in is seen")
  func biases() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      for layer in [0, 3] {
        tensors.append(
          FixtureCopy.Tensor(
            description: TensorDescription(
              name: "model.layers.\(layer).mlp.down_proj.bias", encoding: .f32, shape: [64]),
            bytes: [UInt8](repeating: 0x3F, count: 256)))
      }
    }
    let (with, without) = (
      try Self.open(copy.path), try Self.open(Fixtures.path("stories260K"))
    )
    let missing = try Self.compare(with, without).errors
    #expect(missing.map(\.subject) == ["language.feedForward.down.bias, 2 layers from 0 to 3"])
    #expect(missing.map(\.found) == ["none"])
    #expect(try Self.compare(without, with).errors.map(\.expected) == ["no tensor"])
  }

  @Test("what alone is kept in F32 must not be narrowed unseen")
  func narrowing() throws {
    let wide = try FixtureCopy("llava-tiny")
    let name = "multi_modal_projector.linear_2.weight"
    try wide.rewrite { tensors in
      let place = try #require(tensors.firstIndex { $0.description.name == name })
      let bytes = tensors[place].bytes
      tensors[place].description.encoding = .f32
      // A few bits more than BF16 holds.
      tensors[place].bytes = (0..<bytes.count / 2).flatMap {
        [0x55, 0x55, bytes[2 * $0], bytes[2 * $0 + 1]]
      }
    }
    let narrow = try Self.open(Fixtures.path("llava-tiny"))
    let report = try Self.compare(try Self.open(wide.path), narrow)
    #expect(report.errors.isEmpty)
    #expect(report.warnings.count == 1)
    let sentence = try #require(report.warnings.first).sentence
    #expect(sentence.hasPrefix("dtypes: connector.") && sentence.contains(name), "\(sentence)")
    #expect(sentence.contains("expected F32, found BF16"))
    // The other way round nothing is lost, and a model in F32 throughout is meant to be narrowed.
    #expect(try Self.compare(narrow, try Self.open(wide.path)).findings.isEmpty)
  }

  @Test("models that have nothing in common are compared to the end")
  func strangers() throws {
    let names = ["mm1-tiny", "mm1-moe-tiny", "llava-tiny", "stories260K"]
    let models = try names.map { try Self.open(Fixtures.path($0)) }
    for a in models {
      for b in models where a.name != b.name {
        #expect(try !Self.compare(a, b).errors.isEmpty, "\(a.name), \(b.name)")
      }
    }
  }
}
