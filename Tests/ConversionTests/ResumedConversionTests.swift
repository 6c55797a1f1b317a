// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Conversion
import Fixtures
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// An interrupted conversion that is run again is the same as one that was not.
struct ResumedConversionTests {
  private enum Container: CaseIterable {
    case gguf, mlx, safetensors
  }

  /// A plan of two files where the model sees.
  private static func plan(
    _ model: Model, _ container: Container, _ folder: String, weighting: Weighting = .inputs
  ) throws -> ConversionPlan {
    let importance = Importance(label: "the same", columns: [:], weighting: weighting)
    switch container {
    case .gguf:
      return try ConversionPlan(
        gguf: model, recipe: try Recipe(named: "Q4_K_M"),
        projectorRecipe: try Recipe(named: "Q8_0"),
        importance: importance, folder: folder)
    case .mlx:
      return try ConversionPlan(
        packed: model, recipe: PackedRecipe(.mlx(type: "4bit", groupSize: 32)),
        importance: importance, folder: folder)
    case .safetensors:
      return try ConversionPlan(safetensors: model, encoding: .f16, folder: folder)
    }
  }

  /// Runs a plan until it has begun with a tensor.
  ///
  /// - Returns: nil if it was cancelled.
  private static func run(
    _ plan: ConversionPlan, of model: Model, until tensor: String? = nil,
    patience: Duration = .zero
  ) async throws -> ConversionSummary? {
    try await Task {
      let converter = Converter(plan, of: model, patience: patience) { progress in
        if progress.tensor == tensor { withUnsafeCurrentTask { $0?.cancel() } }
      }
      do throws(ConversionError) { return try converter.run() } catch {
        guard case .cancelled = error else { throw error }
        return nil
      }
    }.value
  }

  private static func bytes(of plan: ConversionPlan) throws -> [[UInt8]] {
    let targets = plan.files.map(\.path) + plan.copies.map(\.target) + plan.texts.map(\.target)
    return try targets.map(TemporaryFolder.read)
  }

  private static func names(in folder: TemporaryFolder) throws -> [String] {
    try Folder.names(in: folder.path)
  }

  @Test(
    "interrupted at any tensor, the bytes and the figures are those of one run",
    arguments: Container.allCases)
  private func everyTensor(_ container: Container) async throws {
    let model = try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
    let whole = try TemporaryFolder()
    let expected = try Self.plan(model, container, whole.path)
    let summary = try #require(try await Self.run(expected, of: model))
    #expect(summary.resumedByteCount == 0)
    let bytes = try Self.bytes(of: expected)
    let tensors = expected.entries
    for place in stride(from: 0, to: tensors.count - 1, by: container == .gguf ? 13 : 61) {
      let folder = try TemporaryFolder()
      let plan = try Self.plan(model, container, folder.path)
      #expect(try await Self.run(plan, of: model, until: tensors[place].name) == nil)
      for file in plan.files { #expect(!Folder.isSameFile(file.path, file.path)) }
      // Once more, some tensors later, as a user might.
      if place % 2 == 0, place + 3 < tensors.count - 1 {
        #expect(try await Self.run(plan, of: model, until: tensors[place + 3].name) == nil)
      }
      let resumed = try #require(try await Self.run(plan, of: model))
      #expect(
        resumed.resumedByteCount >= tensors[...place].reduce(0) { $0 + $1.byteCount })
      #expect(resumed.tensors.map(\.distortion) == summary.tensors.map(\.distortion))
      #expect(try Self.bytes(of: plan) == bytes)
      #expect(!(try Self.names(in: folder)).contains { $0.contains("partial") })
    }
  }

  @Test("a plan that differs in anything goes on with nothing")
  func otherPlans() async throws {
    let model = try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
    let folder = try TemporaryFolder()
    let plan = try Self.plan(model, .gguf, folder.path)
    let tensor = plan.entries[9].name
    #expect(try await Self.run(plan, of: model, until: tensor) == nil)
    let other = try Self.plan(model, .gguf, folder.path, weighting: .inputsAndMagnitude)
    // It has the same names and headers, and begins anew; so does the first again.
    #expect(other.files.map(\.metadata) == plan.files.map(\.metadata))
    var seen: [Int] = []
    let converter = Converter(other, of: model, patience: .zero) {
      seen.append($0.resumedByteCount)
    }
    #expect(try converter.run().resumedByteCount == 0)
    #expect(seen.allSatisfy { $0 == 0 })
  }

  @Test("short work leaves nothing, and the folders that were made go with it")
  func shortWork() async throws {
    let model = try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
    let folder = try TemporaryFolder()
    let plan = try Self.plan(model, .mlx, folder.file("deep"))
    let tensor = plan.entries[9].name
    #expect(
      try await Self.run(plan, of: model, until: tensor, patience: .seconds(1000)) == nil)
    #expect(try Self.names(in: folder).isEmpty)
  }
}
