// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Notation
import Preprocessing
import Testing

/// Images of as many pixels as so many tokens take: Gemma 4's processor.
struct TokenBudgetTests {
  private static let golden = (try? Golden.json("preprocessing/gemma4.json")) ?? .null
  /// Configurations and images; ``ImageProcessorTests`` holds what becomes of them to transformers.
  static let processed = golden["processed"]?.array ?? []

  @Test func `sizes are those of transformers`() throws {
    let sizes = try #require(TokenBudgetTests.golden["sizes"]?.array)
    #expect(sizes.count >= 200 && TokenBudgetTests.processed.count >= 20)
    for golden in sizes {
      let factor = try golden.integer("factor")
      let target = ResizeTarget.budget(
        factor: factor, pixels: try golden.integer("tokens") * factor * factor)
      let size = target.size(
        width: try golden.integer("width"), height: try golden.integer("height"))
      #expect(try [size.width, size.height] == golden.integers("size"), "\(golden.text())")
    }
  }

  @Test(arguments: [
    (#""max_soft_tokens": 0"#, "max_soft_tokens"),
    (#""max_soft_tokens": 9e15"#, "max_soft_tokens"),
    (#""patch_size": 9223372036854775807"#, "patch_size"),
    (#""pooling_kernel_size": 1.5"#, "pooling_kernel_size"),
    (#""merge_size": 2"#, "merge_size"),
  ])
  func `numbers that make no sense are refused`(_ member: String, _ key: String) throws {
    let text = #"{"image_processor_type": "Gemma4ImageProcessor", \#(member)}"#
    let error = #expect(throws: ImageError.self) {
      try ImageProcessor(configuration: JSON(parsing: text))
    }
    #expect(error?.description.contains(key) == true, "\(error?.description ?? "")")
  }
}
