// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Charts in SVG, of the page's own colours.
struct HTMLChart {
  /// Little wider than on a phone, where letters must not shrink; on a desk all of it grows.
  private static let (width, height) = (440.0, 200.0)
  private static let (left, right, top, bottom) = (56.0, 12.0, 12.0, 34.0)

  private var body = ""
  private let title: String
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>

  /// - Parameters:
  ///   - title: What the chart shows, for those who do not see it.
  ///   - x: The horizontal range.
  ///   - y: The vertical range; grows if it is empty.
  init(title: String, x: ClosedRange<Double>, y: ClosedRange<Double>) {
    self.title = title
    self.x = x.lowerBound < x.upperBound ? x : x.lowerBound...(x.lowerBound + 1)
    self.y = y.lowerBound < y.upperBound ? y : y.lowerBound...(y.lowerBound + 1)
  }

  private func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let (w, h) = (
      HTMLChart.width - HTMLChart.left - HTMLChart.right,
      HTMLChart.height - HTMLChart.top - HTMLChart.bottom
    )
    let across = (x - self.x.lowerBound) / (self.x.upperBound - self.x.lowerBound)
    let up = (y - self.y.lowerBound) / (self.y.upperBound - self.y.lowerBound)
    return (
      HTMLChart.left + w * min(1, max(0, across)),
      HTMLChart.height - HTMLChart.bottom - h * min(1, max(0, up))
    )
  }

  /// A label below the horizontal axis.
  mutating func mark(x value: Double, _ label: String) {
    let (x, y) = place(value, y.lowerBound)
    body += "<line class=\"axis\" x1=\"\(f(x))\" x2=\"\(f(x))\" y1=\"\(f(y))\" y2=\"\(f(y + 4))\"/>"
    body += "<text x=\"\(f(x))\" y=\"\(f(y + 18))\" text-anchor=\"middle\">"
    body += "\(Markup.escaped(label))</text>"
  }

  /// A line across the chart with a label at its left.
  mutating func mark(y value: Double, _ label: String) {
    let (x, y) = place(self.x.lowerBound, value)
    body += "<line class=\"grid\" x1=\"\(f(x))\" x2=\"\(f(HTMLChart.width - HTMLChart.right))\" "
    body += "y1=\"\(f(y))\" y2=\"\(f(y))\"/>"
    body += "<text x=\"\(f(x - 6))\" y=\"\(f(y + 4))\" text-anchor=\"end\">"
    body += "\(Markup.escaped(label))</text>"
  }

  /// A bar from the bottom, with what it says when pointed at.
  mutating func bar(_ range: ClosedRange<Double>, height: Double, series: Int, _ says: String) {
    let (start, end) = (place(range.lowerBound, height), place(range.upperBound, y.lowerBound))
    body += "<rect class=\"s\(series)\" x=\"\(f(start.x))\" y=\"\(f(start.y))\" "
    body += "width=\"\(f(max(0.5, end.x - start.x - 0.5)))\" height=\"\(f(end.y - start.y))\">"
    body += "<title>\(Markup.escaped(says))</title></rect>"
  }

  mutating func line(_ points: [(x: Double, y: Double)], series: Int) {
    guard !points.isEmpty else { return }
    let path = points.map { point in
      let (x, y) = place(point.x, point.y)
      return "\(f(x)),\(f(y))"
    }
    body += "<polyline class=\"l\(series)\" points=\"\(path.joined(separator: " "))\"/>"
  }

  mutating func dot(x: Double, y: Double, series: Int, _ says: String) {
    let (x, y) = place(x, y)
    body += "<circle class=\"s\(series)\" cx=\"\(f(x))\" cy=\"\(f(y))\" r=\"4\">"
    body += "<title>\(Markup.escaped(says))</title></circle>"
  }

  /// A name beside a dot, on the side where there is room, a little above or below it.
  mutating func name(x: Double, y: Double, above: Bool, _ name: String) {
    let (x, y) = place(x, y)
    let isRight = x > HTMLChart.width * 0.6
    body += "<text x=\"\(f(isRight ? x - 6 : x + 6))\" y=\"\(f(above ? y - 4 : y + 14))\""
    body += "\(isRight ? " text-anchor=\"end\"" : "")>\(Markup.escaped(name))</text>"
  }

  var svg: String {
    "<svg viewBox=\"0 0 \(f(HTMLChart.width)) \(f(HTMLChart.height))\" role=\"img\" "
      + "aria-label=\"\(Markup.escaped(title))\">\(body)</svg>"
  }

  private func f(_ value: Double) -> String { Figures.decimal(value, 1) }
}
