// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import Preprocessing
import Testing

struct ImageProcessorTests {
  /// Those of FastVLM, whose images are padded to squares: strips among them.
  static let padded = (try? Golden.json("preprocessing/fastvlm.json")["processed"]?.array) ?? []

  @Test func `there are golden results`() {
    #expect(Golden.cases("processed").count >= 30)
    #expect(ImageProcessorTests.padded.count >= 12)
  }

  @Test(arguments: Golden.cases("processed") + padded + TokenBudgetTests.processed)
  func `a configuration gives the bits of transformers`(_ golden: JSON) throws {
    let processor = try ImageProcessor(configuration: #require(golden["configuration"]))
    let tensor = try processor.pixels(of: Image(path: Fixtures.path(golden.text("file"))))
    #expect(try [tensor.channels, tensor.height, tensor.width] == golden.integers("shape"))
    #expect(try crc32(tensor.values) == golden.integer("crc"))
  }

  @Test func `the tiny model's image becomes what the model saw`() throws {
    let processor = try ImageProcessor(
      configuration: Golden.json("mm1-tiny/preprocessor_config.json"))
    let image = try Image(path: Fixtures.path("mm1-tiny/evaluation/images/000.png"))
    let bytes = try Golden.bytes("preprocessing/000.clip.f32")
    let expected = stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
    #expect(try processor.pixels(of: image).values == expected)
  }

  @Test(arguments: [
    (#"{"do_image_splitting": true, "size": 4}"#, "do_image_splitting"),
    (#"{"image_processor_type": "CLIPImageProcessor", "patch_size": 14}"#, "patch_size"),
    (#"{"image_processor_type": "NewImageProcessor", "do_resize": true, "size": 64}"#, "resample"),
    (#"{"image_processor_type": "CLIPImageProcessor", "size": {"width": 3}}"#, "size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "size": {"longest_edge": 3}}"#, "size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "size": 0}"#, "size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "size": 1e300}"#, "size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "crop_size": {"a": 1}}"#, "crop_size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "crop_size": [1, 2, 3]}"#, "crop_size"),
    (#"{"image_processor_type": "CLIPImageProcessor", "resample": 9}"#, "resample"),
    (#"{"image_processor_type": "CLIPImageProcessor", "image_mean": [1, 2]}"#, "image_mean"),
    (#"{"image_processor_type": "CLIPImageProcessor", "image_std": [1, 0, 1]}"#, "normalize"),
    (#"{"image_processor_type": "CLIPImageProcessor", "do_resize": "yes"}"#, "do_resize"),
    (#"[]"#, "configuration"),
  ])
  func `a configuration that cannot be followed is refused`(
    _ text: String, _ key: String
  ) throws {
    let configuration = try JSON(parsing: text)
    let error = #expect(throws: ImageError.self) {
      try ImageProcessor(configuration: configuration)
    }
    #expect(error?.description.contains(key) == true, "\(error?.description ?? "")")
  }

  @Test func `an unknown type that says everything is followed`() throws {
    let text = """
      {"image_processor_type": "NewImageProcessor", "do_resize": true, "size": 8, "resample": 2,
       "do_normalize": true, "image_mean": 0.5, "image_std": 0.5, "do_flip": false, "min": null}
      """
    let processor = try ImageProcessor(configuration: JSON(parsing: text))
    #expect(
      processor.steps == [
        .resize(.exact(width: 8, height: 8), .bilinear), .rescale(1 / 255),
        .normalize(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5]),
      ])
  }

  @Test(
    arguments: [
      [.rescale(1), .centerCrop(width: 2, height: 2)],
      [.padWithZeros(width: 2, height: 2), .rescale(1)],
      [.centerCrop(width: 0, height: 2)], [.resize(.shortestEdge(-1), .box)],
      [.resize(.exact(width: .max, height: 2), .box)], [.rescale(.infinity)],
      [.normalize(mean: [0], deviation: [1])],
      [.normalize(mean: [0, 0, 0], deviation: [1, 1e-300, 1])],
    ] as [[ImageStep]])
  func `steps that make no sense are refused`(_ steps: [ImageStep]) {
    #expect(throws: ImageError.self) { try ImageProcessor(steps: steps) }
  }

  @Test func `an image that does not fit its frame is refused`() throws {
    let processor = try ImageProcessor(steps: [.padWithZeros(width: 4, height: 4)])
    #expect(throws: ImageError.self) { try processor.pixels(of: pattern(width: 5, height: 1)) }
  }

  @Test func `a long thin image that would become too long is refused`() throws {
    let processor = try ImageProcessor(steps: [.resize(.shortestEdge(1 << 20), .nearest)])
    #expect(throws: ImageError.self) { try processor.pixels(of: pattern(width: 1, height: 900)) }
  }
}
