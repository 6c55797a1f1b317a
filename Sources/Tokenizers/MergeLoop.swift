// SPDX-License-Identifier: Apache-2.0

/// What a pair of neighbours becomes.
struct Merge: Sendable, Equatable {
  /// Lower goes first.
  var rank: Int32
  /// The id of the merged piece.
  var id: Int32
}

/// A part of a text on its way to becoming a token.
struct Symbol: Equatable {
  /// Bytes of the text.
  var range: Range<Int>
  /// The piece's id, or negative if the text is no piece.
  var id: Int32
  /// Whether it takes part in merges.
  var isFrozen = false
}

/// Says which neighbours merge.
protocol MergeRule {
  func merge(_ left: Symbol, _ right: Symbol) -> Merge?
}

/// Merges neighbours, the lowest rank first and the leftmost of equals, until no pair is left.
///
/// A linked list of symbols and a heap of candidate pairs; for the few symbols of a word, a row of
/// them that is looked through for each merge.
///
/// - Complexity: O(n log n) in the number of symbols.
/// - Source: the algorithm of Sennrich et al., arXiv:1508.07909, as both SentencePiece and Hugging
///   Face order it.
func mergeNeighbours(_ symbols: [Symbol], by rule: some MergeRule) -> [Symbol] {
  guard symbols.count > 1 else { return symbols }
  guard symbols.count > 48 else { return mergeFew(symbols, by: rule) }
  var chain = Chain(symbols)
  for left in 0..<symbols.count - 1 { chain.propose(left, by: rule) }
  while let candidate = chain.heap.popLeast() {
    guard chain.isCurrent(candidate) else { continue }
    chain.join(candidate)
    if let previous = chain.previous(of: candidate.left) { chain.propose(previous, by: rule) }
    chain.propose(Int(candidate.left), by: rule)
  }
  return chain.remaining
}

/// The same for a few symbols.
private func mergeFew(_ symbols: [Symbol], by rule: some MergeRule) -> [Symbol] {
  var symbols = symbols
  // What each symbol and the next one become.
  func merge(_ left: Int) -> Merge {
    let isFrozen = symbols[left].isFrozen || symbols[left + 1].isFrozen
    let found = isFrozen ? nil : rule.merge(symbols[left], symbols[left + 1])
    return found ?? Merge(rank: .max, id: -1)
  }
  var merges = (0..<symbols.count - 1).map(merge)
  while true {
    var best = -1
    var rank = Int32.max
    for (place, merge) in merges.enumerated() where merge.id >= 0 && merge.rank < rank {
      (best, rank) = (place, merge.rank)
    }
    guard best >= 0 else { return symbols }
    symbols[best].range = symbols[best].range.lowerBound..<symbols[best + 1].range.upperBound
    symbols[best].id = merges[best].id
    symbols.remove(at: best + 1)
    merges.remove(at: best)
    if best > 0 { merges[best - 1] = merge(best - 1) }
    if best < merges.count { merges[best] = merge(best) }
  }
}

/// A merge that was possible when it was found.
private struct Candidate {
  var merge: Merge
  var left: Int32
  var right: Int32
  /// Where the right symbol ended: if it has grown since, the candidate is stale.
  var end: Int

  static func < (a: Candidate, b: Candidate) -> Bool {
    a.merge.rank != b.merge.rank ? a.merge.rank < b.merge.rank : a.left < b.left
  }
}

private struct Chain {
  var symbols: [Symbol]
  var heap = CandidateHeap()
  private var before: [Int32]
  private var after: [Int32]
  private var isAlive: [Bool]

  init(_ symbols: [Symbol]) {
    self.symbols = symbols
    before = symbols.indices.map { Int32($0 - 1) }
    after = symbols.indices.map { Int32($0 + 1 < symbols.count ? $0 + 1 : -1) }
    isAlive = Array(repeating: true, count: symbols.count)
  }

  var remaining: [Symbol] { symbols.indices.filter { isAlive[$0] }.map { symbols[$0] } }

  func previous(of index: Int32) -> Int? {
    let previous = before[Int(index)]
    return previous < 0 ? nil : Int(previous)
  }

  mutating func propose(_ left: Int, by rule: some MergeRule) {
    let right = Int(after[left])
    guard right >= 0, !symbols[left].isFrozen, !symbols[right].isFrozen,
      let merge = rule.merge(symbols[left], symbols[right])
    else { return }
    heap.push(
      Candidate(
        merge: merge, left: Int32(left), right: Int32(right),
        end: symbols[right].range.upperBound))
  }

  func isCurrent(_ candidate: Candidate) -> Bool {
    isAlive[Int(candidate.left)] && after[Int(candidate.left)] == candidate.right
      && symbols[Int(candidate.right)].range.upperBound == candidate.end
  }

  mutating func join(_ candidate: Candidate) {
    let (left, right) = (Int(candidate.left), Int(candidate.right))
    symbols[left].range = symbols[left].range.lowerBound..<candidate.end
    symbols[left].id = candidate.merge.id
    isAlive[right] = false
    after[left] = after[right]
    if after[left] >= 0 { before[Int(after[left])] = candidate.left }
  }
}

/// A binary heap, least first.
private struct CandidateHeap {
  private var elements: [Candidate] = []

  mutating func push(_ candidate: Candidate) {
    elements.append(candidate)
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard elements[child] < elements[parent] else { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popLeast() -> Candidate? {
    guard let least = elements.first, let last = elements.popLast() else { return nil }
    guard !elements.isEmpty else { return least }
    elements[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < elements.count else { return least }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      guard elements[child] < elements[parent] else { return least }
      elements.swapAt(child, parent)
      parent = child
    }
  }
}
