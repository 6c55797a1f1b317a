// SPDX-License-Identifier: Apache-2.0

import Foundation
import Notation
import Preprocessing
import Testing

/// How a page is looked at.
struct PageView: Sendable, CustomTestStringConvertible {
  let width: Int
  /// Whether the screen is a phone's, which lays pages out by what they say of their width.
  let isPhone: Bool
  let isDark: Bool

  var testDescription: String { "\(isPhone ? "phone" : "desk"), \(isDark ? "dark" : "light")" }

  static let all = [(390, true), (1280, false)].flatMap { width, isPhone in
    [false, true].map { PageView(width: width, isPhone: isPhone, isDark: $0) }
  }

  /// What was seen of a page.
  struct Impression {
    /// What is wrong, a sentence each; empty for a good page.
    var faults: [String] = []
    /// The names of the plots, in their order.
    var plots: [String] = []
  }

  /// Opens a page and looks for faults: anything on the console, requests for anything but the page,
  /// a page wider than the screen or in the wrong colours, plots without anything in them.
  func impression(of path: String, in browser: Browser) throws -> Impression {
    let target = try browser.call("Target.createTarget", ["url": "about:blank"])
    let attached = try browser.call(
      "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])
    guard let session = attached["sessionId"]?.string else {
      throw Browser.Failure(description: "no session: \(attached.text())")
    }
    let page = OpenPage(
      browser: browser, session: session, address: URL(fileURLWithPath: path).absoluteString)
    for domain in ["Page", "Runtime", "Log", "Network"] { try page.call("\(domain).enable") }
    try page.call(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .integer(width), "height": 844, "deviceScaleFactor": 1, "mobile": .bool(isPhone),
      ])
    try page.call(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    try page.call("Page.navigate", ["url": .string(page.address)])
    try browser.wait(for: "Page.loadEventFired", session: session)
    var impression = Impression()
    let layout = try page.evaluate(PageView.layout)
    impression.faults += try faults(of: layout)
    for plot in layout["plots"]?.array ?? [] {
      let name = plot["name"]?.string ?? "a plot without a name"
      impression.plots.append(name)
      impression.faults += try faults(of: plot, name: name, colours: layout["colours"], on: page)
    }
    // What comes late comes before the last answer.
    impression.faults += page.complaints
    try page.call("Page.close")
    return impression
  }

  /// Sizes, the colours of series, which the style sheet calls `--s0` and so on, and what series the
  /// elements of each plot are of: those of the classes `s0` and `l0` are of the first.
  private static let layout = """
    new Promise(done => setTimeout(done, 100)).then(() => {
      const style = getComputedStyle(document.documentElement)
      const plot = (svg) => {
        const {x, y, width, height} = svg.getBoundingClientRect()
        const shapes = [...svg.querySelectorAll('[class]')].map(shape => shape.classList[0])
        return {
          name: svg.ariaLabel, box: {x: x + scrollX, y: y + scrollY, width, height},
          series: [0, 1, 2, 3, 4].filter(i => shapes.includes('s' + i) || shapes.includes('l' + i)),
        }
      }
      return {
        width: innerWidth, contentWidth: document.documentElement.scrollWidth,
        ground: getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number),
        colours: [0, 1, 2, 3, 4].map(i => style.getPropertyValue('--s' + i).trim()),
        plots: [...document.querySelectorAll('svg')].map(plot),
      }
    })
    """

  private func faults(of layout: JSON) throws -> [String] {
    var faults: [String] = []
    for key in ["width", "contentWidth"] {
      let found = layout[key]?.integer ?? 0
      if found != width { faults.append("the page is \(found) wide on a screen of \(width)") }
    }
    let ground = layout["ground"]?.array?.compactMap(\.number) ?? []
    if (ground.reduce(0, +) / 3 < 128) != isDark {
      faults.append("the page is \(isDark ? "light in the dark" : "dark in the light")")
    }
    return faults
  }

  private func faults(
    of plot: JSON, name: String, colours: JSON?, on page: OpenPage
  ) throws -> [String] {
    guard let box = plot["box"], box["width"]?.number ?? 0 > 0, box["height"]?.number ?? 0 > 0
    else { return ["'\(name)' has no place"] }
    let series = plot["series"]?.array?.compactMap(\.integer) ?? []
    guard !series.isEmpty else { return ["'\(name)' has nothing in it"] }
    let picture = try page.picture(of: box)
    return series.compactMap { number in
      let colour = (colours?.array?[number].string).flatMap { Colour($0) }
      // A part of a single dot, on a phone.
      let isSeen = colour.map { picture.shows($0, atLeast: 8) } ?? false
      return isSeen ? nil : "'\(name)' does not show its series \(number)"
    }
  }
}

/// A page in a browser.
struct OpenPage {
  let browser: Browser
  let session: String
  let address: String

  @discardableResult
  func call(_ method: String, _ parameters: JSON = [:]) throws -> JSON {
    try browser.call(method, parameters, session: session)
  }

  /// The value that a script gives, or promises.
  func evaluate(_ script: String) throws -> JSON {
    let result = try call(
      "Runtime.evaluate",
      ["expression": .string(script), "awaitPromise": true, "returnByValue": true])
    guard result["exceptionDetails"] == nil, let value = result["result"]?["value"] else {
      throw Browser.Failure(description: "\(address): \(result.text())")
    }
    return value
  }

  /// What a part of the page looks like.
  func picture(of place: JSON) throws -> Image {
    var clip = place.object ?? .init()
    clip["scale"] = 1
    let result = try call(
      "Page.captureScreenshot",
      ["format": "png", "captureBeyondViewport": true, "clip": .object(clip)])
    guard let data = result["data"]?.string.flatMap({ Data(base64Encoded: $0) }) else {
      throw Browser.Failure(description: "\(address): no picture")
    }
    return try data.withUnsafeBytes { try Image(decoding: $0, path: address) }
  }

  /// What stands on the console, and what was asked for besides the page and what is in it.
  var complaints: [String] {
    browser.events.filter { $0["sessionId"]?.string == session }.compactMap { event in
      let details = event["params"]
      switch event["method"]?.string {
      case "Runtime.consoleAPICalled": return "console: \(details?["args"]?.text() ?? "")"
      case "Runtime.exceptionThrown":
        let exception = details?["exceptionDetails"]
        return "script: \(exception?["exception"]?["description"]?.string ?? "an exception")"
      case "Log.entryAdded": return "console: \(details?["entry"]?["text"]?.string ?? "")"
      case "Network.requestWillBeSent":
        let url = details?["request"]?["url"]?.string ?? ""
        return url == address || url.hasPrefix("data:") ? nil : "request: \(url)"
      default: return nil
      }
    }
  }
}

/// Red, green and blue, up to 255.
typealias Colour = SIMD3<Double>

extension Colour {
  /// A colour of a style sheet: six digits behind `#`; nil for anything else.
  init?(_ text: String) {
    guard text.utf8.count == 7, text.hasPrefix("#"), let number = Int(text.dropFirst(), radix: 16)
    else { return nil }
    self.init(Double(number >> 16), Double(number >> 8 & 255), Double(number & 255))
  }

  fileprivate func product(_ other: Colour) -> Double { (self * other).sum() }
}

extension Image {
  /// Whether so many pixels have a colour, or the mixture that it makes with that of the first pixel
  /// where it covers at least half.
  func shows(_ wanted: Colour, atLeast enough: Int) -> Bool {
    func colour(at place: Int) -> Colour {
      Colour(Double(pixels[place]), Double(pixels[place + 1]), Double(pixels[place + 2]))
    }
    let ground = colour(at: 0)
    let way = wanted - ground
    var count = 0
    for place in stride(from: 0, to: pixels.count, by: 3) where count < enough {
      // Most are of the ground.
      if pixels[place] == pixels[0] && pixels[place + 1] == pixels[1]
        && pixels[place + 2] == pixels[2]
      {
        continue
      }
      let offset = colour(at: place) - ground
      let share = offset.product(way) / way.product(way)
      let rest = offset - share * way
      // The greys of letters are far from the way to any colour.
      if share >= 0.5, share <= 1.05, rest.product(rest) <= 12 * 12 { count += 1 }
    }
    return count >= enough
  }
}
