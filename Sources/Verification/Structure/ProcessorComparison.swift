// SPDX-License-Identifier: Apache-2.0

import Models
import Preprocessing

/// Compares what two models do to an image before they see it.
struct ProcessorComparison {
  let reference: Model
  let candidate: Model

  /// One thing that a step does, by the key of `preprocessor_config.json` that says it.
  private struct Element {
    let key: String
    let word: String
    var numbers: [Double] = []

    var text: String {
      let list = numbers.map { Int(exactly: $0).map(String.init) ?? "\($0)" }
      return ([word] + list).filter { !$0.isEmpty }.joined(separator: " ")
    }

    func isSame(as other: Element) -> Bool {
      word == other.word && numbers.count == other.numbers.count
        && zip(numbers, other.numbers).allSatisfy { SettingComparison.isClose($0, $1) }
    }
  }

  func check(into findings: inout Findings) {
    guard let ours = reference.imageProcessor, let theirs = candidate.imageProcessor else {
      return
    }
    let (a, b) = (ours.steps.flatMap(elements), theirs.steps.flatMap(elements))
    for element in a {
      findings.count(.preprocessing)
      let other = b.first { $0.key == element.key }
      if let other, element.isSame(as: other) { continue }
      findings.append(finding(element.key, expected: element.text, found: other?.text))
    }
    for element in b where !a.contains(where: { $0.key == element.key }) {
      findings.append(finding(element.key, expected: nil, found: element.text))
    }
    if a.map(\.key) != b.map(\.key), Set(a.map(\.key)) == Set(b.map(\.key)) {
      findings.append(
        finding(
          "order", expected: a.map(\.key).joined(separator: ", "),
          found: b.map(\.key).joined(separator: ", ")))
    }
  }

  private func finding(_ key: String, expected: String?, found: String?) -> Finding {
    Finding(
      .preprocessing, .error, of: key, expected: expected ?? "no such step",
      found: found ?? "no such step",
      consequence: "the encoder would see other pixels than it was taught")
  }

  private func elements(of step: ImageStep) -> [Element] {
    switch step {
    case .padToSquare(let color):
      let levels = [color.red, color.green, color.blue].map(Double.init)
      return [Element(key: "padding to a square", word: "levels", numbers: levels)]
    case .resize(let target, let filter):
      let (rule, edges) = ProcessorComparison.rule(of: target)
      return [
        Element(key: "size", word: rule, numbers: edges.map(Double.init)),
        Element(key: "resample", word: "\(filter)"),
      ]
    case .centerCrop(let width, let height):
      return [Element(key: "crop_size", word: "", numbers: [Double(width), Double(height)])]
    case .split(let width, let height, let filter):
      return [
        Element(key: "tiles", word: "\(filter)", numbers: [Double(width), Double(height)])
      ]
    case .tile(let choice, let filter):
      return [
        Element(
          key: "tiles", word: "in proportion, \(filter)",
          numbers: [
            choice.width, choice.height, choice.counts.lowerBound, choice.counts.upperBound,
          ]
          .map(Double.init))
      ] + (choice.uncut.map(elements) ?? [])
    case .fit(let choice, let filter):
      return [
        Element(
          key: "image_grid_pinpoints",
          word: "\(choice.rule), \(choice.stretches ? "stretched" : "in proportion"), overview "
            + "\(choice.overview) \(choice.fitsOverview ? "with borders" : "without"), \(filter)",
          numbers: ([choice.tile] + choice.canvases.flatMap { [$0.height, $0.width] })
            .map(Double.init))
      ]
    case .rescale(let factor):
      return [Element(key: "rescale_factor", word: "", numbers: [factor])]
    case .normalize(let mean, let deviation):
      return [
        Element(key: "image_mean", word: "", numbers: mean),
        Element(key: "image_std", word: "", numbers: deviation),
      ]
    case .padWithZeros(let width, let height):
      return [Element(key: "pad_size", word: "", numbers: [Double(width), Double(height)])]
    }
  }

  private func elements(of uncut: TileChoice.Uncut) -> [Element] {
    let (rule, edges) = ProcessorComparison.rule(of: uncut.target)
    return [
      Element(key: "size", word: rule, numbers: edges.map(Double.init)),
      Element(
        key: "max_pixels_tolerance", word: "uncut",
        numbers: [Double(uncut.factor), Double(uncut.least), uncut.most]),
    ]
  }

  private static func rule(of target: ResizeTarget) -> (String, [Int]) {
    switch target {
    case .exact(let width, let height): ("exactly", [width, height])
    case .shortestEdge(let edge): ("shortest edge", [edge])
    case .longestEdge(let edge): ("longest edge", [edge])
    case .within(let width, let height): ("within", [width, height])
    case .edges(let shortest, let longest): ("shortest and longest edge", [shortest, longest])
    case .evenLongestEdge(let edge, let limit): ("longest edge, the other even", [edge, limit])
    case .multiples(let length): ("multiples", [length])
    case .rounded(let factor, let pixels, let takesStrips):
      (
        takesStrips ? "multiples within pixels, also of strips" : "multiples within pixels",
        [factor, pixels.lowerBound, pixels.upperBound]
      )
    case .budget(let factor, let pixels): ("multiples of as many pixels", [factor, pixels])
    case .patches(let patch, let most): ("whole patches within", [patch, most.width, most.height])
    }
  }
}
