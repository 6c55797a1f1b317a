// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Formats
import Foundation
import Notation
import TestSupport
import Testing

@testable import Models

struct DeclarationTests {
  @Test("every declaration in the folder is embedded under its file's name")
  func embedded() throws {
    let folder = URL(fileURLWithPath: Fixtures.path("../Formats/Architectures"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".json") }
    #expect(Set(Formats.architectures.map { $0.name + ".json" }) == Set(files))
    let library = try DeclarationLibrary()
    #expect(
      Set(library.parts.map(\.name) + library.compositions.map(\.name))
        == Set(Formats.architectures.map(\.name)))
    for part in library.parts { #expect(try library.declaration(of: part).name == part.name) }
    for (name, text) in Formats.architectures {
      #expect(text == Array(try Data(contentsOf: folder.appending(path: name + ".json"))))
    }
    #expect(library.part(named: "clip_vision_model")?.name == "clip-vision")
    #expect(library.part(named: "c-abstractor")?.kind == .connector)
    #expect(library.part(named: "nothing") == nil)
  }

  /// A part with everything that must be there, to break one thing at a time.
  static let minimal = """
    {
      "name": "test", "part": "language", "match": { "model_type": ["test"] },
      "hyperparameters": { "size": { "config": "hidden_size", "default": 8 } },
      "gguf": { "architecture": "'test'" },
      "steps": [
        { "block": "embedding",
          "tensors": { "table": { "name": "embed", "gguf": "token_embd", "shape": [16, "size"] } } },
        { "block": "output", "tensors": {} }
      ]
    }
    """

  @Test(
    "a mistake is named with its place",
    arguments: [
      (
        #""part": "language""#, #""part": "speech""#, "part: expected vision, connector or language"
      ),
      (#""block": "output""#, #""block": "outputs""#, "steps[1]: there is no block 'outputs'"),
      (#""tensors": {} }"#, #""tensor": {} }"#, "'tensor' is not known here"),
      (#""table": {"#, #""tabel": {"#, "steps[0].tensors.tabel"),
      (#""shape": [16, "size"]"#, #""shape": [16, "size +"]"#, "shape[1]"),
      (#""shape": [16, "size"]"#, #""shapes": [16]"#, "'shapes' is not known here"),
      (#""default": 8"#, #""defualt": 8"#, "hyperparameters.size: 'defualt'"),
      (#""config": "hidden_size","#, #""config": 5,"#, "hyperparameters.size.config"),
      (#""name": "embed""#, #""name": "embed.{layer""#, "a brace is not closed"),
      (#""match":"#, #""matches": {}, "match":"#, "'matches' is not known here"),
      (#""name": "test","#, #""name": "test", "extends": "nobody","#, "there is no declaration"),
      (#""match":"#, #""mlx": {"config": [{"set": "a"}]}, "match":"#, "a member 'to'"),
      (#""match":"#, #""mlx": {"config": [{"set": "a", "to": "b +"}]}, "match":"#, "config[0].to"),
      (
        #""match":"#, #""mlx": {"config": [{"set": "a", "copy": "b", "to": 1}]}, "match":"#,
        "expected 'copy' without"
      ),
      (#""match":"#, #""mlx": {"names": 3}, "match":"#, "mlx.names"),
    ])
  func mistakes(old: String, new: String, word: String) throws {
    let folder = try TemporaryFolder()
    let range = try #require(DeclarationTests.minimal.firstRange(of: old))
    var text = DeclarationTests.minimal
    text.replaceSubrange(range, with: new)
    let path = try folder.write(Array(text.utf8), to: "test.json")
    let error = #expect(throws: ModelError.self) { try DeclarationLibrary(files: [path]) }
    #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
  }

  @Test("the whole of it is read")
  func whole() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(DeclarationTests.minimal.utf8), to: "test.json")
    let library = try DeclarationLibrary(files: [path])
    #expect(library.part(named: "test") != nil)
    #expect(library.knownModelTypes.contains("test"))
  }

  @Test(
    "changes lead somewhere, or are refused",
    arguments: [
      (#"{"hyperparameters.size.default": 9}"#, nil), (#"{"steps.embedding.trace": "e"}"#, nil),
      (#"{"steps+": {"block": "output", "tensors": {}}}"#, nil),
      (#"{"gguf.metadata.{architecture}.a.b": {"u32": "size"}}"#, nil),
      (#"{"steps.layers.trace": "x"}"#, "'steps.layers.trace' leads nowhere"),
      (#"{"steps.attention.window": "4"}"#, "leads nowhere"),
      (#"{"name.first": "x"}"#, "leads nowhere"),
    ] as [(String, String?)])
  func changes(changes: String, word: String?) throws {
    let folder = try TemporaryFolder()
    let base = try folder.write(Array(DeclarationTests.minimal.utf8), to: "test.json")
    let derived = """
      {"name": "derived", "extends": "test", "changes": \(changes)}
      """
    let path = try folder.write(Array(derived.utf8), to: "derived.json")
    guard let word else {
      #expect(try DeclarationLibrary(files: [base, path]).part(named: "derived") != nil)
      return
    }
    let error = #expect(throws: ModelError.self) { try DeclarationLibrary(files: [base, path]) }
    #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
  }

  @Test("declarations that extend each other in a circle are refused")
  func circle() throws {
    let folder = try TemporaryFolder()
    let paths = try [("a", "b"), ("b", "a")].map { name, base in
      try folder.write(
        Array(#"{"name": "\#(name)", "extends": "\#(base)"}"#.utf8), to: "\(name).json")
    }
    let error = #expect(throws: ModelError.self) { try DeclarationLibrary(files: paths) }
    #expect(error?.description.contains("circle") ?? false)
  }

  @Test("a family of known blocks needs no more than a file")
  func newFamily() throws {
    // The same weights under names of their own.
    let copy = try FixtureCopy("stories260K")
    try copy.rewrite { tensors in
      for i in tensors.indices {
        tensors[i].description.name = tensors[i].description.name
          .replacing("model.layers.", with: "decoder.block_").replacing("self_attn.", with: "mix.")
      }
    }
    try copy.replace(
      #""model_type": "llama""#, with: #""model_type": "storyteller""#, in: "config.json")
    let declaration = """
      {
        "name": "storyteller", "extends": "llama",
        "changes": {
          "match": { "model_type": ["storyteller"] },
          "steps.layers.name": "decoder.block_{layer}.",
          "steps.layers.attention.tensors.query.name": "mix.q_proj",
          "steps.layers.attention.tensors.key.name": "mix.k_proj",
          "steps.layers.attention.tensors.value.name": "mix.v_proj",
          "steps.layers.attention.tensors.output.name": "mix.o_proj"
        }
      }
      """
    let file = copy.file("storyteller.architecture")
    try copy.write(Array(declaration.utf8), to: "storyteller.architecture")
    #expect(throws: ModelError.self) {
      try Model(path: copy.path, library: try DeclarationLibrary())
    }
    let library = try DeclarationLibrary(files: [file])
    let renamed = try ForwardPass(Model(path: copy.path, library: library))
    let original = try ForwardPass(Model(path: Fixtures.path("stories260K"), library: library))
    let sequence = TokenSequence(tokens: [1, 40, 300, 7])
    #expect(try renamed.logits([sequence]) == original.logits([sequence]))
  }
}
