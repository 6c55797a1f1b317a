// SPDX-License-Identifier: Apache-2.0

import LinearAlgebra

/// How the rows of a matrix divide into sequences: one after the other, each of its own length,
/// each going on after what its cache holds.
package struct Batch: Sendable {
  /// Rows of each sequence in this step.
  package let lengths: [Int]
  /// Tokens of each sequence that came before this step.
  package let offsets: [Int]
  /// The first row of each sequence.
  package let starts: [Int]

  package init(lengths: [Int], offsets: [Int]? = nil) {
    self.lengths = lengths
    self.offsets = offsets ?? [Int](repeating: 0, count: lengths.count)
    var starts: [Int] = []
    var start = 0
    for length in lengths {
      starts.append(start)
      start += length
    }
    self.starts = starts
  }

  package var sequenceCount: Int { lengths.count }
  package var rowCount: Int { lengths.reduce(0, +) }

  /// The position of each row within its sequence.
  package var positions: [Int] {
    zip(lengths, offsets).flatMap { length, offset in (0..<length).map { offset + $0 } }
  }

  /// For each row how long its sequence is with this step.
  package var lengthsSoFar: [Int] {
    zip(lengths, offsets).flatMap { length, offset in
      [Int](repeating: offset + length, count: length)
    }
  }
}

/// Keys and values of one attention layer, a growing list for each sequence.
package struct KeyValueCache: Sendable {
  package var keys: [[Float]]
  package var values: [[Float]]

  package init(sequenceCount: Int) {
    keys = Array(repeating: [], count: sequenceCount)
    values = keys
  }

  /// Adds the rows of a step.
  ///
  /// - Parameters:
  ///   - memory: One row a token of the batch.
  ///   - batch: How the rows divide into sequences.
  package mutating func append(_ memory: Attention.Memory, of batch: Batch) {
    for sequence in 0..<batch.sequenceCount {
      let start = batch.starts[sequence]
      for row in start..<start + batch.lengths[sequence] {
        keys[sequence].append(contentsOf: memory.keys.row(row))
        values[sequence].append(contentsOf: memory.values.row(row))
      }
    }
  }

  /// Forgets all sequences but the given ones, in the given order.
  package mutating func keep(_ sequences: [Int]) {
    keys = sequences.map { keys[$0] }
    values = sequences.map { values[$0] }
  }
}
