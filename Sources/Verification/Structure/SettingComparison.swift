// SPDX-License-Identifier: Apache-2.0

import Models
import Notation

/// Compares the hyperparameters of two models, whatever containers they come from.
struct SettingComparison {
  let reference: Model
  let candidate: Model

  /// Numbers in a GGUF are rounded to Float32, whose unit in the last place is 1.2e-7 of a number.
  static let tolerance = 1e-6

  /// - Throws: ``ModelError`` if a tensor of frequencies cannot be read.
  func check(into findings: inout Findings) throws(ModelError) {
    try checkRopeDivisors(into: &findings)
    checkImagePrompt(into: &findings)
    for part in reference.architecture.parts {
      guard let other = candidate.architecture.part(part.kind) else { continue }
      let (ours, theirs) = (part.settings, other.settings)
      for setting in ours {
        let check = SettingComparison.check(of: setting.name)
        let subject = "\(part.kind.rawValue).\(setting.name)"
        guard let partner = theirs.first(where: { $0.name == setting.name }) else {
          if !setting.isDefault {
            findings.append(
              unknown(check, subject, expected: setting.value.description, found: "no such number"))
          }
          continue
        }
        findings.count(check)
        guard !SettingComparison.isSame(setting.value, partner.value) else { continue }
        // What follows from other numbers in both is wrong by their fault.
        let isConsequence = !setting.origins.isEmpty && setting.origins == partner.origins
        findings.append(
          Finding(
            check, isConsequence ? .warning : SettingComparison.severity(of: setting.name),
            of: subject,
            expected: setting.value.description, found: partner.value.description,
            consequence: SettingComparison.consequence(of: setting.name)))
      }
      let known = Set(ours.map(\.name))
      for setting in theirs where !known.contains(setting.name) && !setting.isDefault {
        findings.append(
          unknown(
            SettingComparison.check(of: setting.name), "\(part.kind.rawValue).\(setting.name)",
            expected: "no such number", found: setting.value.description))
      }
    }
  }

  /// Compares what decides how images stand in prompts.
  private func checkImagePrompt(into findings: inout Findings) {
    guard let ours = reference.architecture.imagePrompt?.values,
      let theirs = candidate.architecture.imagePrompt?.values
    else { return }
    for (name, value) in ours.sorted(by: { $0.key < $1.key }) {
      findings.count(.chatTemplate)
      if let other = theirs[name], SettingComparison.isSame(value, other) { continue }
      findings.append(
        Finding(
          .chatTemplate, .error, of: "imagePrompt.\(name)", expected: value.description,
          found: theirs[name]?.description ?? "no such setting",
          consequence: "images would stand in prompts otherwise than was taught"))
    }
  }

  /// Compares what rotary frequencies are divided by, whether numbers or a tensor say so.
  private func checkRopeDivisors(into findings: inout Findings) throws(ModelError) {
    let ours = try reference.ropeDivisors().flatMap(\.values)
    let theirs = try candidate.ropeDivisors().flatMap(\.values)
    guard !(ours.isEmpty && theirs.isEmpty) else { return }
    findings.count(.rope)
    let isSame =
      ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { SettingComparison.isClose(Double($0), Double($1)) }
    guard !isSame else { return }
    func text(_ values: [Float]) -> String {
      guard let least = values.min(), let most = values.max() else { return "none" }
      return "divided by \(least) to \(most)"
    }
    findings.append(
      Finding(
        .rope, .error, of: "language.ropeFrequencies", expected: text(ours), found: text(theirs),
        consequence: SettingComparison.consequence(of: "rope")))
  }

  private func unknown(
    _ check: Finding.Check, _ subject: String, expected: String, found: String
  ) -> Finding {
    Finding(
      check, .warning, of: subject, expected: expected, found: found,
      consequence: "only one of the two architectures knows it, so that engines may pass it over")
  }

  private static func check(of name: String) -> Finding.Check {
    name.hasPrefix("rope") ? .rope : .hyperparameters
  }

  /// Whether two values mean the same computation.
  static func isSame(_ a: Expression.Value, _ b: Expression.Value) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): return isClose(a, b)
    case (.text(let a), .text(let b)):
      // Two words for positions that are not scaled.
      let plain: Set = ["default", "none"]
      return a == b || plain.contains(a) && plain.contains(b)
    default: return a == b
    }
  }

  static func isClose(_ a: Double, _ b: Double) -> Bool {
    a == b || abs(a - b) <= tolerance * max(abs(a), abs(b))
  }

  /// The length of the context is a limit and changes no result below it.
  private static func severity(of name: String) -> Finding.Severity {
    name == "contextLength" ? .warning : .error
  }

  private static let consequences = [
    "epsilon": "every norm would scale otherwise, and the error grows from layer to layer",
    "activation": "every feed-forward layer would compute another function",
    "usedLayerCount": "the connector would get the output of another layer of the encoder",
    "contextLength": "engines would cut prompts elsewhere, or go on where the model was not taught",
    "headCount": "heads would be cut out of the channels at other places",
    "keyValueHeadCount": "queries would meet the keys of other heads",
    "imageSize": "patches would get the positions of others",
    "patchSize": "patches would be cut otherwise",
    "tokenCount": "images would take another number of tokens than was taught",
    "chosenExpertCount": "tokens would be computed by more or fewer experts than was taught",
    "renormalizes": "the shares of the chosen experts would add up to another sum",
    "sparseStep": "experts would be looked for in other layers",
  ]

  private static func consequence(of name: String) -> String {
    if name.hasPrefix("rope") {
      return "positions would be turned by other angles: short prompts look right, long ones fall "
        + "apart"
    }
    return consequences[name] ?? "engines would compute something else"
  }
}
