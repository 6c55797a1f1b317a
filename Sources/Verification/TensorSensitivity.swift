// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import LinearAlgebra
package import Models

/// Measures what a conversion costs, and what each of its tensors costs alone: the original runs with
/// one tensor after the other as the conversion has it.
///
/// A cost is the mean KL divergence in nats of answers about images, of other answers and of text,
/// and of these the mean: a few answers about images count as much as much text.
package struct TensorSensitivity {
  /// Tokens of a window of text: many short ones tell more than a few long ones.
  private static let window = 128
  /// Tokens of text that are looked at, from the largest models to the smallest, and how many times
  /// the weights they may be: each tensor takes a forward pass.
  private static let tokenCounts = 256...2_048
  private static let tokensTimesWeights = 150e9
  /// Questions for so many tokens of text, and the most logits.
  private static let tokensPerQuestion = 40
  private static let logitCount = 64 << 20

  private let reference: Model
  private let original: EvaluatedModel
  private let sample: [EvaluationSequence]
  private let logits: Matrix
  private let report: (Comparison.Progress) -> Void

  /// Which of the data's samples are looked at: some decide, the others judge.
  package enum Half: Sendable {
    case even, odd
  }

  /// Runs the original.
  ///
  /// - Parameters:
  ///   - reference: The original.
  ///   - data: Questions with answers, and texts.
  ///   - half: Every other sample.
  ///   - report: Called now and then.
  /// - Throws: ``ModelError/input(_:)`` if the data says nothing.
  package init(
    of reference: Model, on data: Dataset, half: Half,
    report: @escaping (Comparison.Progress) -> Void = { _ in }
  ) throws(ModelError) {
    self.reference = reference
    self.report = report
    try reference.requireLogits()
    let model = try EvaluatedModel(reference)
    original = model
    let context = model.contextLength
    let builder = EvaluationBuilder(
      model.forward, prompts: try PromptBuilder(reference),
      window: max(2, min(TensorSensitivity.window, context)), contextLength: context)
    sample = try TensorSensitivity.sample(
      of: data, for: model, builder: builder, half: half)
    guard !sample.isEmpty else {
      throw .input(
        "\(data.path): there is too little to measure single tensors on; give at least two texts or "
          + "questions with answers")
    }
    logits = try model.logits(seeing: sample)
  }

  private static func sample(
    of data: Dataset, for model: EvaluatedModel, builder: EvaluationBuilder, half: Half
  ) throws(ModelError) -> [EvaluationSequence] {
    let (questions, windows) = try builder.samples(of: data, limit: .max)
    let affordable = tokensTimesWeights / Double(max(1, model.model.weightCount))
    let wanted = min(max(Int(affordable), tokenCounts.lowerBound), tokenCounts.upperBound)
    let tokens = min(wanted, logitCount / max(1, model.vocabularySize))
    var sequences = some(tokens / builder.window, of: windows, half: half)
    let asked = some(
      tokens / tokensPerQuestion, of: questions.filter { $0.answer != nil }, half: half)
    try model.see(asked.flatMap(\.images))
    for question in asked {
      let images = model.views(of: question.images)
      let prompt = try builder.question(
        question, images: images.map(\.embedding))
      sequences.append(builder.sequence(prompt, answer: prompt.answerTokens ?? []))
    }
    return sequences
  }

  /// So many of one half of a list, from all over it.
  private static func some<Element>(
    _ count: Int, of list: [Element], half: Half
  ) -> [Element] {
    let own = list.enumerated().filter { $0.offset % 2 == (half == .even ? 0 : 1) }.map(\.element)
    let count = min(max(1, count), own.count)
    return (0..<count).map { own[$0 * own.count / count] }
  }

  /// The tokens that count.
  package var tokenCount: Int {
    sample.flatMap(\.parts).filter { !$0.group.isPrompt }.reduce(0) { $0 + $1.positions.count }
  }

  /// Whether there are answers about images among them.
  package var seesImages: Bool {
    sample.contains { $0.parts.contains { $0.group == .imageAnswers } }
  }

  /// The cost of a conversion as a whole.
  package func cost(of conversion: Model) throws(ModelError) -> Double {
    cost(try EvaluatedModel(conversion).logits(seeing: sample))
  }

  /// The cost of single tensors of a conversion, the original having all others.
  ///
  /// - Parameters:
  ///   - places: Those that are looked at.
  ///   - conversion: Where the tensors are taken from.
  ///   - costs: Gets what it does not know yet, in nats; nothing for tensors that the conversion does not
  ///     have.
  /// - Throws: ``ModelError`` if the conversion does not fit the original, or has weights that are no
  ///   numbers.
  package func measure(
    _ places: [TensorPlace], of conversion: Model, into costs: inout MeasuredCosts
  ) throws(ModelError) {
    var findings = Findings()
    let pairs = Dictionary(
      ParameterPair.all(of: reference, and: conversion, into: &findings).map {
        (TensorPlace($0.reference.parameter), $0.candidate)
      }, uniquingKeysWith: { first, _ in first })
    for (done, place) in places.enumerated() where costs.tensors[place] == nil {
      guard !Task.isCancelled else { throw .cancelled }
      report(
        Comparison.Progress(count: done, total: places.count, activity: "what tensors cost"))
      guard let exchanged = pairs[place] else { continue }
      var options = ForwardPass.Options()
      options.exchange = { TensorPlace($0.parameter) == place ? exchanged : nil }
      let model = try EvaluatedModel(reference, options: options)
      if place.part == .language {
        // Images are seen as the original sees them.
        let images = sample.flatMap(\.images)
        model.keep(original.views(of: images), of: images)
      }
      try costs.note(cost(try model.logits(seeing: sample)), of: place)
    }
  }

  /// Adds the samples that are looked at.
  ///
  /// - Throws: ``ModelError/file(_:)`` for an image that cannot be read.
  package func add(to fingerprint: inout Fingerprint) throws(ModelError) {
    for sequence in sample {
      fingerprint.add("\(sequence.tokens) \(sequence.parts.map(\.positions))")
      do throws(FileError) {
        for image in sequence.images { try fingerprint.add(image) }
      } catch { throw .file(error) }
    }
  }

  private func cost(_ candidate: Matrix) -> Double {
    let predictions = Prediction.compare(
      reference: logits, candidate: candidate, targets: sample.flatMap(\.targets))
    var sums: [EvaluationSequence.Group: (divergence: Double, count: Int)] = [:]
    var row = 0
    for part in sample.flatMap(\.parts) {
      let rows = row..<row + part.positions.count
      row = rows.upperBound
      guard !part.group.isPrompt else { continue }
      sums[part.group, default: (0, 0)].divergence += predictions[rows].reduce(0) {
        $0 + $1.divergence
      }
      sums[part.group]?.count += rows.count
    }
    // In the order of the groups: sums in the order of a dictionary differ from run to run.
    let means = EvaluationSequence.Group.allCases.compactMap { group in
      sums[group].map { $0.divergence / Double(max(1, $0.count)) }
    }
    return means.reduce(0, +) / Double(max(1, means.count))
  }
}
