// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Foundation
import Models
import Notation
import Preprocessing
import Tensors
import TestSupport
import Testing

/// The configurations that come with the program.
struct ShippedConfigurationTests {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Formats/Configurations").path(percentEncoded: false)

  /// Weights of a part, in billions, as its declaration counts them.
  private static func weights(
    _ architecture: Architecture, _ kind: PartDeclaration.Kind
  ) throws -> Double {
    let part = try #require(architecture.part(kind))
    return Double(
      part.parameters.filter(\.isRequired).reduce(0) { $0 + ($1.ggufShape.elementCount ?? 0) })
      / 1e9
  }

  @Test("counting by declarations counts what checkpoints hold")
  func counting() throws {
    for name in ["mm1-tiny", "mm1-moe-tiny"] {
      let model = try Model(path: Fixtures.path(name), library: try DeclarationLibrary())
      let sum = try [PartDeclaration.Kind.vision, .connector, .language].reduce(0.0) {
        $0 + (try Self.weights(model.architecture, $1))
      }
      #expect(Int((sum * 1e9).rounded()) == model.weightCount)
    }
  }

  @Test(
    "the image processors make as many pieces of an image as their page says",
    arguments: [
      ("preprocessor-378", 378, [1, 1, 1]), ("preprocessor-1344", 672, [5, 5, 5]),
      ("preprocessor-dynamic", 672, [5, 7, 10]),
    ])
  func pieces(name: String, side: Int, counts: [Int]) throws {
    let bytes = try TemporaryFolder.read(Self.folder + "/\(name).json")
    let processor = try ImageProcessor(
      configuration: try JSON(parsing: String(decoding: bytes, as: UTF8.self)))
    for (size, count) in zip([(1344, 1344), (1900, 1200), (5000, 5000)], counts) {
      let image = Image(
        width: size.0, height: size.1,
        pixels: [UInt8](repeating: 128, count: size.0 * size.1 * 3))
      let pixels = try processor.pixels(of: image)
      #expect(pixels.tiles?.count ?? 1 == count && pixels.width == side && pixels.height == side)
    }
  }

  @Test("each has the weights that its page says, and about those of the paper")
  func sizes() throws {
    let page = String(
      decoding: try TemporaryFolder.read(Self.folder + "/README.md"), as: UTF8.self)
    var count = 0
    for line in page.split(separator: "\n") where line.hasPrefix("| `mm1-") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      let file = cells[1].trimmingCharacters(in: ["`"])
      let copy = try FixtureCopy("mm1-tiny")
      try TemporaryFolder.read(Self.folder + "/" + file)
        .withUnsafeBytes { Data($0) }.write(to: URL(filePath: copy.path + "/config.json"))
      let architecture = try Architecture(
        of: try ModelFiles(path: copy.path), library: try DeclarationLibrary())
      let decoder = try Self.weights(architecture, .language)
      #expect(String(format: "%.2f B", decoder) == cells[4], "\(file)")
      // The paper rounds to whole billions.
      let stated = try #require(Double(cells[5].dropLast()))
      #expect(abs(decoder - stated) <= max(0.5, 0.02 * stated), "\(file)")
      #expect(abs(try Self.weights(architecture, .vision) - 0.63) < 0.01)
      #expect(0.02...0.08 ~= (try Self.weights(architecture, .connector) * 100).rounded() / 100)
      count += 1
    }
    #expect(count == 6)
  }
}
