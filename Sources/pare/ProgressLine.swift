// SPDX-License-Identifier: Apache-2.0

import PareKit

/// Shows progress on standard error: one line that changes on a terminal, now and then a plain
/// line elsewhere.
final class ProgressLine {
  private let isQuiet: Bool
  private let isTerminal = Terminal.showsProgress
  private let clock = ContinuousClock()
  private var start: ContinuousClock.Instant
  private var activity: String?
  private var last: ContinuousClock.Instant?
  private var isOpen = false

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    start = clock.now
  }

  func update(_ progress: PareProgress) {
    guard !isQuiet else { return }
    let now = clock.now
    // Counts of another kind begin anew; bytes go on from tensor to tensor.
    if !progress.isBytes, progress.activity != activity {
      activity = progress.activity
      start = now
    }
    let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
    if let last, now - last < pause { return }
    // A task that is over at once needs no lines.
    if last == nil, !isTerminal, now - start < pause { return }
    last = now
    let line = describe(progress, elapsed: now - start)
    if isTerminal {
      // A line that wraps could not be cleared.
      Terminal.writeError("\r\u{1B}[K" + line.prefix(Terminal.width - 1))
      isOpen = true
    } else {
      Terminal.writeError(line + "\n")
    }
  }

  /// Clears the line.
  func finish() {
    if isOpen { Terminal.writeError("\r\u{1B}[K") }
    isOpen = false
  }

  private func describe(_ progress: PareProgress, elapsed: Duration) -> String {
    let seconds = max(
      1e-3, Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
    let share = progress.total > 0 ? Double(progress.done) / Double(progress.total) : 0
    var line = "\(Int(share * 100)) %"
    // What an interrupted run had done took no time of this one.
    let own = Double(progress.done - progress.resumed)
    if progress.isBytes {
      line += "  \(progress.done / 1_000_000) of \(progress.total / 1_000_000) MB"
      line += "  \(Int(own / seconds / 1e6)) MB/s"
    } else {
      line += "  \(progress.done) of \(progress.total)"
    }
    let rest = Double(progress.total - progress.done)
    if own > 0.02 * (own + rest) { line += "  \(Int((rest * seconds / own).rounded())) s left" }
    return line + "  " + progress.activity.filter { $0 >= " " }
  }
}
