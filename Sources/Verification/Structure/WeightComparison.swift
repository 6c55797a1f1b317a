// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Models
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Judges how a parameter is stored in a conversion, and what has become of its values.
struct WeightComparison {
  let pair: ParameterPair
  let statistics: WeightStatistics
  /// Whether the reference has most weights in fewer bits than F32, so that one in F32 is meant so.
  let isMixed: Bool

  /// Beyond this relative error, no type of the program leaves a weight: one bit a weight costs
  /// about 0.6, three levels about 0.85.
  static let largestError = 0.9

  func check(into findings: inout Findings) {
    findings.count(.dtypes)
    findings.count(.nonFinite)
    findings.count(.range)
    if let finding = storageFinding { findings.append(finding) }
    let (ours, theirs) = statistics.nonFinite
    guard ours == 0, theirs == 0 else {
      findings.append(nonFiniteFinding)
      return
    }
    if let finding = valueFinding { findings.append(finding) }
  }

  private var storageFinding: Finding? {
    guard let ours = pair.reference.tensors.first, let theirs = pair.candidate.tensors.first else {
      return nil
    }
    let isVector = pair.reference.parameter.shape.dimensions.count < 2
    let isQuantized = theirs.packed != nil || theirs.encoding.bitsPerElement < 16
    if isVector, isQuantized, ours.packed == nil, ours.encoding.bitsPerElement >= 16 {
      return Finding(
        .dtypes, .warning, of: pair.name, expected: ours.storage, found: theirs.storage,
        consequence: "norms and biases are few and touch every channel: quantizing them saves "
          + "nothing and costs accuracy")
    }
    let isNarrowed = pair.candidate.tensors.contains {
      $0.packed == nil && [.bf16, .f16].contains($0.encoding)
    }
    guard isVector || isMixed, ours.packed == nil, ours.encoding == .f32, isNarrowed,
      statistics.distortion.largestError > 0
    else { return nil }
    return Finding(
      .dtypes, .warning, of: pair.name, expected: "F32", found: theirs.storage,
      consequence: "values were rounded by up to \(figure(statistics.distortion.largestError)), "
        + "relative error \(figure(statistics.relativeError)); parameters that are kept in F32 "
        + "often need it")
  }

  private var nonFiniteFinding: Finding {
    let (ours, theirs) = statistics.nonFinite
    let total = statistics.distortion.count
    guard theirs > 0 else {
      return Finding(
        .nonFinite, .warning, of: pair.name, expected: "numbers in the original",
        found: "\(ours) of \(total) values NaN or infinite",
        consequence: "the original does not work itself; get an intact copy")
    }
    return Finding(
      .nonFinite, .error, of: pair.name, expected: "numbers",
      found: "\(theirs) of \(total) values NaN or infinite",
      consequence: "whatever touches them becomes NaN: no answer, or the same token again and again"
    )
  }

  private func error(expected: String, found: String, _ consequence: String) -> Finding {
    Finding(
      .range, .error, of: pair.name, expected: expected, found: found, consequence: consequence)
  }

  private var valueFinding: Finding? {
    let relative = statistics.relativeError
    if statistics.distortion.energy == 0 {
      guard statistics.candidateEnergy > 0 else { return nil }
      return error(
        expected: "zeros", found: "other values", "a step without effect would have one")
    }
    if statistics.candidateEnergy == 0 {
      return error(
        expected: "the original's values", found: "all zero",
        "the step would have no effect: the tensor was not written, or its scales are zero")
    }
    let likeness = statistics.likeness
    if likeness.isRescaled {
      return error(
        expected: "the original's values",
        found: "the original's times \(figure(likeness.scale))",
        "a scale is missing, was applied twice, or belongs to another tensor")
    }
    if relative > WeightComparison.largestError {
      return error(
        expected: "a relative error of at most \(WeightComparison.largestError)",
        found: "\(figure(relative)), cosine \(figure(likeness.cosine))",
        "rows or blocks are permuted or transposed, of another tensor, or have wrong scales")
    }
    let lost = statistics.lostRows
    if let first = lost.first {
      return error(
        expected: "each row near the original's",
        found: "\(lost.count) of \(statistics.rowCount) rows no nearer than zeros, the first "
          + "\(first)",
        "these rows are zero, permuted, or have wrong scales")
    }
    guard statistics.rescaledRowCount * 8 > statistics.rowCount else { return nil }
    return Finding(
      .range, .warning, of: pair.name, expected: "the original's rows",
      found: "\(statistics.rescaledRowCount) of \(statistics.rowCount) rows times other factors",
      consequence: "it is right only if another layer undoes them; otherwise scales of channels "
        + "were applied to the wrong tensor, or twice")
  }

  /// A number with four digits.
  private func figure(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    let unit = pow(10, log10(abs(value)).rounded(.down) - 3)
    return "\(Float((value / unit).rounded() * unit))"
  }
}
