// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Layers
import LinearAlgebra
import Models
import Synchronization
import Tensors

/// What was gathered so far of the inputs of linear layers.
final class Gathering: Sendable {
  /// How the rows of a batch count.
  struct Share: Equatable {
    var weights = RowWeights()
    /// Whether fits will be judged by them.
    var isHeldOut = false
  }

  private struct State {
    var entries: [String: CalibrationStatistics.Entry] = [:]
    var share = Share()
    /// Of the block that runs: by weights, one an expert.
    var moments: [String: [MomentSums]] = [:]
    /// For each weight, the one that has the same inputs and keeps their moments.
    var owners: [String: String] = [:]
    /// What went into the owners of this block and batch.
    var seen: [(name: String, expert: Int, inputs: Matrix)] = []
    /// Whether what goes in is only kept, to be compared with.
    var remembers = false
    /// What went into the layers of this block and batch while the model was as it was.
    var originals: [String: Matrix] = [:]
    /// Weights of this block.
    var weights: Set<String> = []
    /// Whether nothing is gathered: it was, by an interrupted run.
    var isPaused = false
  }

  private let state = Mutex(State())
  private let keepsMoments: Bool
  /// Whether it is gathered what inputs have lost.
  private let keepsDrift: Bool
  /// Whether a weight is looked at, by its name.
  private let isWanted: @Sendable (String) -> Bool

  init(
    keepsMoments: Bool, keepsDrift: Bool = false,
    of isWanted: @escaping @Sendable (String) -> Bool = { _ in true }
  ) {
    self.keepsMoments = keepsMoments
    self.keepsDrift = keepsDrift
    self.isWanted = isWanted
  }

  var entries: [CalibrationStatistics.Entry] { state.withLock { Array($0.entries.values) } }

  /// For each weight, the one that has the same inputs.
  var owners: [String: String] { state.withLock { $0.owners } }

  /// Tells how the rows of the next batch count.
  func begin(_ share: Share) {
    state.withLock {
      $0.share = share
      $0.seen = []
      $0.remembers = false
    }
  }

  /// Tells that the next batch only shows what goes into the model as it was.
  func remember() {
    state.withLock {
      $0.originals = [:]
      $0.remembers = true
    }
  }

  /// Goes on from what an interrupted run has gathered.
  func begin(with entries: [CalibrationStatistics.Entry], owners: [String: String] = [:]) {
    state.withLock { state in
      for entry in entries where isWanted(entry.name) { state.entries[entry.name] = entry }
      state.owners.merge(owners.filter { isWanted($0.key) }) { $1 }
    }
  }

  /// Tells whether blocks that run were gathered before.
  func pause(_ isPaused: Bool) { state.withLock { $0.isPaused = isPaused } }

  /// Hands over the moments of a block that has run, with what else was gathered of it.
  ///
  /// - Returns: The block's weights, each with the one that keeps its moments.
  @discardableResult
  func end(block spill: MomentSpill) throws(FileError) -> [String: String] {
    let (moments, entries, owners) = state.withLock { state in
      defer { (state.moments, state.weights, state.originals) = ([:], [], [:]) }
      let names = state.weights.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      return (
        state.moments, names.compactMap { state.entries[$0] },
        state.owners.filter { state.weights.contains($0.key) }
      )
    }
    for (name, sums) in moments.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      try spill.append(name, sums)
    }
    try spill.endBlock(sums: entries, owners: owners)
    return owners
  }

  /// Looks at the rows that go into a weight.
  func observer(_ parameter: Parameter, expert: Int) -> Linear.Observer? {
    let name = parameter.ggufName
    guard isWanted(name) else { return nil }
    let columns =
      (parameter.shape.elementCount ?? 0) / max(1, parameter.shape.dimensions.first ?? 1)
    let count = parameter.expertCount ?? 1
    return { [self] inputs, _, rows in
      state.withLock { state in
        guard !state.isPaused else { return }
        guard !state.remembers else {
          // Other experts may be chosen later, for other rows.
          if count == 1 { state.originals[name] = inputs }
          return
        }
        state.weights.insert(name)
        let empty = CalibrationStatistics.Entry(
          name: name,
          matrices: [ColumnStatistics](repeating: ColumnStatistics(columns: columns), count: count))
        let weights = state.share.weights.gathered(rows, count: inputs.rows)
        state.entries[name, default: empty].matrices[expert].add(inputs, weights: weights)
        guard keepsMoments, inputs.rows > 0, inputs.columns == columns else { return }
        let owner = Gathering.owner(of: name, expert, inputs, &state)
        guard owner == name else { return }
        let none = [MomentSums](
          repeating: MomentSums(columns: columns, keepsDrift: keepsDrift && count == 1),
          count: count)
        state.moments[name, default: none][expert].add(
          inputs, originals: state.originals[name], weights: weights,
          isHeldOut: state.share.isHeldOut)
      }
    }
  }

  /// The weight that keeps the moments of these inputs: the first of the block with the same rows.
  private static func owner(
    of name: String, _ expert: Int, _ inputs: Matrix, _ state: inout State
  ) -> String {
    let owner =
      state.owners[name] ?? state.seen.first { $0.expert == expert && $0.inputs == inputs }?.name
      ?? name
    state.owners[name] = owner
    if owner == name { state.seen.append((name, expert, inputs)) }
    return owner
  }
}
