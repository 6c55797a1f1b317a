// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// Where what a calibration gathers waits until it is written: moments on the disk in any case, sums for
/// another run alone.
final class CalibrationWork: @unchecked Sendable {
  let spill: MomentSpill?
  let sums: SumsFile?
  private let output: String?

  /// - Parameters:
  ///   - keepsMoments: Whether moments are gathered.
  ///   - output: The file that the statistics will become; nil: no other run can go on.
  ///   - resumption: Which one can.
  /// - Throws: ``FileError`` if nothing can be written there.
  init(
    keepsMoments: Bool, for output: String? = nil, _ resumption: Resumption? = nil
  ) throws(FileError) {
    spill = keepsMoments ? try MomentSpill(for: output, resumption) : nil
    if !keepsMoments, let output, let resumption {
      sums = SumsFile(for: output, resumption)
    } else {
      sums = nil
    }
    self.output = output
  }

  /// Removes it, also for other runs; the statistics are written.
  @Sendable func discard() {
    spill?.discard()
    sums?.discard()
    guard let output else { return }
    // What a run of the other kind may have left for the same file is of no more use.
    let none = Resumption(plan: "")
    SumsFile(for: output, none).discard()
    (try? MomentSpill(for: output, none))?.discard()
  }
}
