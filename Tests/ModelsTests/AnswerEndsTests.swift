// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import TestSupport
import Testing
import Tokenizers

struct AnswerEndsTests {
  private static func open(_ path: String) throws -> Model {
    try Model(path: path, library: try DeclarationLibrary())
  }

  @Test(
    "generation_config.json counts before config.json, and that before the tokenizer",
    arguments: [
      (#"{"eos_token_id": 7}"#, "5", [7]), (#"{"eos_token_id": [7, 2, 7]}"#, "5", [7, 2]),
      (#"{"eos_token_id": null}"#, "5", [5]), (#"{}"#, "[5, 6]", [5, 6]), (nil, "5", [5]),
      (nil, "null", [2]),
      // No such pieces.
      (#"{"eos_token_id": [7, 512, -1]}"#, "5", [7]),
    ] as [(String?, String, [Int])])
  func folder(generation: String?, config: String, ends: [Int]) throws {
    let copy = try FixtureCopy("stories260K")
    if let generation { try copy.write(Array(generation.utf8), to: "generation_config.json") }
    try copy.replace(
      "\"eos_token_id\": 2", with: "\"eos_token_id\": \(config)", in: "config.json")
    let found = try Self.open(copy.path).answerEnds
    #expect(found.named == ends)
    #expect(found.all == Set(ends))
  }

  @Test("a file that is no JSON is named")
  func malformed() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.write(Array("[".utf8), to: "generation_config.json")
    let error = #expect(throws: ModelError.self) { try Self.open(copy.path) }
    #expect(error?.description.contains("generation_config.json") == true)
  }

  @Test("of a GGUF, ends are three ids, and pieces that engines know")
  func gguf() throws {
    let folder = try TemporaryFolder()
    let model = try Self.open(Fixtures.path("stories260K"))
    var metadata = try model.ggufMetadata(for: [.language])
    metadata["tokenizer.ggml.eot_token_id"] = .uint32(5)
    metadata["tokenizer.ggml.eom_token_id"] = .uint32(6)
    var pieces = model.tokenizer.vocabulary.pieces
    pieces[400] = "<|im_end|>"
    metadata["tokenizer.ggml.tokens"] = .array(GGUFArray(pieces))
    let file = folder.file("model.gguf")
    let tensors = model.parameters.map { ($0.parameter.ggufName, $0.tensors[0]) }
    let writer = try GGUFWriter(
      path: file, metadata: metadata,
      tensors: tensors.map { name, tensor in
        TensorDescription(name: name, encoding: tensor.encoding, shape: tensor.shape)
      })
    for (_, tensor) in tensors { try writer.append(tensor.bytes) }
    try writer.finish()
    let ends = try Self.open(file).answerEnds
    #expect(ends.named == [2, 5, 6])
    #expect(ends.all == [2, 5, 6, 400])
  }

  @Test("an end that engines would not know goes into a GGUF, and no other")
  func carried() throws {
    let copy = try FixtureCopy("stories260K")
    for (ends, endOfTurn) in [("[2, 9]", 9), ("2", nil), ("[2]", nil)] as [(String, Int?)] {
      try copy.write(Array("{\"eos_token_id\": \(ends)}".utf8), to: "generation_config.json")
      let metadata = try Self.open(copy.path).ggufMetadata(for: [.language])
      #expect(metadata["tokenizer.ggml.eot_token_id"]?.integer == endOfTurn)
    }
  }
}
