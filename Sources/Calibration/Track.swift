// SPDX-License-Identifier: Apache-2.0

import Models

/// A batch on its way through a model, and through the one that follows it.
struct Track {
  /// Of the model as it was.
  private(set) var run: ForwardPass.Run
  /// Of the model that follows; nil if none does.
  private(set) var followingRun: ForwardPass.Run?
  private let share: Gathering.Share

  init(_ run: ForwardPass.Run, following: ForwardPass.Run?, _ share: Gathering.Share) {
    self.run = run
    followingRun = following
    self.share = share
  }

  /// Runs the next block, with what goes into its layers gathered.
  ///
  /// Layers of a block see what the block before gives once it is quantized, and each other as they were.
  mutating func advance(_ gathering: Gathering) throws(ModelError) {
    guard let followingRun else {
      gathering.begin(share)
      try run.advance()
      return
    }
    var trial = followingRun.with(weightsOf: run)
    gathering.remember()
    try run.advance()
    gathering.begin(share)
    try trial.advance()
  }

  /// Lets the model that follows run the block, which it has now.
  mutating func follow() throws(ModelError) { try followingRun?.advance() }
}
