// SPDX-License-Identifier: Apache-2.0

/// Lays a pattern's tree out as instructions.
struct PatternCompiler {
  /// The longest program; the longest pattern in use has about a hundred instructions.
  static let limit = 4096

  private(set) var instructions: [Pattern.Instruction] = []
  private(set) var sets: [ScalarSet] = []

  /// Appends an instruction.
  ///
  /// - Returns: Whether there was room.
  mutating func emit(_ instruction: Pattern.Instruction) -> Bool {
    instructions.append(instruction)
    return instructions.count <= Self.limit
  }

  mutating func emit(_ tree: PatternTree) -> Bool {
    switch tree {
    case .set(let set): return emit(.one(index(of: set)))
    case .anchor(let instruction): return emit(instruction)
    case .sequence(let parts):
      for part in parts where !emit(part) { return false }
      return true
    case .alternatives(let parts): return emitAlternatives(parts)
    case .look(let part, let isNegated):
      let start = instructions.count
      guard emit(.accept), emit(part), emit(.accept) else { return false }
      instructions[start] = .look(isNegated: isNegated, next: instructions.count)
      return true
    case .repeated(.set(let set), let minimum, let maximum, let isPossessive):
      return emit(
        .run(
          index(of: set), minimum: minimum, maximum: maximum, isPossessive: isPossessive))
    case .repeated(let part, let minimum, let maximum, _):
      return emitRepeat(part, minimum: minimum, maximum: maximum)
    }
  }

  private mutating func emitAlternatives(_ parts: [PatternTree]) -> Bool {
    var jumps: [Int] = []
    for part in parts.dropLast() {
      let choice = instructions.count
      guard emit(.accept), emit(part) else { return false }
      jumps.append(instructions.count)
      guard emit(.accept) else { return false }
      instructions[choice] = .either(first: choice + 1, second: instructions.count)
    }
    guard let last = parts.last, emit(last) else { return false }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
    return true
  }

  private mutating func emitRepeat(_ part: PatternTree, minimum: Int, maximum: Int) -> Bool {
    for _ in 0..<minimum where !emit(part) { return false }
    if maximum == .max {
      let choice = instructions.count
      guard emit(.accept), emit(part), emit(.jump(choice)) else { return false }
      instructions[choice] = .either(first: choice + 1, second: instructions.count)
      return true
    }
    var choices: [Int] = []
    for _ in minimum..<maximum {
      choices.append(instructions.count)
      guard emit(.accept), emit(part) else { return false }
    }
    for choice in choices {
      instructions[choice] = .either(first: choice + 1, second: instructions.count)
    }
    return true
  }

  private mutating func index(of set: ScalarSet) -> Int {
    if let index = sets.firstIndex(of: set) { return index }
    sets.append(set)
    return sets.count - 1
  }
}
