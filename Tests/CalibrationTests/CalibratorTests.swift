// SPDX-License-Identifier: Apache-2.0

import Calibration
import Fixtures
import Models
import Tensors
import TestSupport
import Testing

struct CalibratorTests {
  private static func statistics(
    of name: String, samples: Int, in files: [String]
  ) throws -> (Model, CalibrationStatistics) {
    let model = try Model(path: Fixtures.path(name), library: try DeclarationLibrary())
    let data = try Dataset(paths: files.map { Fixtures.path("\(name)/evaluation/\($0)") })
    return (model, try Calibrator(model, sampleLimit: samples).run(on: data))
  }

  @Test(
    "every matrix of a linear layer is reached, in all parts",
    arguments: ["mm1-tiny", "mm1-moe-tiny", "llava-tiny"])
  func coverage(_ name: String) throws {
    let (model, statistics) = try Self.statistics(of: name, samples: 12, in: ["data.jsonl"])
    let names = Set(statistics.entries.map(\.name))
    for parameter in model.parameters.map(\.parameter) where parameter.isUsed {
      // Depthwise kernels, tables of positions and class tokens are no linear layers.
      let isMatrix = parameter.shape.dimensions.count > 1
      let isOther = ["spatial", "positions", "class"].contains {
        parameter.role.hasSuffix(".\($0)")
      }
      let isTable = parameter.role == "language.embedding.table"
      if isMatrix, !isOther, !isTable { #expect(names.contains(parameter.ggufName)) }
    }
    for entry in statistics.entries {
      for matrix in entry.matrices where matrix.count > 0 {
        #expect(matrix.squares.allSatisfy { $0 >= 0 && $0.isFinite })
        // The square of a mean is at most the mean of the squares.
        #expect(
          zip(matrix.sums, matrix.squares).allSatisfy {
            $0 * $0 <= matrix.count * $1 * (1 + 1e-9) + 1e-30
          })
      }
    }
  }

  @Test("what has the same inputs has the same statistics, and experts share the tokens")
  func sharing() throws {
    let (_, statistics) = try Self.statistics(of: "mm1-moe-tiny", samples: 6, in: ["text.txt"])
    let entries = Dictionary(
      statistics.entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let name = try #require(entries.keys.filter { $0.hasSuffix(".ffn_gate_inp.weight") }.min())
    let layer = name.dropLast("ffn_gate_inp.weight".count)
    let router = try #require(entries[name]?.matrices.first)
    let query = try #require(entries[layer + "attn_q.weight"]?.matrices.first)
    #expect(entries[layer + "attn_k.weight"]?.matrices == [query])
    #expect(entries[layer + "attn_v.weight"]?.matrices == [query])
    let experts = try #require(entries[layer + "ffn_up_exps.weight"]?.matrices)
    let reached = experts.reduce(0) { $0 + $1.count }
    // Each token goes to as many experts as are chosen.
    #expect(
      router.count == query.count && reached.truncatingRemainder(dividingBy: query.count) == 0)
    #expect(reached > query.count / 2)
    for column in query.squares.indices {
      let sum = experts.reduce(0) { $0 + $1.squares[column] }
      let whole = router.squares[column] * reached / router.count
      #expect(abs(sum - whole) <= 1e-9 * whole)
    }
  }

  @Test("too little data is an error that says how much is needed")
  func tooLittle() throws {
    let model = try Model(path: Fixtures.path("stories260K"), library: try DeclarationLibrary())
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("Once upon a time.".utf8), to: "a.txt")
    let error = #expect(throws: ModelError.self) {
      try Calibrator(model).run(on: try Dataset(path: path))
    }
    #expect(error?.description.contains("at least 128") == true)
  }
}
