// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import Preprocessing
import TestSupport
import Testing

/// FastVLM's encoder where its configuration, or its declaration, does not fit.
struct ConvolutionBlockTests {
  private static func errors(
    _ family: String, _ old: String, _ new: String
  ) throws -> String {
    let copy = try FixtureCopy(visionLanguage: family)
    try copy.replace(old, with: new, in: "config.json")
    let error = #expect(throws: ModelError.self) {
      try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    }
    return error?.description ?? ""
  }

  @Test(
    "a configuration that cannot be computed is refused, with the field",
    arguments: [
      ("fastvlm", "fastvit_mci3", "fastvit_mci4", "architecture"),
      ("fastvlm", "\"inference_mode\": true", "\"inference_mode\": false", "inference_mode"),
      (
        "fastvlm", "\"inference_mode\": true",
        "\"inference_mode\": true, \"lkc_use_act\": false", "lkc_use_act"
      ),
      ("fastvlm-published", "mlp2x_gelu", "linear", "mm_projector_type"),
      ("fastvlm-published", "\"pad\"", "\"anyres\"", "image_aspect_ratio"),
      ("fastvlm-published", "mobileclip_l_1024", "openai/clip", "model_type"),
    ])
  func refusals(family: String, old: String, new: String, word: String) throws {
    let message = try ConvolutionBlockTests.errors(family, old, new)
    #expect(message.contains(word), "\(message)")
  }

  /// A declaration of the encoder with a change.
  private static func changed(_ change: String) throws -> String {
    let copy = try FixtureCopy(visionLanguage: "fastvlm")
    let text = """
      {"name": "fastvithd-vision-2", "extends": "fastvithd-vision", "changes": {\(change)}}
      """
    try copy.write(Array(text.utf8), to: "part.json")
    let composition = """
      {"name": "changed", "extends": "fastvlm",
       "changes": {"parts.vision.declaration": "fastvithd-vision-2"}}
      """
    try copy.write(Array(composition.utf8), to: "whole.json")
    let library = try DeclarationLibrary(files: [copy.file("part.json"), copy.file("whole.json")])
    let error = #expect(throws: ModelError.self) {
      try ForwardPass(Model(path: copy.path, library: library))
    }
    return error?.description ?? ""
  }

  @Test(
    "settings and tensors that do not fit each other are named",
    arguments: [
      (#""steps.first.stride": 0"#, "stride"), (#""steps.first.stride": 1000"#, "kernel"),
      (#""steps.pixels.channels": 4"#, "sizes of its tensors"),
      (#""steps.layers.convolutionFeedForward.stride": 2"#, "stride"),
      (#""steps.layers.convolutionFeedForward.epsilon": -100"#, "variance"),
      (#""steps.first.activation": "'sine'""#, "sine"),
    ])
  func settings(change: String, word: String) throws {
    let message = try ConvolutionBlockTests.changed(change)
    #expect(message.contains(word), "\(message)")
  }

  @Test("an image of other channels is refused")
  func channels() throws {
    let copy = try FixtureCopy(visionLanguage: "fastvlm")
    let forward = try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    let grey = PixelTensor(
      channels: 1, height: 64, width: 64, values: [Float](repeating: 0, count: 64 * 64))
    #expect(throws: ModelError.self) { try forward.embeddings(of: [grey]) }
  }

  @Test("images of any size become a token for each 64 x 64 pixels, begun ones included")
  func sizes() throws {
    let copy = try FixtureCopy(visionLanguage: "fastvlm")
    let forward = try ForwardPass(Model(path: copy.path, library: try DeclarationLibrary()))
    for (height, width) in [(1, 1), (64, 65), (130, 40)] {
      let image = PixelTensor(
        channels: 3, height: height, width: width,
        values: [Float](repeating: 0.5, count: 3 * height * width))
      let embedding = try #require(forward.embeddings(of: [image]).first)
      #expect(embedding.grid == Grid(rows: (height + 63) / 64, columns: (width + 63) / 64))
    }
  }
}
