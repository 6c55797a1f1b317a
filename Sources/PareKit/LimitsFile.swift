// SPDX-License-Identifier: Apache-2.0

import Verification
import Yams

/// Limits in YAML.
///
/// Keys are those of the command's options without dashes in front. At the top they hold for every
/// group, below `images`, `answers` or `text` for that one.
enum LimitsFile {
  private static let groups = ["images", "answers", "text"]
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
    let known = PareLimits.kinds.filter { group == nil || $0.isOfGroup }
    guard let kind = known.first(where: { $0.name == key.string }) else {
      let names = known.map(\.name) + (group == nil ? groups : [])
      throw mistake(
        key, path,
        "'\(key.string ?? "")' is not known here; known are \(names.joined(separator: ", "))")
    }
    guard let number = value.float ?? value.int.map(Double.init), kind.range.contains(number)
    else {
      throw mistake(
        value, path, "\(kind.name): expected \(kind.expected), found '\(value.string ?? "")'")
    }
    return Gate(kind.figure, number, group: group)
  }

  private static func mistake(_ node: Node, _ path: String, _ sentence: String) -> PareError {
    PareError("\(path):\(node.mark?.line ?? 1): \(sentence)")
  }
}
