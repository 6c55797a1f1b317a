// SPDX-License-Identifier: Apache-2.0

import Verification
import Yams

/// Limits in YAML.
///
/// Keys are those of the command's options without dashes in front. At the top they hold for every
/// group, below `images`, `answers` or `text` for that one.
enum LimitsFile {
  private static let figures: [(key: String, figure: Gate.Figure, range: ClosedRange<Double>)] = [
    ("max-kl", .meanDivergence, 0...(.infinity)), ("max-kl-p99", .p99Divergence, 0...(.infinity)),
    ("min-agreement", .agreement, 0...1),
    ("max-perplexity-ratio", .perplexityRatio, 0...(.infinity)),
    ("min-answers", .rightAnswers, 0...1), ("min-vision-cosine", .visionCosine, -1...1),
  ]
  private static let groups = ["images", "answers", "text"]
  /// Those that are not figures of a group of tokens.
  private static let whole: Set<Gate.Figure> = [.rightAnswers, .visionCosine]

  /// The limits of a file.
  ///
  /// - Throws: ``PareError`` with the line of the first mistake.
  static func gates(text: String, path: String) throws(PareError) -> [Gate] {
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch { throw PareError("\(path): \(error)") }
    guard let node else { return [] }
    guard let top = node.mapping else {
      throw mistake(node, path, "expected limits such as 'max-kl: 0.01'")
    }
    var gates: [Gate] = []
    for (key, value) in top {
      guard let name = key.string, groups.contains(name) else {
        gates.append(try gate(key, value, group: nil, path: path))
        continue
      }
      guard let own = value.mapping else {
        throw mistake(value, path, "expected limits for '\(name)', such as 'max-kl: 0.01'")
      }
      for (key, value) in own { gates.append(try gate(key, value, group: name, path: path)) }
    }
    return gates
  }

  private static func gate(
    _ key: Node, _ value: Node, group: String?, path: String
  ) throws(PareError) -> Gate {
    let known = figures.filter { group == nil || !whole.contains($0.figure) }
    guard let (name, figure, range) = known.first(where: { $0.key == key.string }) else {
      let names = known.map(\.key) + (group == nil ? groups : [])
      throw mistake(
        key, path,
        "'\(key.string ?? "")' is not known here; known are \(names.joined(separator: ", "))")
    }
    guard let number = value.float ?? value.int.map(Double.init), range.contains(number) else {
      throw mistake(
        value, path,
        "\(name): expected a number from \(range.lowerBound) to \(range.upperBound), found "
          + "'\(value.string ?? "")'")
    }
    return Gate(figure, number, group: group)
  }

  private static func mistake(_ node: Node, _ path: String, _ sentence: String) -> PareError {
    PareError("\(path):\(node.mark?.line ?? 1): \(sentence)")
  }
}
