// SPDX-License-Identifier: Apache-2.0

/// Chooses one type for each tensor, so that the sum of losses is small at a number of bytes.
///
/// Of each tensor's options those on the lower convex hull of bytes and loss count. From the smallest
/// of each, the step that saves the most loss a byte is taken, again and again, while it fits: the
/// best choice there is for the bytes that it takes, but for the last steps that do not fit.
///
/// Source: Shoham and Gersho, Efficient Bit Allocation for an Arbitrary Set of Quantizers (IEEE
/// Transactions on Acoustics, Speech and Signal Processing, 1988).
package struct BitAllocation<Choice: Sendable & Equatable>: Sendable {
  /// A way to store a tensor.
  package struct Option: Sendable, Equatable {
    package let type: Choice
    package let byteCount: Int
    /// What it costs, in any unit that adds up.
    package let loss: Double

    package init(type: Choice, byteCount: Int, loss: Double) {
      self.type = type
      self.byteCount = byteCount
      self.loss = loss
    }
  }

  /// For each tensor its hull: bytes rise, losses fall, each step saves less a byte than the one
  /// before.
  private let hulls: [[Option]]

  /// - Parameter tensors: The options of each, at least one.
  package init(_ tensors: [[Option]]) {
    hulls = tensors.map(BitAllocation.hull)
  }

  /// The fewest bytes that any choice takes.
  package var leastByteCount: Int { hulls.reduce(0) { $0 + ($1.first?.byteCount ?? 0) } }

  /// The choice for a number of bytes.
  ///
  /// - Returns: An option for each tensor; nil if there are too few bytes for the smallest ones.
  package func choice(bytes: Int) -> [Option]? {
    guard leastByteCount <= bytes else { return nil }
    return grown { taken, _ in taken <= bytes }
  }

  /// The fewest bytes, as far as whole steps go, at which the sum of losses is within a bound.
  ///
  /// - Returns: An option for each tensor; nil if the largest ones lose more.
  package func choice(loss: Double) -> [Option]? {
    var isReached = false
    let options = grown { _, before in
      isReached = before <= loss
      return !isReached
    }
    let sum = options.reduce(0) { $0 + $1.loss }
    return sum <= loss ? options : nil
  }

  /// Takes steps from the smallest options on, the best first.
  ///
  /// - Parameter accepts: Whether a step is taken, from the bytes after and the loss before it; a
  ///   tensor whose step is refused takes no other.
  /// - Returns: An option for each tensor.
  private func grown(_ accepts: (Int, Double) -> Bool) -> [Option] {
    var places = [Int](repeating: 0, count: hulls.count)
    var bytes = leastByteCount
    var loss = hulls.reduce(0) { $0 + ($1.first?.loss ?? 0) }
    var steps: [(tensor: Int, place: Int, rate: Double)] = []
    for (tensor, hull) in hulls.enumerated() {
      for place in hull.indices.dropFirst() {
        let (a, b) = (hull[place - 1], hull[place])
        steps.append((tensor, place, (a.loss - b.loss) / Double(b.byteCount - a.byteCount)))
      }
    }
    // Rates fall along a hull, so that a tensor's steps come in their order; of equals the first.
    steps.sort { ($1.rate, $0.tensor, $0.place) < ($0.rate, $1.tensor, $1.place) }
    for step in steps where places[step.tensor] == step.place - 1 {
      let hull = hulls[step.tensor]
      let more = hull[step.place].byteCount - hull[step.place - 1].byteCount
      guard accepts(bytes + more, loss) else { continue }
      bytes += more
      loss += hull[step.place].loss - hull[step.place - 1].loss
      places[step.tensor] = step.place
    }
    return zip(hulls, places).compactMap { $0.isEmpty ? nil : $0[$1] }
  }

  private static func hull(_ options: [Option]) -> [Option] {
    var hull: [Option] = []
    // Of equals the first.
    let sorted = options.enumerated().sorted { a, b in
      (a.element.byteCount, a.element.loss, a.offset)
        < (b.element.byteCount, b.element.loss, b.offset)
    }.map(\.element)
    for option in sorted {
      if let last = hull.last, option.byteCount == last.byteCount || option.loss >= last.loss {
        continue
      }
      // The one before is no corner if the way around it saves more a byte.
      while hull.count > 1 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        let first = (a.loss - b.loss) / Double(b.byteCount - a.byteCount)
        let second = (b.loss - option.loss) / Double(option.byteCount - b.byteCount)
        guard second >= first else { break }
        hull.removeLast()
      }
      hull.append(option)
    }
    return hull
  }
}
