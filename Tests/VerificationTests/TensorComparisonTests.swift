// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import TestSupport
import Testing
import Verification

/// What is told of single blocks and tensors.
struct TensorComparisonTests {
  private static func compared(
    _ candidate: Model, with reference: Model, trials: Int
  ) throws -> ComparisonReport {
    var options = Comparison.Options()
    options.sampleLimit = 3
    options.trialCount = trials
    return try Comparison(reference: reference, candidates: [candidate], options: options)
      .run(on: try Dataset(path: Fixtures.path("llava-tiny/evaluation/data.jsonl")))[0]
  }

  @Test(
    "a tensor that changed is the only one with an error, and put back it leaves none",
    arguments: [
      ("model.layers.1.mlp.down_proj.weight", "language.feedForward.down", "feedForward"),
      ("self_attn.q_proj.weight", "vision.attention.query", "attention"),
    ])
  func oneTensor(_ name: String, _ role: String, _ block: String) throws {
    let library = try DeclarationLibrary()
    let reference = try Model(path: Fixtures.path("llava-tiny"), library: library)
    let copy = try FixtureCopy("llava-tiny")
    try copy.rewrite { tensors in
      let index = try #require(
        tensors.firstIndex {
          $0.description.name.hasSuffix(name)
            && $0.description.name.contains("vision") == role.hasPrefix("vision")
        })
      // A quarter of it is lost.
      for place in tensors[index].bytes.indices.prefix(tensors[index].bytes.count / 4) {
        tensors[index].bytes[place] = 0
      }
    }
    let candidate = try Model(path: copy.path, library: library)
    let report = try Self.compared(candidate, with: reference, trials: 4)

    let changed = report.tensors.filter { $0.weightError > 0 }
    #expect(changed.map(\.role) == [role])
    let tensor = try #require(changed.first)
    #expect(abs(tensor.weightError - 0.5) < 0.1)
    // The inputs are the original's: no error before or after shows in another tensor.
    #expect(report.tensors.filter { ($0.outputError?.value ?? 0) > 0 } == [tensor])
    let trial = try #require(tensor.trial)
    #expect(trial.before > 0 && trial.after == 0 && trial.tokenCount > 0)
    #expect(trial.saving.interval?.contains(trial.saving.value) == true)
    #expect(report.tensors.count { $0.trial != nil } == 1)

    // Blocks are all right up to that of the tensor, and none after it.
    let wrong = report.blocks.map { $0.relativeError.value > 0 }
    let first = try #require(wrong.firstIndex(of: true))
    #expect(report.blocks[first].place.name == block)
    #expect(report.blocks[first].place.layer == tensor.layer)
    let later = report.blocks[first...].filter { $0.place.part == report.blocks[first].place.part }
    #expect(later.allSatisfy { $0.relativeError.value > 0 })

    // So are predictions after each layer; those after the last are the models' own.
    #expect(report.layers.map(\.layer) == Array(0..<report.layers.count))
    let before = tensor.part == .language ? tensor.layer ?? 0 : 0
    #expect(report.layers.prefix(before).allSatisfy { $0.divergence.value == 0 })
    #expect(report.layers.dropFirst(before).allSatisfy { $0.divergence.value > 0 })
    #expect(report.layers.last?.divergence.value == trial.before)
  }

  @Test("a model has no error beside itself, and all of its blocks are told")
  func itself() throws {
    let model = try Model(path: Fixtures.path("mm1-tiny"), library: try DeclarationLibrary())
    var options = Comparison.Options()
    options.sampleLimit = 2
    options.trialCount = 4
    let report = try Comparison(reference: model, candidates: [model], options: options)
      .run(on: try Dataset(path: Fixtures.path("mm1-tiny/evaluation/data.jsonl")))[0]
    #expect(report.blocks.allSatisfy { $0.relativeError.value == 0 })
    #expect(Set(report.blocks.map(\.place.part)) == [.vision, .connector, .language])
    #expect(Set(report.blocks.map(\.place)).count == report.blocks.count)
    #expect(report.tensors.allSatisfy { $0.weightError == 0 && $0.trial == nil })
    // Every matrix of a linear layer was reached.
    let reached = Set(report.tensors.filter { $0.outputError != nil }.map(\.role))
    for role in [
      "vision.patchEmbedding.patch", "language.attention.key", "language.embedding.table",
    ] { #expect(reached.contains(role)) }
  }
}
