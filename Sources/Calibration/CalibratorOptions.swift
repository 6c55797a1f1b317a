// SPDX-License-Identifier: Apache-2.0

import BinaryIO

extension Calibrator {
  /// How far a run is.
  package struct Progress: Sendable {
    package let count: Int
    package let total: Int
    /// How much of it an interrupted run had done.
    package var resumed = 0
    /// Whether blocks run again of which all is known, for those behind them.
    package var isRepeated = false
  }

  /// What is gathered, and of what.
  package struct Options: Sendable {
    /// Tokens of a window of text.
    package var window = 512
    /// The most questions and windows of text; nil for all.
    package var sampleLimit: Int?
    /// How often a sample with an image counts, beside one of text.
    package var imageWeight = 1.0
    /// How often a token counts that predicts one of an answer, beside all others.
    package var answerWeight = 1.0
    /// Whether products of columns are gathered too, for feedback.
    ///
    /// Then all samples go through a block before any goes through the next: memory holds the
    /// activations of all of them, and the sums of one block.
    package var keepsMoments = false

    /// The file that the statistics will become; nil: none that is known.
    ///
    /// What is gathered is kept beside it until it is written, and an interrupted run goes on with it.
    package var output: String?
    /// That of the program, which an interrupted run must have in common.
    package var version = ""
    /// How long a run must have taken to be kept.
    package var patience = Resumption.patience

    package init() {}
  }
}
