// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import Notation
import Preprocessing
import TestSupport
import Testing

/// Where a folder keeps the settings of its image processor.
struct ImageProcessorFilesTests {
  private static let settings: JSON = {
    let bytes = try? TemporaryFolder.read(Fixtures.path("preprocessing/saved.json"))
    return (try? JSON(parsing: String(decoding: bytes ?? [], as: UTF8.self))) ?? .null
  }()

  private static func write(_ processor: JSON, to copy: FixtureCopy) throws {
    let whole: JSON = ["processor_class": "Any", "image_processor": processor]
    try copy.write(Array(whole.text().utf8), to: "processor_config.json")
  }

  @Test(
    "settings as Transformers 5 saves them mean the same as those that it read",
    arguments: settings.object?.keys ?? [])
  func saved(family: String) throws {
    let copy = try FixtureCopy(visionLanguage: family)
    let before = try Model(path: copy.path, library: try DeclarationLibrary())
    copy.remove("preprocessor_config.json")
    #expect(throws: ModelError.self) {
      try Model(path: copy.path, library: try DeclarationLibrary())
    }
    try Self.write(try #require(Self.settings[family]), to: copy)
    let after = try Model(path: copy.path, library: try DeclarationLibrary())
    #expect(before.imageProcessor != nil && before.imageProcessor == after.imageProcessor)
  }

  @Test("a GGUF keeps them") func gguf() throws {
    let copy = try FixtureCopy(visionLanguage: "smolvlm")
    copy.remove("preprocessor_config.json")
    try Self.write(try #require(Self.settings["smolvlm"]), to: copy)
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let text = try model.ggufMetadata(for: [.vision, .connector])["pare.image_processor"]?.string
    #expect(text?.contains("SmolVLMImageProcessor") ?? false)
  }

  @Test("settings were saved of many families") func present() {
    #expect(Self.settings.object?.count ?? 0 >= 13)
  }

  @Test("settings in processor_config.json count before those of preprocessor_config.json")
  func both() throws {
    let copy = try FixtureCopy(visionLanguage: "llava-siglip")
    let before = try Model(path: copy.path, library: try DeclarationLibrary()).imageProcessor
    var other = try #require(Self.settings["llava-siglip"]?.object)
    other["resample"] = 2
    try Self.write(.object(other), to: copy)
    let after = try Model(path: copy.path, library: try DeclarationLibrary()).imageProcessor
    #expect(before != after)
    // A file of Transformers 4 has no such settings.
    try copy.write(Array(#"{"image_seq_length": 576}"#.utf8), to: "processor_config.json")
    #expect(try Model(path: copy.path, library: try DeclarationLibrary()).imageProcessor == before)
    // What is wrong there is named with its file.
    other["resample"] = 9
    try Self.write(.object(other), to: copy)
    let error = #expect(throws: ModelError.self) {
      try Model(path: copy.path, library: try DeclarationLibrary())
    }
    #expect(error?.description.contains("processor_config.json") ?? false)
    #expect(error?.description.contains("preprocessor_config.json") == false)
  }
}
