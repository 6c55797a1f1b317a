// SPDX-License-Identifier: Apache-2.0

/// A compiled regular expression of the kind that cuts text into words before BPE.
///
/// A program for a backtracking matcher, so alternatives are tried in order and repeats are greedy,
/// as in the Oniguruma and `fancy-regex` engines that tokenizers are defined with. Runs of one
/// character set keep a single entry on the backtracking stack however long they are.
struct Pattern: Sendable, Equatable {
  enum Instruction: Sendable, Equatable {
    /// Takes one character of a set.
    case one(Int)
    /// Takes `minimum` to `maximum` characters of a set, as many as possible.
    case run(Int, minimum: Int, maximum: Int, isPossessive: Bool)
    /// Tries `first`, then `second`.
    case either(first: Int, second: Int)
    case jump(Int)
    /// Looks ahead with the instructions up to the `.accept` before `next`, consuming nothing.
    case look(isNegated: Bool, next: Int)
    case textStart
    case textEnd
    case accept
  }

  /// The expression as it was written.
  let source: String
  let instructions: [Instruction]
  let sets: [ScalarSet]

  static func == (a: Pattern, b: Pattern) -> Bool { a.source == b.source }
}

/// Finds matches of a pattern in valid UTF-8.
struct PatternMatcher {
  /// A place to go back to: `position` steps back character by character to `floor`.
  private struct Choice {
    var instruction: Int
    var position: Int
    var floor: Int
  }

  let pattern: Pattern
  let text: UnsafeBufferPointer<UInt8>
  /// The part of the text that exists for the pattern.
  let bounds: Range<Int>
  private var choices: [Choice] = []
  /// What one match may cost; a hostile pattern gives up instead of hanging.
  private var budget = 0

  init(_ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>, bounds: Range<Int>) {
    self.pattern = pattern
    self.text = text
    self.bounds = bounds
  }

  /// The end of the match that starts at `start`, or nil.
  mutating func matchEnd(at start: Int) -> Int? {
    budget = 1000 + 16 * bounds.count
    choices.removeAll(keepingCapacity: true)
    return run(from: 0, at: start)
  }

  private mutating func run(from entry: Int, at start: Int) -> Int? {
    let base = choices.count
    defer { choices.removeSubrange(base...) }
    var instruction = entry
    var position = start
    while true {
      budget -= 1
      guard budget > 0 else { return nil }
      var holds = true
      switch pattern.instructions[instruction] {
      case .one(let set):
        if let next = step(pattern.sets[set], position) { position = next } else { holds = false }
        instruction += 1
      case .run(let set, let minimum, let maximum, let isPossessive):
        var count = 0
        var floor = position
        while count < maximum, let next = step(pattern.sets[set], position) {
          position = next
          count += 1
          if count == minimum { floor = position }
        }
        holds = count >= minimum
        instruction += 1
        if holds, !isPossessive, position > floor {
          choices.append(Choice(instruction: instruction, position: position, floor: floor))
        }
      case .either(let first, let second):
        choices.append(Choice(instruction: second, position: position, floor: -1))
        instruction = first
      case .jump(let target): instruction = target
      case .look(let isNegated, let next):
        holds = (run(from: instruction + 1, at: position) != nil) != isNegated
        instruction = next
      case .textStart:
        holds = position == bounds.lowerBound
        instruction += 1
      case .textEnd:
        holds = position == bounds.upperBound
        instruction += 1
      case .accept: return position
      }
      if !holds {
        guard choices.count > base, let choice = choices.popLast() else { return nil }
        (instruction, position) = resume(choice)
      }
    }
  }

  /// Goes back to a choice; one inside a run gives up its last character.
  private mutating func resume(_ choice: Choice) -> (Int, Int) {
    guard choice.floor >= 0 else { return (choice.instruction, choice.position) }
    var position = choice.position - 1
    while position > choice.floor, text[position] & 0xC0 == 0x80 { position -= 1 }
    if position > choice.floor {
      choices.append(
        Choice(instruction: choice.instruction, position: position, floor: choice.floor))
    }
    return (choice.instruction, position)
  }

  /// The position after the character at `position` if the set contains it.
  @inline(__always)
  private func step(_ set: ScalarSet, _ position: Int) -> Int? {
    guard position < bounds.upperBound else { return nil }
    let byte = text[position]
    if byte < 0x80 { return set.contains(ascii: byte) ? position + 1 : nil }
    let (scalar, length) = UTF8Text.scalar(text, at: position)
    return set.contains(scalar) ? position + length : nil
  }
}
