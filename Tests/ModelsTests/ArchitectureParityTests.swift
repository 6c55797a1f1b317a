// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Fixtures
import LinearAlgebra
import Models
import Notation
import Tensors
import TestSupport
import Testing

/// Each declared family against transformers' class of it, on random parameters.
///
/// Widths are below 100 here, so two orders of summation part by less than √100 · 2⁻²⁴ in each of
/// at most ten products in a row: 6e-6 relative; 1e-5 is allowed. A mistake must be ten
/// times further off, or the fixture could not tell it from rounding.
struct ArchitectureParityTests {
  static let names = (try? FixtureCopy.families) ?? []
  static let tolerance = 1e-5

  /// The error of each intermediate and of the logits.
  private static func errors(
    of copy: FixtureCopy, beside name: String, declarations: [String] = []
  ) throws -> [String: Double] {
    let golden = try Checkpoint(path: Fixtures.path("architectures/\(name)/golden.safetensors"))
    let model = try Model(
      path: copy.path, library: try DeclarationLibrary(files: declarations))
    var traced: [String: (shape: Shape, values: [Float])] = [:]
    let tokens = try #require(golden["tokens"]).integers
    _ = try ForwardPass(model).logits([TokenSequence(tokens: tokens)]) { traced[$0] = ($1, $2) }
    var errors: [String: Double] = [:]
    for tensor in golden.tensors where tensor.name != "tokens" {
      let ours = try #require(traced[tensor.name], "\(tensor.name) was not traced")
      #expect(ours.shape == tensor.shape, "\(tensor.name)")
      errors[tensor.name] = ours.values.relativeDistance(from: tensor.floats)
    }
    return errors
  }

  @Test("there are fixtures")
  func present() { #expect(ArchitectureParityTests.names.count >= 14) }

  @Test("every intermediate equals that of transformers", arguments: names)
  func parity(name: String) throws {
    let errors = try ArchitectureParityTests.errors(
      of: try FixtureCopy(family: name), beside: name)
    #expect(errors.count >= 5)
    for (intermediate, error) in errors.sorted(by: { $0.key < $1.key }) {
      #expect(error <= ArchitectureParityTests.tolerance, "\(intermediate): \(error)")
    }
  }

  /// Families whose texts are seen as a whole.
  static let encoders: Set = ["bert"]

  /// Families whose first keys would turn otherwise once the text is long; what is kept of them stays
  /// as it is, here as in transformers.
  static let rotatedByLength: Set = ["phi3-longrope"]

  @Test(
    "going on token by token gives the same logits",
    arguments: names.filter { !encoders.union(rotatedByLength).contains($0) })
  func steps(name: String) throws {
    let golden = try Checkpoint(path: Fixtures.path("architectures/\(name)/golden.safetensors"))
    let tokens = try #require(golden["tokens"]).integers
    let copy = try FixtureCopy(family: name)
    let forward = try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    var state = forward.state(sequenceCount: 1)
    var logits = try forward.advance(&state, by: [TokenSequence(tokens: Array(tokens.prefix(4)))])
    for token in tokens.dropFirst(4) {
      logits = try forward.advance(&state, by: [TokenSequence(tokens: [token])])
    }
    let expected = try #require(golden["logits"]).floats.suffix(logits.columns)
    let error = logits.values.relativeDistance(from: Array(expected))
    #expect(error <= ArchitectureParityTests.tolerance, "\(error)")
  }

  @Test("an encoder of embeddings generates nothing", arguments: encoders.sorted())
  func embeddings(name: String) throws {
    let copy = try FixtureCopy(family: name)
    let forward = try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    let prompt = TokenSequence(tokens: [1, 5, 9])
    #expect(throws: ModelError.self) { try Generator(forward).answers(to: [prompt], limit: 1) }
    // Each text by itself, whatever stands beside it.
    let other = TokenSequence(tokens: [7, 8, 9, 10, 11])
    let both = try forward.logits([prompt, other])
    #expect(both.rows == 2)
    let alone = try forward.logits([other])
    #expect(Array(both.row(1)).relativeDistance(from: alone.values) <= 1e-6)
  }

  @Test("sentence-transformers' file says which tokens make the embedding")
  func pooling() throws {
    let copy = try FixtureCopy(family: "bert")
    func embedding() throws -> [Float] {
      try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
        .logits([TokenSequence(tokens: [1, 5, 9])]).values
    }
    let mean = try embedding()
    try copy.makeFolder("1_Pooling")
    try copy.write(
      Array(#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#.utf8),
      to: "1_Pooling/config.json")
    #expect(try embedding().relativeDistance(from: mean) > 0.01)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let model: String
    let what: String
    let changes: JSON
    var testDescription: String { "\(model): \(what)" }
  }

  static let mistakes: [Mistake] = names.flatMap { name -> [Mistake] in
    let path = Fixtures.path("architectures/\(name)/mistakes.json")
    guard let bytes = try? TemporaryFolder.read(path),
      let json = try? JSON(parsing: String(decoding: bytes, as: UTF8.self))
    else { return [] }
    return (json.object ?? JSON.Object()).map {
      Mistake(model: name, what: $0, changes: $1)
    }
  }

  @Test("each has mistakes to be told from", arguments: names)
  func covered(name: String) {
    #expect(ArchitectureParityTests.mistakes.contains { $0.model == name })
  }

  @Test("a mistake in the declaration shows", arguments: mistakes)
  func mistake(mistake: Mistake) throws {
    let copy = try FixtureCopy(family: mistake.model)
    let part = try #require(
      Model(path: copy.path, library: try DeclarationLibrary()).architecture.part(.language))
    var declaration = JSON.Object()
    declaration["name"] = .string("mistake")
    declaration["extends"] = .string(part.declaration.name)
    declaration["changes"] = mistake.changes
    try copy.write(Array(JSON.object(declaration).text().utf8), to: "mistake.architecture")
    let errors = try ArchitectureParityTests.errors(
      of: copy, beside: mistake.model, declarations: [copy.file("mistake.architecture")])
    let error = try #require(errors["logits"])
    #expect(error >= 10 * ArchitectureParityTests.tolerance, "\(error)")
  }
}
