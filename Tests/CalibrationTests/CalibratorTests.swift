// SPDX-License-Identifier: Apache-2.0

import Calibration
import Checkpoints
import Fixtures
import Models
import Quantization
import Tensors
import TestSupport
import Testing

struct CalibratorTests {
  private static func statistics(
    of name: String, samples: Int, in files: [String]
  ) throws -> (Model, CalibrationStatistics) {
    let model = try Model(path: Fixtures.path(name), library: try DeclarationLibrary())
    let data = try Dataset(paths: files.map { Fixtures.path("\(name)/evaluation/\($0)") })
    var options = Calibrator.Options()
    options.sampleLimit = samples
    return (model, try Calibrator(model, options: options).run(on: data))
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

  @Test("second moments are those of all inputs, once for weights that share them, and are kept")
  func moments() throws {
    let model = try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
    let data = try Dataset(path: Fixtures.path("mm1-moe-tiny/evaluation/data.jsonl"))
    var options = Calibrator.Options()
    options.sampleLimit = 18
    options.keepsMoments = true
    let statistics = try Calibrator(model, options: options).run(on: data)
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    try ImportanceMatrixFile.write(statistics, to: path)
    let known = try ImportanceMatrixFile.read(path)
    #expect(known.entries.map(\.name) == statistics.entries.map(\.name))
    // llama.cpp takes each name with one of these ends for half of a pair.
    let tensors = Set(try Checkpoint(path: path).tensors.map(\.name))
    for name in tensors where name.hasSuffix(".counts") {
      #expect(tensors.contains(name.dropLast(".counts".count) + ".in_sum2"))
    }
    let moments = try CalibrationMoments(path: path).moments(for: model)
    #expect(Set(moments.keys) == Set(statistics.entries.map(\.name)))
    func names(_ name: String) -> [String?]? { moments[name]?.map { $0?.name } }
    #expect(names("blk.0.attn_q.weight") == names("blk.0.attn_v.weight"))
    #expect(names("blk.1.ffn_gate_exps.weight") == names("blk.1.ffn_up_exps.weight"))
    #expect(names("blk.0.attn_q.weight") != names("blk.0.attn_output.weight"))
    for entry in statistics.entries {
      for (matrix, input) in zip(entry.matrices, try #require(moments[entry.name])) {
        guard let input else { continue }
        let n = input.columns
        let (fitted, heldOut) = (input.source.fitted, input.source.heldOut)
        #expect(input.count < matrix.count)
        for column in 0..<n {
          let sum = Double(fitted[column * n + column]) + Double(heldOut[column * n + column])
          // Products of up to 2048 rows are summed in Float32.
          #expect(abs(sum - matrix.squares[column]) <= 1e-4 * matrix.squares[column] + 1e-12)
          let other = (column * 7 + 3) % n
          #expect(fitted[column * n + other] == fitted[other * n + column])
        }
      }
    }
  }

  @Test("a sample with an image counts as often as asked for")
  func imageWeight() throws {
    let model = try Model(path: Fixtures.path("mm1-tiny"), library: try DeclarationLibrary())
    let data = try Dataset(path: Fixtures.path("mm1-tiny/evaluation/data.jsonl"))
    let counts = try [1.0, 2.5].map { weight in
      var options = Calibrator.Options()
      options.sampleLimit = 8
      options.imageWeight = weight
      let entries = try Calibrator(model, options: options).run(on: data).entries
      return try #require(entries.first { $0.name == "blk.0.attn_q.weight" }).matrices[0].count
    }
    #expect(counts[1] == 2.5 * counts[0])
  }

  @Test("tokens that predict an answer count as often as asked for, in experts as well")
  func answerWeight() throws {
    let model = try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
    let data = try Dataset(path: Fixtures.path("mm1-moe-tiny/evaluation/data.jsonl"))
    let folder = try TemporaryFolder()
    let runs = try [1.0, 2.0, 3.0].map { weight in
      var options = Calibrator.Options()
      options.sampleLimit = 12
      options.answerWeight = weight
      options.keepsMoments = true
      let statistics = try Calibrator(model, options: options).run(on: data)
      let path = folder.file("\(weight).gguf")
      try ImportanceMatrixFile.write(statistics, to: path)
      return (statistics, try CalibrationMoments(path: path).moments(for: model))
    }
    let chosen = 2.0
    for (index, entry) in runs[0].0.entries.enumerated() {
      let all = runs.map { $0.0.entries[index] }
      let counts = all.map { $0.matrices.reduce(0) { $0 + $1.count } }
      // All sums are linear in the weight.
      #expect(abs(counts[2] - 2 * counts[1] + counts[0]) <= 1e-9 * counts[2])
      #expect(counts[1] > counts[0] || !entry.name.hasPrefix("blk."))
      if entry.name.hasSuffix("_exps.weight") {
        let layer = entry.name.split(separator: ".")[1]
        let attention = try #require(
          runs[1].0.entries.first { $0.name == "blk.\(layer).attn_q.weight" })
        #expect(counts[1] == chosen * attention.matrices[0].count)
      }
      for (expert, matrix) in entry.matrices.enumerated() {
        for column in matrix.squares.indices {
          let squares = all.map { $0.matrices[expert].squares[column] }
          #expect(abs(squares[2] - 2 * squares[1] + squares[0]) <= 1e-12 * squares[2])
        }
        guard let input = runs[2].1[entry.name]?[expert] else { continue }
        let n = input.columns
        for column in 0..<n {
          let sum =
            Double(input.source.fitted[column * n + column])
            + Double(input.source.heldOut[column * n + column])
          // Rows are scaled by roots of weights in Float32, and products summed in it.
          let squares = all[2].matrices[expert].squares[column]
          #expect(abs(sum - squares) <= 1e-4 * squares + 1e-12)
        }
      }
    }
  }

  @Test("moments of two runs merge to their sums, and only where all have them")
  func mergingMoments() throws {
    let model = try Model(path: Fixtures.path("mm1-tiny"), library: try DeclarationLibrary())
    let data = try Dataset(path: Fixtures.path("mm1-tiny/evaluation/data.jsonl"))
    let folder = try TemporaryFolder()
    var options = Calibrator.Options()
    options.sampleLimit = 12
    options.keepsMoments = true
    let statistics = try Calibrator(model, options: options).run(on: data)
    let path = folder.file("once.gguf")
    try ImportanceMatrixFile.write(statistics, to: path)
    var merged = try CalibrationStatistics(merging: [statistics, statistics])
    merged.moments = try CalibrationMoments(merging: [path, path])
    let twice = folder.file("twice.gguf")
    try ImportanceMatrixFile.write(merged, to: twice)
    let once = try CalibrationMoments(path: path).moments(for: model)
    let sums = try CalibrationMoments(path: twice).moments(for: model)
    #expect(once.keys == sums.keys)
    for (name, inputs) in once {
      for (one, two) in zip(inputs, try #require(sums[name])) {
        guard let one, let two else { continue }
        #expect(two.count == 2 * one.count)
        #expect(zip(one.source.fitted, two.source.fitted).allSatisfy { 2 * $0 == $1 })
        #expect(zip(one.source.heldOut, two.source.heldOut).allSatisfy { 2 * $0 == $1 })
      }
    }
    let diagonal = folder.file("diagonal.gguf")
    merged.moments = nil
    try ImportanceMatrixFile.write(merged, to: diagonal)
    let error = #expect(throws: CalibrationError.self) {
      try CalibrationMoments(merging: [path, diagonal])
    }
    #expect(error?.description.hasPrefix(diagonal) == true)
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
