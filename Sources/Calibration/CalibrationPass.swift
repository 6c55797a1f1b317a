// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Models

/// One way of all samples through a model, beside the one that follows it.
struct CalibrationPass {
  let gathering: Gathering
  let forward: ForwardPass
  /// The model that follows, as it runs; nil if none does.
  let following: ForwardPass?
  private let follower: (any Follower)?

  init(
    _ model: Model, _ gathering: Gathering, follower: (any Follower)?
  ) throws(ModelError) {
    self.gathering = gathering
    self.follower = follower
    var options = ForwardPass.Options()
    options.observers = gathering.observer
    forward = try ForwardPass(model, options: options)
    following = try follower.map { (follower) throws(ModelError) in
      try ForwardPass(follower.model)
    }
    guard let following, following.places != forward.places else { return }
    throw .input(
      "\(follower?.label ?? ""): the quantized model has other blocks than \(model.path), and "
        + "cannot be gone through in step with it")
  }

  /// Runs all batches to their ends, block by block.
  ///
  /// - Parameters:
  ///   - tracks: The batches.
  ///   - spill: Receives the moments of each block; nil where none are gathered. Blocks that an interrupted
  ///     run has gathered run again for those behind them.
  ///   - done: Blocks that were run so far, of all passes.
  ///   - report: Called before each block.
  /// - Throws: ``ModelError``; also if the task is cancelled.
  func advance(
    _ tracks: inout [Track], _ spill: MomentSpill?, _ done: inout Int,
    _ report: (Calibrator.Progress) -> Void
  ) throws(ModelError) {
    let blocks = tracks.first?.run.places.count ?? 0
    let found = (spill?.found ?? []).dropFirst(done).prefix(blocks)
    for block in 0..<blocks {
      guard !Task.isCancelled else { throw .cancelled }
      let isKnown = block < found.count
      if spill != nil {
        report(
          isKnown
            ? Calibrator.Progress(count: block, total: found.count, isRepeated: true)
            : Calibrator.Progress(count: block, total: blocks, resumed: found.count))
      }
      gathering.pause(isKnown)
      for index in tracks.indices { try tracks[index].advance(gathering) }
      done += 1
      guard let spill else { continue }
      var weights = isKnown ? found[found.startIndex + block].owners : [:]
      if !isKnown {
        do throws(FileError) { weights = try gathering.end(block: spill) } catch {
          throw .file(error)
        }
      }
      guard let follower else { continue }
      try remake(follower, weights, spill)
      for index in tracks.indices { try tracks[index].follow() }
    }
  }

  /// Has weights made of what is known of them now.
  ///
  /// - Parameters:
  ///   - follower: Whose weights they are.
  ///   - weights: Each with the one that keeps its moments.
  ///   - spill: Where these are.
  /// - Throws: ``ModelError``
  func remake(
    _ follower: any Follower, _ weights: [String: String], _ spill: MomentSpill?
  ) throws(ModelError) {
    guard let spill, !weights.isEmpty else { return }
    let moments: CalibrationMoments
    do throws(FileError) { moments = try CalibrationMoments(spill, of: weights) } catch {
      throw .file(error)
    }
    try follower.remake(
      Set(weights.keys),
      by: CalibrationStatistics(gathering.entries, of: forward.model, with: moments))
  }
}
