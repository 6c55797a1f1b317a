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
  ///   - spill: Receives the moments of each block; nil where none are gathered.
  ///   - known: How many of the blocks that come next were gathered by an interrupted run.
  ///   - report: Called before each block.
  /// - Throws: ``ModelError``; also if the task is cancelled.
  func advance(
    _ tracks: inout [Track], _ spill: MomentSpill?, known: inout Int,
    _ report: (Calibrator.Progress) -> Void
  ) throws(ModelError) {
    let blocks = tracks.first?.run.places.count ?? 0
    let own = min(known, blocks)
    known -= own
    for block in 0..<blocks {
      guard !Task.isCancelled else { throw .cancelled }
      let isKnown = block < own
      if spill != nil {
        report(
          isKnown
            ? Calibrator.Progress(count: block, total: own, isRepeated: true)
            : Calibrator.Progress(count: block, total: blocks, resumed: own))
      }
      gathering.pause(isKnown)
      for index in tracks.indices { try tracks[index].advance(gathering) }
      guard let spill, !isKnown else { continue }
      let weights: [String: String]
      do throws(FileError) { weights = try gathering.end(block: spill) } catch {
        throw .file(error)
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
