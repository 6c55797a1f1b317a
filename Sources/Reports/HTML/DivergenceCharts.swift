// SPDX-License-Identifier: Apache-2.0

import Models
import Verification

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The charts of a comparison.
enum DivergenceCharts {
  /// Two bins a power of ten; below the lowest all is rounding.
  private static let binsPerDecade = 2.0
  private static let lowest = -9.0

  /// The share of predictions by the size of their divergence, on a logarithmic scale.
  static func distribution(_ groups: [ComparisonReport.Group]) -> HTMLChart {
    func bin(_ value: Double) -> Int {
      value > 0 ? Int(((log10(value) - lowest) * binsPerDecade).rounded(.down)) : 0
    }
    let histograms = groups.map { group -> [Double] in
      var counts: [Double] = []
      for prediction in group.statistics.predictions {
        let place = max(0, bin(prediction.divergence))
        if place >= counts.count {
          counts += [Double](repeating: 0, count: place + 1 - counts.count)
        }
        counts[place] += 1
      }
      return counts.map { $0 / Double(max(1, group.statistics.count)) }
    }
    let decades = Double(histograms.map(\.count).max() ?? 1) / binsPerDecade
    let end = lowest + max(1, decades.rounded(.up))
    let peak = histograms.flatMap(\.self).max() ?? 1
    var chart = HTMLChart(
      title: "Share of predictions by their KL divergence", x: lowest...end, y: 0...peak)
    for share in [0, peak / 2, peak] {
      chart.mark(y: share, Figures.decimal(share * 100, 0) + " %")
    }
    for decade in stride(from: Int(lowest), through: Int(end), by: 2) {
      chart.mark(x: Double(decade), "1e\(decade)")
    }
    for (series, histogram) in histograms.enumerated() {
      for (place, share) in histogram.enumerated() where share > 0 {
        let start = lowest + Double(place) / binsPerDecade
        chart.bar(
          start...(start + 1 / binsPerDecade), height: share, series: series % 5,
          "\(groups[series].name): \(Figures.percent(share)) from \(Figures.small(pow(10, start)))")
      }
    }
    return chart
  }

  /// The mean divergence by the place of a prediction in its document.
  static func byPosition(_ groups: [ComparisonReport.Group]) -> HTMLChart {
    let longest = groups.flatMap { $0.statistics.documents.map(\.count) }.max() ?? 1
    let width = max(1, (longest + 31) / 32)
    let curves = groups.map { group -> [(x: Double, y: Double)] in
      var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: longest / width + 1)
      for document in group.statistics.documents {
        for (place, index) in document.enumerated() {
          sums[place / width].sum += group.statistics.predictions[index].divergence
          sums[place / width].count += 1
        }
      }
      return sums.enumerated().filter { $0.element.count > 0 }.map { place, entry in
        ((Double(place) + 0.5) * Double(width), entry.sum / Double(entry.count))
      }
    }
    let peak = curves.flatMap { $0.map(\.y) }.max() ?? 0
    var chart = HTMLChart(
      title: "Mean KL divergence by position", x: 0...Double(longest), y: 0...max(peak, 1e-12))
    for value in [0, peak / 2, peak] where peak > 0 { chart.mark(y: value, Figures.small(value)) }
    for share in [0.0, 0.25, 0.5, 0.75, 1] {
      chart.mark(x: share * Double(longest), Figures.decimal(share * Double(longest), 0))
    }
    for (series, curve) in curves.enumerated() {
      chart.line(curve, series: series % 5)
      // A line of one point shows nothing.
      for point in curve where curve.count == 1 {
        chart.dot(x: point.x, y: point.y, series: series % 5, Figures.small(point.y))
      }
    }
    return chart
  }

  /// The relative error of the connector's output for each image.
  static func errors(of images: [VisionStatistics.Image]) -> HTMLChart {
    let errors = images.map(\.connector.relativeError).map { $0.isFinite ? $0 : 1 }
    let peak = errors.max() ?? 0
    var chart = HTMLChart(
      title: "Relative error of images as the language model sees them",
      x: 0...Double(images.count + 1), y: 0...max(peak, 1e-12))
    for value in [0, peak / 2, peak] where peak > 0 { chart.mark(y: value, Figures.percent(value)) }
    for (place, image) in images.enumerated() {
      chart.dot(
        x: Double(place + 1), y: errors[place], series: 0,
        "\(image.path): \(Figures.percent(errors[place]))")
    }
    return chart
  }

  /// The relative error of the outputs of each block, a chart for each part that has several.
  static func byBlock(
    _ blocks: [BlockStatistics.Block]
  ) -> [(part: String, chart: HTMLChart)] {
    var charts: [(part: String, chart: HTMLChart)] = []
    for part in PartDeclaration.Kind.allCases {
      let own = blocks.filter { $0.place.part == part && $0.relativeError.value.isFinite }
      guard own.count > 1 else { continue }
      let peak = own.map(\.relativeError.value).max() ?? 0
      var chart = HTMLChart(
        title: "Relative error of the outputs of the \(part.rawValue) part's blocks",
        x: 0...Double(own.count), y: 0...max(peak, 1e-12))
      for value in [0, peak / 2, peak] where peak > 0 {
        chart.mark(y: value, Figures.percent(value))
      }
      let layers = own.indices.filter { index in
        own[index].place.layer.map { layer in
          index == 0 || own[index - 1].place.layer != layer
        } ?? false
      }
      let step = max(1, (layers.count + 7) / 8)
      for (number, index) in layers.enumerated() where number % step == 0 {
        chart.mark(x: Double(index) + 0.5, "\(own[index].place.layer ?? 0)")
      }
      for (index, block) in own.enumerated() {
        let layer = block.place.layer.map { ", layer \($0)" } ?? ""
        chart.bar(
          Double(index)...Double(index + 1), height: block.relativeError.value, series: 0,
          "\(block.place.name)\(layer): \(Figures.percent(block.relativeError.value)), "
            + "between \(VerificationReport.interval(block.relativeError, Figures.percent))")
      }
      charts.append((part.rawValue, chart))
    }
    return charts
  }

  /// The mean divergence of what could be read off after each layer.
  static func byLayer(_ layers: [LayerStatistics]) -> HTMLChart {
    let peak = layers.map(\.divergence.value).max() ?? 0
    var chart = HTMLChart(
      title: "Mean KL divergence of predictions read off after each layer",
      x: 0...Double(layers.count), y: 0...max(peak, 1e-12))
    for value in [0, peak / 2, peak] where peak > 0 { chart.mark(y: value, Figures.small(value)) }
    let step = max(1, (layers.count + 15) / 16)
    for (index, layer) in layers.enumerated() {
      if index % step == 0 { chart.mark(x: Double(index) + 0.5, "\(layer.layer)") }
      chart.bar(
        Double(index)...Double(index + 1), height: layer.divergence.value, series: 0,
        "layer \(layer.layer): \(Figures.small(layer.divergence.value))")
    }
    return chart
  }

  /// Bytes against the distance, of which a measure is named, the front as a line.
  static func front(_ ranking: Ranking, measure: String) -> HTMLChart {
    let entries = ranking.entries
    let sizes = entries.map { Double($0.report.candidate.byteCount) }
    let floor = 1e-12
    let heights = entries.map { log10(max($0.distance, floor)) }
    let (least, most) = (sizes.min() ?? 0, sizes.max() ?? 1)
    let margin = max(1, (most - least) * 0.08)
    let low = (heights.min() ?? -1).rounded(.down)
    let high = max(low + 1, (heights.max() ?? 0).rounded(.up))
    var chart = HTMLChart(
      title: "Size against \(measure)", x: (least - margin)...(most + margin),
      y: low...high)
    for decade in stride(from: Int(low), through: Int(high), by: max(1, Int(high - low) / 4)) {
      chart.mark(y: Double(decade), "1e\(decade)")
    }
    for share in [0.0, 0.5, 1] {
      let size = least + share * (most - least)
      chart.mark(x: size, Figures.bytes(Int(size)))
    }
    let front = entries.indices.filter { entries[$0].isOnFront }.sorted { sizes[$0] < sizes[$1] }
    chart.line(front.map { (sizes[$0], heights[$0]) }, series: 0)
    for (index, entry) in entries.enumerated() {
      chart.dot(
        x: sizes[index], y: heights[index], series: entry.isOnFront ? 0 : 1,
        "\(entry.report.candidate.name): \(Figures.bytes(entry.report.candidate.byteCount)), "
          + "\(measure) \(Figures.small(entry.distance))")
      chart.name(
        x: sizes[index], y: heights[index], above: entry.isOnFront, entry.report.candidate.name)
    }
    return chart
  }
}
