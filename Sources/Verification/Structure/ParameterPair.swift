// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Models
import Notation
import Tensors

/// A parameter in both models.
struct ParameterPair: Sendable {
  let role: String
  let reference: BoundParameter
  let candidate: BoundParameter

  /// The role with the layer, and the tensor of the candidate.
  var name: String {
    let layer = reference.parameter.layer.map { ", layer \($0)" } ?? ""
    let tensor = candidate.tensors.first.map { " ('\($0.name)')" } ?? ""
    return role + layer + tensor
  }

  /// Pairs the parameters of two models by their roles, and tells what has no partner.
  static func all(
    of reference: Model, and candidate: Model, into findings: inout Findings
  ) -> [ParameterPair] {
    var pairs: [ParameterPair] = []
    for kind in PartDeclaration.Kind.allCases {
      let (ours, theirs) = (
        parameters(of: kind, in: reference), parameters(of: kind, in: candidate)
      )
      if ours.isEmpty && theirs.isEmpty { continue }
      guard !ours.isEmpty, !theirs.isEmpty else {
        findings.append(lonely(kind, ours: ours.count, theirs: theirs.count))
        continue
      }
      pairs += pair(ours, theirs, into: &findings)
    }
    return pairs
  }

  /// The parameters of a part that take part in the computation.
  private static func parameters(
    of kind: PartDeclaration.Kind, in model: Model
  ) -> [BoundParameter] {
    zip(model.architecture.parts, model.census.parameters)
      .filter { $0.0.kind == kind }
      .flatMap { $0.1.compactMap(\.self) }
      // A GGUF has in a tensor what a configuration says in numbers: a matter of the settings.
      .filter { $0.parameter.isUsed && !$0.parameter.isRopeDivisors }
  }

  private static func lonely(
    _ kind: PartDeclaration.Kind, ours: Int, theirs: Int
  ) -> Finding {
    guard theirs > 0 else {
      return Finding(
        .tensors, .error, of: "\(kind.rawValue) part", expected: "its \(ours) parameters",
        found: "none",
        consequence: kind == .language
          ? "nothing would be answered"
          : "images would be ignored or refused; convert it too, or name it with --mmproj")
    }
    return Finding(
      .tensors, .warning, of: "\(kind.rawValue) part", expected: "none",
      found: "\(theirs) parameters",
      consequence: "they were compared with nothing; name the original's vision part with "
        + "--reference-mmproj")
  }

  /// The parameters of one part by their names in a GGUF, which no two have in common.
  private struct Places {
    /// The output layer, and the table that takes its place where the two are tied.
    private static let output = "language.output.output"
    private static let table = "language.embedding.table"

    private(set) var parameters: [ExactName: BoundParameter] = [:]
    private let tied: BoundParameter?
    let hasOutput: Bool

    init(_ list: [BoundParameter]) {
      for bound in list { parameters[ExactName(bound.parameter.ggufName)] = bound }
      tied = list.first { $0.parameter.role == Places.table }
      hasOutput = list.contains { $0.parameter.role == Places.output }
    }

    subscript(parameter: Parameter) -> BoundParameter? {
      let own = parameters[ExactName(parameter.ggufName)]
      // Where only one of the models is tied, its table is the output layer.
      return own ?? (parameter.role == Places.output && !hasOutput ? tied : nil)
    }
  }

  private static func pair(
    _ ours: [BoundParameter], _ theirs: [BoundParameter], into findings: inout Findings
  ) -> [ParameterPair] {
    let (a, b) = (Places(ours), Places(theirs))
    var pairs: [ParameterPair] = []
    var missing: [(role: String, layers: [Int])] = []
    var added: [(role: String, layers: [Int])] = []
    func note(_ parameter: Parameter, in list: inout [(role: String, layers: [Int])]) {
      let layers = parameter.layer.map { [$0] } ?? []
      if let index = list.firstIndex(where: { $0.role == parameter.role }) {
        list[index].layers += layers
      } else {
        list.append((parameter.role, layers))
      }
    }
    var seen: Set<ExactName> = []
    for parameter in (ours + theirs).map(\.parameter)
    where seen.insert(ExactName(parameter.ggufName)).inserted {
      findings.count(.tensors)
      switch (a[parameter], b[parameter]) {
      case (let reference?, let candidate?):
        let pair = ParameterPair(
          role: parameter.role, reference: reference, candidate: candidate)
        findings.count(.shapes)
        if let finding = pair.shapeFinding { findings.append(finding) } else { pairs.append(pair) }
      case (.some, nil): note(parameter, in: &missing)
      case (nil, _): note(parameter, in: &added)
      }
    }
    for (role, layers) in missing {
      findings.append(
        Finding(
          .tensors, .error, of: role + text(of: layers), expected: "a tensor", found: "none",
          consequence: "engines would leave the step out, or refuse the file"))
    }
    for (role, layers) in added {
      findings.append(
        Finding(
          .tensors, .error, of: role + text(of: layers), expected: "no tensor", found: "one",
          consequence: "engines would take a step that the original does not have"))
    }
    return pairs
  }

  private static func text(of layers: [Int]) -> String {
    guard let first = layers.min(), let last = layers.max() else { return "" }
    if layers.count == 1 { return ", layer \(first)" }
    return ", \(layers.count) layers from \(first) to \(last)"
  }

  private var shapeFinding: Finding? {
    let (a, b) = (reference.parameter, candidate.parameter)
    guard a.shape != b.shape || a.expertCount != b.expertCount else { return nil }
    func text(_ parameter: Parameter) -> String {
      let experts = parameter.expertCount.map { "\($0) experts of " } ?? ""
      return "\(experts)\(parameter.shape)"
    }
    return Finding(
      .shapes, .error, of: name, expected: text(a), found: text(b),
      consequence: "weights were cut, merged or made of another model")
  }
}
