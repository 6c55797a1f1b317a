// SPDX-License-Identifier: Apache-2.0

import Models
package import Notation
import Verification

extension VerificationReport {
  /// The same for programs: Formats/report.md.
  package var json: JSON {
    let answers = report.answers
    return [
      "schemaVersion": .integer(JSON.reportVersion), "reference": json(of: report.reference),
      "candidate": json(of: report.candidate),
      "groups": report.groups.isEmpty
        ? .object(JSON.Object()) : VerificationReport.json(of: report.groups),
      "answers": [
        "questions": .integer(answers.judged.count), "asked": .integer(answers.answers.count),
        "referenceRight": .integer(answers.referenceRightCount),
        "right": .integer(answers.candidateRightCount), "same": .integer(answers.sameCount),
        "lost": .integer(answers.lostCount), "gained": .integer(answers.gainedCount),
        "medianParting": answers.medianParting.map(JSON.integer) ?? .null,
        "changed": .array(answers.answers.filter { $0.firstParting != nil }.map(json)),
      ],
      "vision": .array(
        report.vision.images.map { image in
          [
            "image": .string(image.path), "encoderCosine": .number(image.encoder.cosine),
            "encoderError": .number(image.encoder.relativeError),
            "connectorCosine": .number(image.connector.cosine),
            "connectorError": .number(image.connector.relativeError),
          ]
        }),
      "embeddings": embeddingJSON, "rounded": VerificationReport.json(of: report.rounded),
      "roundedSeconds": report.roundedSeconds.map(JSON.number) ?? .null,
      "noiseFloor": VerificationReport.json(of: report.noiseFloor),
      "blocks": .array(
        report.blocks.map { block in
          [
            "part": .string(block.place.part.rawValue), "block": .string(block.place.name),
            "layer": block.place.layer.map(JSON.integer) ?? .null,
            "error": .number(block.relativeError.value),
            "errorInterval": VerificationReport.interval(block.relativeError),
          ]
        }),
      "layers": .array(
        report.layers.map { layer in
          [
            "layer": .integer(layer.layer), "meanKL": .number(layer.divergence.value),
            "meanKLInterval": VerificationReport.interval(layer.divergence),
          ]
        }),
      "tensors": .array(report.tensors.map(VerificationReport.json)),
      "structure": .array(
        (report.structure?.findings ?? []).map(StructureRendering.json)),
      "gates": .array(outcomes.map(VerificationReport.json)),
      "failures": .array(failures.map(JSON.string)),
    ]
  }

  /// The groups' figures, or null where they were not measured.
  private static func json(of groups: [ComparisonReport.Group]) -> JSON {
    guard !groups.isEmpty else { return .null }
    var members = JSON.Object()
    for group in groups { members[group.name] = json(of: group) }
    return .object(members)
  }

  private static func json(of tensor: TensorStatistics) -> JSON {
    [
      "role": .string(tensor.role), "layer": tensor.layer.map(JSON.integer) ?? .null,
      "tensor": .string(tensor.name), "storage": .string(tensor.storage),
      "referenceStorage": .string(tensor.referenceStorage), "bytes": .integer(tensor.byteCount),
      "referenceBytes": .integer(tensor.referenceByteCount),
      "weights": .integer(tensor.weightCount), "weightError": .number(tensor.weightError),
      "outputError": tensor.outputError.map { .number($0.value) } ?? .null,
      "outputErrorInterval": tensor.outputError.map(interval) ?? .null,
      "raised": tensor.trial.map {
        [
          "meanKL": .number($0.after), "before": .number($0.before),
          "saving": .number($0.saving.value), "savingInterval": interval($0.saving),
          "tokens": .integer($0.tokenCount),
        ]
      } ?? .null,
    ]
  }

  private static func json(of group: ComparisonReport.Group) -> JSON {
    let figures = group.summary
    var members = JSON.Object()
    members["tokens"] = .integer(figures.tokenCount)
    members["documents"] = .integer(figures.documentCount)
    let estimates: [(String, Estimate)] = [
      ("meanKL", figures.meanDivergence), ("medianKL", figures.medianDivergence),
      ("p90KL", figures.p90Divergence), ("p99KL", figures.p99Divergence),
      ("p999KL", figures.p999Divergence), ("agreement", figures.agreement),
      ("topFiveAgreement", figures.topFiveAgreement), ("perplexityRatio", figures.perplexityRatio),
      ("meanShift", figures.meanShift),
    ]
    for (name, estimate) in estimates {
      members[name] = .number(estimate.value)
      members["\(name)Interval"] = interval(estimate)
    }
    members["largestKL"] = .number(figures.largestDivergence)
    members["rootMeanSquareShift"] = .number(figures.rootMeanSquareShift)
    members["perplexity"] = .number(figures.candidatePerplexity)
    members["referencePerplexity"] = .number(figures.referencePerplexity)
    return .object(members)
  }

  static func interval(_ estimate: Estimate) -> JSON {
    estimate.interval.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null
  }

  private static func json(of outcome: Gate.Outcome) -> JSON {
    [
      "group": .string(outcome.group), "figure": .string(outcome.gate.figure.rawValue),
      "limit": .number(outcome.gate.limit), "value": .number(outcome.estimate.value),
      "interval": interval(outcome.estimate), "verdict": .string(outcome.verdict.rawValue),
      "samples": .integer(outcome.sampleCount), "unit": .string(outcome.unit),
      "needed": outcome.neededCount.map(JSON.integer) ?? .null,
    ]
  }

  private func json(of answer: AnswerStatistics.Answer) -> JSON {
    [
      "question": .string(answer.question), "image": answer.images.first.map(JSON.string) ?? .null,
      "images": .array(answer.images.map(JSON.string)),
      "expected": answer.expected.map(JSON.string) ?? .null,
      "reference": .string(answer.reference), "candidate": .string(answer.candidate),
      "firstParting": answer.firstParting.map(JSON.integer) ?? .null,
    ]
  }

  private func json(of subject: ComparisonReport.Subject) -> JSON {
    [
      "name": .string(subject.name), "path": .string(subject.path),
      "architecture": .string(subject.architecture), "bytes": .integer(subject.byteCount),
      "weights": .integer(subject.weightCount), "bitsPerWeight": .number(subject.bitsPerWeight),
      "tokens": .integer(subject.tokenCount), "seconds": .number(subject.seconds),
    ]
  }
}
