// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Tensors
import TestSupport
import Testing

/// A model whose GGUF has the columns of a weight in another order than its folder.
struct HeadOrderTests {
  private static let name = "qwen3.5"

  /// Statistics of a model, and what is quantized by them.
  private static func quantized(
    _ model: String, in folder: TemporaryFolder, _ place: String, type: String
  ) throws -> (statistics: Checkpoint, made: Checkpoint) {
    let text = String(repeating: "Once there was a small dog who liked to run. ", count: 60)
    let data = try folder.write(Array(text.utf8), to: place + ".txt")
    let statistics = folder.file(place + "-statistics.gguf")
    let gathered = try Command(
      "calibrate", model, "--data", data, "-o", statistics, "--hessian", "--quiet")
    #expect(gathered.status == 0, "\(gathered.error)")
    let output = folder.file(place)
    let made = try Command(
      "quantize", model, "--type", type, "--calibration", statistics, "-o", output, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    let found = try #require(
      FixtureCopy.names(in: output).first {
        $0.hasSuffix(type + ".gguf") && !$0.hasPrefix("mmproj")
      })
    return (try Checkpoint(path: statistics), try Checkpoint(path: output + "/" + found))
  }

  @Test("statistics, and what is quantized by them, do not depend on the container")
  func containers() throws {
    let copy = try FixtureCopy(visionLanguage: Self.name)
    let folder = try TemporaryFolder()
    let made = try Command(
      "convert", copy.path, "--to", "gguf", "--type", "f32", "-o", folder.path, "--quiet")
    #expect(made.status == 0, "\(made.error)")
    let gguf = folder.file(Self.name + "-F32.gguf")
    let ours = try Self.quantized(copy.path, in: folder, "folder", type: "Q4_0")
    let theirs = try Self.quantized(gguf, in: folder, "gguf", type: "Q4_0")
    let name = "blk.0.ssm_out.weight"
    func sums(_ statistics: Checkpoint) throws -> [Float] {
      let tensor = try #require(statistics[name + ".in_sum2"])
      return tensor.bytes.withMemoryRebound(to: Float.self) { Array($0) }
    }
    let (a, b) = (try sums(ours.statistics), try sums(theirs.statistics))
    #expect(a.count == 96)
    for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-4 * y) }
    let (x, y) = (try #require(ours.made[name]), try #require(theirs.made[name]))
    #expect(x.encoding == .q4_0 && Array(x.bytes) == Array(y.bytes))
  }
}
