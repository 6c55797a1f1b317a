// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import Notation
import Tensors
import TestSupport
import Testing

/// Packed weights of every family, with the values that the family's own package unpacks.
struct PackedWeightTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let config: JSON
    var testDescription: String { name }
    var path: String { Fixtures.path("packing/\(name).safetensors") }

    func configuration() throws -> PackingConfiguration {
      try PackingConfiguration(config: config, path: "config.json")
    }
  }

  static let cases: [Case] = {
    guard let text = try? TemporaryFolder.read(Fixtures.path("packing/cases.json")),
      let json = try? JSON(parsing: String(decoding: text, as: UTF8.self)),
      let cases = json["cases"]?.array
    else { return [] }
    return cases.compactMap { entry in
      guard let name = entry["name"]?.string, let config = entry["config"] else { return nil }
      return Case(name: name, config: config)
    }
  }()

  static func decoded(_ weight: PackedWeight, rows: Range<Int>) -> [Float] {
    [Float](unsafeUninitializedCapacity: rows.count * weight.columns) { buffer, count in
      count = rows.count * weight.columns
      weight.decode(
        rows: rows, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    }
  }

  static func expected(_ tensor: StoredTensor) -> [Float] {
    (0..<tensor.byteCount / 4).map {
      tensor.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
    }
  }

  @Test("the fixtures are there")
  func casesAreThere() { #expect(Self.cases.count >= 28) }

  @Test("a packed weight decodes to what its own package decodes, bit for bit", arguments: cases)
  func decodes(_ example: Case) throws {
    let stored = try Checkpoint(path: example.path)
    let checkpoint = try stored.unpacked(try example.configuration())
    #expect(checkpoint.tensors.map(\.name).sorted() == ["expected", "m.weight"])
    let tensor = try #require(checkpoint["m.weight"])
    let weight = try #require(tensor.packed)
    let expected = try #require(checkpoint["expected"])
    #expect(tensor.shape == expected.shape)
    let planes = stored.tensors.filter { $0.name != "expected" }
    #expect(tensor.totalByteCount == planes.reduce(0) { $0 + $1.byteCount })
    let values = Self.expected(expected)
    #expect(Self.decoded(weight, rows: 0..<weight.rows) == values)
    // Any part of the rows is the same as that part of all.
    let part = weight.rows / 3..<weight.rows - 1
    #expect(
      Self.decoded(weight, rows: part)
        == Array(values[part.lowerBound * weight.columns..<part.upperBound * weight.columns]))
  }

  @Test("without its configuration a packed weight is an error that names it", arguments: cases)
  func unknown(_ example: Case) throws {
    let checkpoint = try Checkpoint(path: example.path)
    let error = try #require(
      throws: CheckpointError.self,
      performing: {
        try checkpoint.unpacked(try PackingConfiguration(config: [:], path: "config.json"))
      })
    #expect(error.kind == .packingUnknown)
    #expect(error.description.contains("m.") && error.description.contains("config.json"))
  }

  @Test("without one of its planes it is an error that names it", arguments: cases)
  func missing(_ example: Case) throws {
    let optional: Set = ["m.g_idx", "m.global_scale", "m.weight_global_scale", "expected"]
    let tensors = try Checkpoint(path: example.path).tensors
    for left in tensors where !optional.contains(left.name) {
      // Without a zero point the codes are symmetric: only the configuration could tell.
      if left.name == "m.weight_zero_point" { continue }
      let folder = try TemporaryFolder()
      let rest = tensors.filter { $0.name != left.name }
      try Self.write(
        rest.map { ($0.description, Array($0.bytes)) }, to: folder.file("a.safetensors"))
      let checkpoint = try Checkpoint(path: folder.file("a.safetensors"))
      // Codes alone, or scales alone, are tensors that no architecture has a place for.
      guard let unpacked = try? checkpoint.unpacked(try example.configuration()) else { continue }
      #expect(unpacked["m.weight"]?.packed == nil, "without \(left.name)")
    }
  }

  @Test("a plane of another shape is an error", arguments: cases)
  func reshaped(_ example: Case) throws {
    let tensors = try Checkpoint(path: example.path).tensors
    for (place, changed) in tensors.enumerated() where changed.name != "expected" {
      guard let last = changed.shape.dimensions.last, last % 2 == 0, last > 0 else { continue }
      var parts = tensors.map { ($0.description, Array($0.bytes)) }
      parts[place].0.shape = Shape(
        Array(changed.shape.dimensions.dropLast()) + [last / 2]
          + (changed.shape.dimensions.count == 1 ? [2] : []))
      if changed.shape.dimensions.count > 1 {
        parts[place].1.removeLast(parts[place].1.count / 2)
      }
      let folder = try TemporaryFolder()
      try Self.write(parts, to: folder.file("a.safetensors"))
      let checkpoint = try Checkpoint(path: folder.file("a.safetensors"))
      let error = try #require(
        throws: CheckpointError.self,
        performing: { try checkpoint.unpacked(try example.configuration()) })
      #expect(error.kind == .packingMalformed, "\(error)")
      #expect(error.description.contains("expected"), "\(error)")
    }
  }

  static func write(_ tensors: [(TensorDescription, [UInt8])], to path: String) throws {
    let order = SafetensorsWriter.storageOrder(tensors.map(\.0))
    let writer = try SafetensorsWriter(path: path, metadata: [], tensors: order)
    for description in order {
      for tensor in tensors where tensor.0 == description {
        try tensor.1.withUnsafeBytes { try writer.append($0) }
      }
    }
    try writer.finish()
  }

  @Test("no damage to a configuration or a header brings the reader down", arguments: cases)
  func damage(_ example: Case) throws {
    let original = try TemporaryFolder.read(example.path)
    let text = Array(example.config.text().utf8)
    var random = SplitMix64(seed: 7)
    for round in 0..<60 {
      var (bytes, config) = (original, text)
      // Header numbers one digit off, or any byte of the planes; sometimes the configuration.
      for _ in 0..<2 {
        let place = Int.random(in: 8..<(round % 2 == 0 ? 700 : bytes.count), using: &random)
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place])
        bytes[place] = isDigit ? UInt8.random(in: 48...57, using: &random) : bytes[place] ^ 1
      }
      if round % 3 == 0 {
        let place = Int.random(in: 0..<config.count, using: &random)
        config[place] = UInt8.random(in: 32...126, using: &random)
      }
      Self.readThrough(bytes, config)
    }
  }

  private static func readThrough(_ bytes: [UInt8], _ config: [UInt8]) {
    guard let json = try? JSON(parsing: String(decoding: config, as: UTF8.self)),
      let configuration = try? PackingConfiguration(config: json, path: "config.json"),
      let folder = try? TemporaryFolder(),
      let path = try? folder.write(bytes, to: "a.safetensors"),
      let checkpoint = try? Checkpoint(path: path).unpacked(configuration)
    else { return }
    for tensor in checkpoint.tensors {
      guard let packed = tensor.packed, packed.rows > 0 else { continue }
      #expect(decoded(packed, rows: packed.rows - 1..<packed.rows).count == packed.columns)
    }
  }

  @Test(
    "a configuration that makes no sense is an error that says where",
    arguments: [
      (#"{"quantization": {"bits": 7, "group_size": 64}}"#, "bits"),
      (#"{"quantization": {"bits": 4, "group_size": 0}}"#, "group_size"),
      (#"{"quantization": {"bits": 4, "group_size": 64, "mode": "nf4"}}"#, "mode 'nf4'"),
      (#"{"quantization": {"bits": 4, "group_size": 64, "a.b": {"bits": 4}}}"#, "a.b"),
      (#"{"quantization_config": {"quant_method": "bitsandbytes"}}"#, "bitsandbytes"),
      (#"{"quantization_config": {"quant_method": "gptq", "bits": 5}}"#, "bits"),
      (
        #"{"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": -7}}"#,
        "group_size"
      ),
      (
        #"{"quantization_config": {"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}}"#,
        "marlin"
      ),
      (
        #"{"quantization_config": {"quant_method": "awq", "bits": 4, "version": "gemv"}}"#, "gemv"
      ),
      (
        #"{"quantization_config": {"quant_method": "compressed-tensors", "format": "sparse-24"}}"#,
        "sparse-24"
      ),
    ])
  func configurations(_ text: String, _ word: String) throws {
    let json = try JSON(parsing: text)
    let error = try #require(
      throws: CheckpointError.self,
      performing: { try PackingConfiguration(config: json, path: "config.json") })
    #expect(error.kind == .packingUnknown)
    #expect(error.description.hasPrefix("config.json: ") && error.description.contains(word))
  }

  @Test("files of older tools beside the checkpoint count where config.json says nothing")
  func legacy() throws {
    let cases: [(String, String)] = [
      ("gptq-v1-4bit", #"{"bits": 4, "group_size": 64, "desc_act": false, "sym": false}"#),
      (
        "awq-4bit",
        #"{"w_bit": 4, "q_group_size": 64, "zero_point": true, "version": "GEMM"}"#
      ),
    ]
    for (name, text) in cases {
      let checkpoint = try Checkpoint(path: Fixtures.path("packing/\(name).safetensors"))
      let configuration = try PackingConfiguration(
        config: [:], path: "config.json", legacy: (try JSON(parsing: text), "old.json"))
      let unpacked = try checkpoint.unpacked(configuration)
      let weight = try #require(unpacked["m.weight"]?.packed)
      let expected = try #require(unpacked["expected"])
      #expect(Self.decoded(weight, rows: 0..<weight.rows) == Self.expected(expected))
    }
  }
}
