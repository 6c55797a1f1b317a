// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Fixtures
import Models
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An interrupted calibration that is run again gives the same file as one that was not.
struct ResumedCalibrationTests {
  private static let data = ["data.jsonl", "text.txt"].map {
    Fixtures.path("mm1-moe-tiny/evaluation/\($0)")
  }

  private static func model() throws -> Model {
    try Model(path: Fixtures.path("mm1-moe-tiny"), library: try DeclarationLibrary())
  }

  private static func options(_ output: String?, hessian: Bool) -> Calibrator.Options {
    var options = Calibrator.Options()
    options.window = 64
    options.sampleLimit = hessian ? 6 : 34
    options.imageWeight = 1.7
    options.answerWeight = 3
    options.keepsMoments = hessian
    options.output = output
    options.patience = .zero
    return options
  }

  /// A model that stays as it is, and takes note of what should be made anew.
  private final class UnchangedFollower: Follower, @unchecked Sendable {
    let model: Model
    let (label, plan) = ("unchanged", "unchanged")
    private(set) var weights: [Set<String>] = []

    init() throws { model = try ResumedCalibrationTests.model() }

    func remake(_ weights: Set<String>, by statistics: CalibrationStatistics) throws(ModelError) {
      let known = Set(statistics.entries.map(\.name))
      guard weights.isSubset(of: known) else { throw .input("\(weights) of \(known)") }
      self.weights.append(weights)
    }
  }

  /// Runs until so many steps were begun.
  ///
  /// - Returns: What was gathered and how much of it an interrupted run had done; nil if it was
  ///   cancelled.
  private static func run(
    _ model: Model, _ options: Calibrator.Options, steps: Int = .max,
    follower: UnchangedFollower? = nil
  ) async throws -> (statistics: CalibrationStatistics, resumed: Int)? {
    try await Task {
      let data = try Dataset(paths: data)
      var (count, resumed) = (0, 0)
      let calibrator = Calibrator(model, options: options, follower: follower) {
        if $0.isRepeated || $0.resumed > 0 { resumed += 1 }
        if !$0.isRepeated { count += 1 }
        if count > steps { withUnsafeCurrentTask { $0?.cancel() } }
      }
      do throws(ModelError) { return (try calibrator.run(on: data), resumed) } catch {
        guard case .cancelled = error else { throw error }
        return nil
      }
    }.value
  }

  private static func bytes(_ statistics: CalibrationStatistics, at path: String) throws -> [UInt8]
  {
    try ImportanceMatrixFile.write(statistics, to: path)
    statistics.discardWork()
    return try TemporaryFolder.read(path)
  }

  @Test(
    "interrupted after any block or portion, the bytes are those of one run",
    arguments: [true, false])
  func everyStep(hessian: Bool) async throws {
    let folder = try TemporaryFolder()
    let model = try Self.model()
    let whole = try #require(
      try await Self.run(model, Self.options(nil, hessian: hessian)))
    let expected = try Self.bytes(whole.statistics, at: folder.file("whole.gguf"))
    let path = folder.file("a.gguf")
    var (interrupted, resumed) = (0, 0)
    for steps in stride(from: 0, to: 100, by: hessian ? 3 : 1) {
      let options = Self.options(path, hessian: hessian)
      if let done = try await Self.run(model, options, steps: steps) {
        done.statistics.discardWork()
        break
      }
      interrupted += 1
      #expect(access(path, F_OK) != 0)
      // Once more, a step later.
      if steps % 2 == 0, try await Self.run(model, options, steps: 1) != nil { break }
      let second = try #require(try await Self.run(model, options))
      resumed += second.resumed > 0 ? 1 : 0
      #expect(try Self.bytes(second.statistics, at: path) == expected)
      #expect(try Folder.names(in: folder.path) == ["a.gguf", "whole.gguf"])
      unlink(path)
    }
    #expect(interrupted > (hessian ? 4 : 1) && resumed >= interrupted - 1)
  }

  @Test("beside a model that follows, too: it is made as far as it was")
  func following() async throws {
    let folder = try TemporaryFolder()
    let model = try Self.model()
    let whole = try UnchangedFollower()
    let expected = try Self.bytes(
      try #require(
        try await Self.run(model, Self.options(nil, hessian: true), follower: whole)
      ).statistics, at: folder.file("whole.gguf"))
    let path = folder.file("a.gguf")
    let options = Self.options(path, hessian: true)
    // In the way of the table, in the vision part, in the language model.
    for steps in [8, 40, 60] {
      #expect(
        try await Self.run(model, options, steps: steps, follower: try UnchangedFollower()) == nil)
      let follower = try UnchangedFollower()
      let second = try #require(try await Self.run(model, options, follower: follower))
      #expect(second.resumed > 0)
      #expect(follower.weights == whole.weights)
      #expect(try Self.bytes(second.statistics, at: path) == expected)
      #expect(try Folder.names(in: folder.path) == ["a.gguf", "whole.gguf"])
      unlink(path)
    }
    #expect(
      try await Self.run(model, options, steps: 60, follower: try UnchangedFollower()) == nil)
    let other = try #require(try await Self.run(model, options))
    #expect(other.resumed == 0)
    other.statistics.discardWork()
  }

  @Test(
    "other samples or numbers, and damaged files, are not gone on with", arguments: [true, false])
  func otherPlans(hessian: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.gguf")
    let model = try Self.model()
    let options = Self.options(path, hessian: hessian)
    var others = [options, options, options, options]
    others[0].window = 40
    others[1].answerWeight = 2
    others[2].sampleLimit = 7
    others[3].version = "another"
    let steps = hessian ? 6 : 1
    for other in others {
      #expect(try await Self.run(model, options, steps: steps) == nil)
      let result = try #require(try await Self.run(model, other))
      #expect(result.resumed == 0)
      result.statistics.discardWork()
      #expect(try Folder.names(in: folder.path).isEmpty)
    }
    #expect(try await Self.run(model, options, steps: steps) == nil)
    for name in try Folder.names(in: folder.path) {
      try folder.patch(name, at: 100, byte: 0xFF)
    }
    let result = try #require(try await Self.run(model, options))
    #expect(result.resumed == 0)
  }
}
