// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Fixtures
import Notation
import Preprocessing
import Testing

/// Images on both back ends of transformers' processors: `Fixtures/preprocessing/backends.json`.
struct BackendTests {
  private static let golden = (try? Golden.json("preprocessing/backends.json")) ?? .null
  static let processed = golden["processed"]?.array ?? []
  static let resized = golden["resized"]?.array ?? []

  private static func arithmetic(_ entry: JSON) throws -> ResamplingArithmetic {
    let names: [String: ResamplingArithmetic] = [
      "pil": .pillow, "torchvision": .torchBytes, "torchvision-float": .torchFloats,
    ]
    return try #require(names[entry.text("backend")])
  }

  @Test func `there are golden results`() {
    #expect(BackendTests.processed.count >= 20)
    #expect(BackendTests.resized.count >= 200)
  }

  @Test func `the processor of each family is held to goldens of a pixel and of strips`() throws {
    var files: [String: Set<String>] = [:]
    func name(_ configuration: JSON?) -> Substring? {
      let type = configuration?["image_processor_type"] ?? configuration?["feature_extractor_type"]
      return type?.string.flatMap { type in
        ["ImageProcessor", "FeatureExtractor"].lazy.compactMap { type.firstRange(of: $0) }.first
          .map { type[..<$0.lowerBound] }
      }
    }
    for golden in ["fastvlm", "gemma4", "lfm2vl", "mm1"] {
      for entry in try Golden.json("preprocessing/\(golden).json")["processed"]?.array ?? [] {
        files[String(name(entry["configuration"]) ?? ""), default: []].insert(
          try entry.text("file"))
      }
    }
    for entry in BackendTests.processed {
      for result in entry["results"]?.array ?? [] {
        files[String(name(entry["configuration"]) ?? ""), default: []].insert(
          try result.text("file"))
      }
    }
    let families = try Folder.names(in: Fixtures.path("vision-language")).filter {
      $0 != "README.md"
    }
    #expect(families.count >= 25)
    for family in families {
      let type = try #require(
        name(try Golden.json("vision-language/\(family)/preprocessor_config.json")), "\(family)")
      for file in ["one", "tall", "wide"] {
        #expect(
          files[String(type)]?.contains("preprocessing/\(file).png") ?? false,
          "\(family): \(type), \(file)")
      }
    }
  }

  @Test(arguments: processed)
  func `processors give the bits of transformers, also of pixels and strips`(
    _ golden: JSON
  ) throws {
    let configuration = try #require(golden["configuration"])
    let results = try #require(golden["results"]?.array)
    for result in results {
      let processor = try ImageProcessor(
        configuration: configuration, arithmetic: BackendTests.arithmetic(result))
      let image = try Image(path: Fixtures.path(result.text("file")))
      guard let sizes = result["sizes"]?.array else {
        #expect(throws: ImageError.self, "\(result.text())") { try processor.pixels(of: image) }
        continue
      }
      let pixels = try processor.pixels(of: image)
      #expect(
        pixels.parts.map { [$0.height, $0.width] }
          == sizes.map { $0.array?.compactMap(\.integer) }, "\(result.text())")
      #expect(try crc32(pixels.values) == result.integer("crc"), "\(result.text())")
    }
  }

  @Test(arguments: resized)
  func `resizing gives the bits of PyTorch`(_ golden: JSON) throws {
    let image = try Image(path: Fixtures.path(golden.text("file")))
    let filter = try #require(ResamplingFilter(rawValue: golden.integer("filter")))
    let resized = try image.resized(
      width: golden.integer("width"), height: golden.integer("height"), filter: filter,
      arithmetic: BackendTests.arithmetic(golden))
    #expect(try crc32(resized.pixels) == golden.integer("crc"))
  }

  @Test(arguments: ResamplingArithmetic.allCases)
  func `one colour stays that colour`(_ arithmetic: ResamplingArithmetic) throws {
    let image = Image(
      width: 13, height: 7, pixels: (0..<91).flatMap { _ in [3, 129, 255] as [UInt8] })
    for (width, height) in [(13, 7), (5, 3), (40, 29), (1, 50)] {
      for filter in [ResamplingFilter.nearest, .lanczos, .bilinear, .bicubic] {
        let resized = try image.resized(
          width: width, height: height, filter: filter, arithmetic: arithmetic)
        #expect(
          stride(from: 0, to: resized.pixels.count, by: 3).allSatisfy {
            Array(resized.pixels[$0..<$0 + 3]) == [3, 129, 255]
          })
      }
    }
  }

  @Test(arguments: [ResamplingArithmetic.torchBytes, .torchFloats])
  func `filters that PyTorch lacks are refused`(_ arithmetic: ResamplingArithmetic) throws {
    for filter in [ResamplingFilter.box, .hamming] {
      let steps = [ImageStep.resize(.exact(width: 2, height: 2), filter)]
      #expect(throws: Never.self) { try ImageProcessor(steps: steps) }
      #expect(throws: ImageError.self) {
        try ImageProcessor(steps: steps, arithmetic: arithmetic)
      }
    }
  }

  @Test func `the arithmetics differ, by a level in most places`() throws {
    let image = try Image(path: Fixtures.path("images/chelsea.png"))
    let all = try ResamplingArithmetic.allCases.map {
      try image.resized(width: 100, height: 70, filter: .bilinear, arithmetic: $0)
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
      #expect(largestDifference(all[a], all[b]) == 1)
    }
  }
}
