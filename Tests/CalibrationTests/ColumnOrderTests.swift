// SPDX-License-Identifier: Apache-2.0

import Calibration
import Fixtures
import Models
import Quantization
import TestSupport
import Testing

/// Statistics of a weight whose columns a GGUF has in another order.
struct ColumnOrderTests {
  @Test("a file has the columns of a GGUF, what is quantized those of the model")
  func order() throws {
    let copy = try FixtureCopy(visionLanguage: "qwen3.5")
    let model = try Model(path: copy.path, library: try DeclarationLibrary())
    let name = "blk.0.ssm_out.weight"
    // Heads of 16 columns; a GGUF has 0, 3, 1, 4, 2, 5 of the model's.
    let squares = [0.0, 3, 1, 4, 2, 5].flatMap { [Double](repeating: 100 * ($0 + 1), count: 16) }
    let statistics = CalibrationStatistics(
      entries: [
        CalibrationStatistics.Entry(
          name: name,
          matrices: [ColumnStatistics(count: 100, squares: squares, sums: squares)])
      ], datasets: [], window: 0, windowCount: 0, checksums: [])
    let inputs = try statistics.importance(for: model, label: "").inputs(of: name)
    let expected = (1...6).flatMap { [Float](repeating: Float($0), count: 16) }
    #expect(inputs.columns?[0] == expected)
    #expect(inputs.means?[0] == expected)
  }
}
