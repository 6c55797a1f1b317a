// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Layers
package import Models
import Quantization
import Tensors

/// Searches the scales that a plan's weights take over from what comes before them.
///
/// A column's scale is its input's root mean square to a power below 1. The powers are tried with
/// the encoder and the feedback that the weights will get, and judged by tokens that feedback was not
/// fitted to: a site stays as it is unless its outputs then lose less.
struct Folding {
  /// The powers that are tried.
  private static let powers = [-0.25, 0.25, 0.5]
  /// Scales lie between 2 to the minus this and 2 to this.
  private static let largestExponent = 8
  /// The share of the loss that must remain at most.
  private static let worthwhile = 0.99

  private let container: Checkpoint.Container
  private let model: Model
  private let feedback = FeedbackChoice()

  init(for container: Checkpoint.Container, of model: Model) {
    self.container = container
    self.model = model
  }

  /// Folds what helps.
  ///
  /// - Parameters:
  ///   - entries: Those of a file.
  ///   - report: Called before each site with those that are done, and with all.
  /// - Throws: ``ConversionError`` if rows are no whole blocks.
  func fold(
    _ entries: inout [ConversionPlan.Entry], report: (Int, Int) -> Void
  ) throws(ConversionError) {
    let sites = FoldSites(of: entries, in: model).sites.filter { canFold($0, entries) }
    for (done, site) in sites.enumerated() {
      report(done, sites.count)
      guard let experts = site.experts else {
        try fold(site, matrix: nil, in: &entries)
        continue
      }
      for expert in 0..<experts { try fold(site, matrix: expert, in: &entries) }
    }
  }

  /// Folds the matrices of a site, or those of one expert.
  private func fold(
    _ site: FoldSites.Site, matrix: Int?, in entries: inout [ConversionPlan.Entry]
  ) throws(ConversionError) {
    guard !Task.isCancelled else { throw .cancelled }
    // Experts may be entries of their own.
    func own(_ places: [Int]) -> [Int] {
      places.filter { entries[$0].member == nil || matrix == nil || entries[$0].member == matrix }
    }
    let places = own(site.consumers)
    let consumers = places.map { entries[$0] }
    let squares = Folding.squares(of: consumers, matrix: matrix)
    let inOctaves = site.vectors.contains { entries[$0].choice.encoding != .f32 }
    let losses = try Folding.powers.map { (power) throws(ConversionError) in
      let scales = Folding.scales(squares, power: power, inOctaves: inOctaves)
      let folded = consumers.map {
        Folding.multiplied($0, by: scales, matrix: matrix, label: "\(power)")
      }
      return (scales, folded, try loss(of: folded, matrix: matrix))
    }
    guard let best = losses.min(by: { $0.2 < $1.2 }),
      best.2 < Folding.worthwhile * (try loss(of: consumers, matrix: matrix))
    else { return }
    for (index, folded) in zip(places, best.1) { entries[index] = folded }
    let inverses = best.0.map { 1 / $0 }
    for index in own(site.vectors) { entries[index].fold.columns.set(inverses, of: matrix) }
    for index in own(site.producers) { entries[index].fold.rows.set(inverses, of: matrix) }
  }

  /// Whether all tensors of a site are numbers that are encoded anew, of as many channels.
  private func canFold(_ site: FoldSites.Site, _ entries: [ConversionPlan.Entry]) -> Bool {
    guard let width = site.consumers.first.map({ entries[$0].shape.rowLength }), width > 0 else {
      return false
    }
    func isNumbers(_ entry: ConversionPlan.Entry) -> Bool {
      entry.channels == .first
        && entry.source.tensors.allSatisfy {
          $0.packed == nil && $0.encoding.elementsPerBlock == 1
        }
    }
    return site.consumers.allSatisfy {
      isNumbers(entries[$0]) && entries[$0].shape.rowLength == width
    }
      && site.producers.allSatisfy {
        let parameter = entries[$0].source.parameter
        return isNumbers(entries[$0]) && parameter.interleavedHeads == nil
          && entries[$0].piece == nil
          && parameter.shape.dimensions.first == width
      }
      && site.vectors.allSatisfy {
        // In other containers an offset is added after the scale.
        isNumbers(entries[$0]) && entries[$0].shape.elementCount == width
          && (container == .gguf || entries[$0].source.parameter.ggufOffset == 0)
      }
  }

  /// The mean squares of what goes into a site's matrices, but for a common factor.
  private static func squares(of consumers: [ConversionPlan.Entry], matrix: Int?) -> [Double] {
    let all = consumers.flatMap { consumer in
      (consumer.inputs.moments ?? []).enumerated().filter { matrix ?? $0.offset == $0.offset }
        .compactMap(\.element)
    }
    let width = consumers.first?.shape.rowLength ?? 0
    var squares = [Double](repeating: 0, count: width)
    for moments in all where moments.columns == width {
      for i in 0..<width { squares[i] += Double(moments.source.fitted[i * width + i]) }
    }
    return squares
  }

  /// Around 1, in steps of a quarter of an octave; of octaves where a vector would lose by others.
  private static func scales(_ squares: [Double], power: Double, inOctaves: Bool) -> [Float] {
    let logarithms = squares.map { square in
      QuarterOctaves.logarithm(square).map { Double($0) / 2 }
    }
    let known = logarithms.compactMap(\.self)
    let mean = known.reduce(0, +) / Double(max(1, known.count))
    let unit = inOctaves ? 4 : 1
    let largest = largestExponent * 4 / unit
    return logarithms.map { logarithm in
      let steps = (power * ((logarithm ?? mean) - mean) / Double(unit)).rounded()
      return Float(QuarterOctaves.power(unit * min(largest, max(-largest, Int(steps)))))
    }
  }

  private static func multiplied(
    _ entry: ConversionPlan.Entry, by scales: [Float], matrix: Int?, label: String
  ) -> ConversionPlan.Entry {
    var result = entry
    result.fold.columns.set(scales, of: matrix)
    /// What is known of the inputs, where they are divided; nil for what does not fit.
    func divided<Known>(_ known: [Known?]?, _ body: (Known) -> Known?) -> [Known?]? {
      known?.enumerated().map { index, own in
        matrix ?? index == index ? own.flatMap(body) : own
      }
    }
    result.inputs.columns = divided(entry.inputs.columns) {
      $0.count == scales.count ? zip($0, scales).map { $0 / ($1 * $1) } : nil
    }
    result.inputs.means = divided(entry.inputs.means) {
      $0.count == scales.count ? zip($0, scales).map { $0 / $1 } : nil
    }
    result.inputs.moments = divided(entry.inputs.moments) {
      $0.columns == scales.count ? $0.divided(by: scales, label: label) : nil
    }
    return result
  }

  /// What the outputs of matrices lose on held-out tokens.
  private func loss(
    of entries: [ConversionPlan.Entry], matrix: Int?
  ) throws(ConversionError) -> Double {
    var sum = 0.0
    for entry in entries {
      let rows = entry.source.parameter.shape.dimensions.first ?? 1
      let format: (any FeedbackFormat)? =
        if let packing = entry.packing {
          GroupCodes(packing.encoder())
        } else {
          BlockFormats.format(for: entry.choice.encoding).flatMap(Quantization.feedback)
        }
      let matrices = try entry.matrices(rows: rows, order: container == .gguf ? .gguf : .model)
      for (index, own) in matrices.enumerated() where (entry.member ?? matrix ?? index) == index {
        sum +=
          feedback.trial(
            for: format, of: own, moments: entry.moments(of: index, columns: own.columns),
            importance: entry.importance(of: index, columns: own.columns))?.least ?? 0
        own.source.release()
      }
    }
    return sum
  }
}

extension ConversionPlan {
  /// The same plan, with scales moved into weights where that loses less.
  ///
  /// - Parameters:
  ///   - model: What is converted.
  ///   - report: Called now and then with how many places are done, and how many there are, of a file.
  /// - Returns: The plan.
  /// - Throws: ``ConversionError`` if rows are no whole blocks.
  package func folded(of model: Model, report: (Int, Int) -> Void = { _, _ in })
    throws(ConversionError)
    -> ConversionPlan
  {
    var result = self
    for index in result.files.indices {
      try Folding(for: container, of: model).fold(&result.files[index].entries, report: report)
      if case .string(let label)? = result.files[index].metadata["pare.calibration"] {
        result.files[index].metadata["pare.calibration"] = .string(label + ", folded")
      }
    }
    return result
  }
}
