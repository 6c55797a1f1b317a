// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as people read them.
package enum Figures {
  /// With a fixed number of decimals.
  package static func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : "infinite" }
    let scale = pow(10, Double(digits))
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let fraction = String(whole % Int(scale))
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole / Int(scale))."
      + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// With three significant digits where a fixed number would show only zeros.
  package static func small(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    guard abs(value) < 0.001, value.isFinite else { return decimal(value, 4) }
    let exponent = Int(log10(abs(value)).rounded(.down))
    return decimal(value / pow(10, Double(exponent)), 2) + "e\(exponent)"
  }

  /// With as many digits as tell it from a limit.
  package static func precise(_ value: Double) -> String {
    abs(value) < 0.001 ? small(value) : decimal(value, 6)
  }

  /// A share near 1: with the digits that tell it from 1.
  package static func near(_ share: Double) -> String {
    guard share < 1, share > 0.9 else { return decimal(share, share == 1 ? 0 : 4) }
    return decimal(share, min(12, 2 + Int((-log10(1 - share)).rounded(.up))))
  }

  package static func percent(_ share: Double) -> String { decimal(share * 100, 2) + " %" }

  /// In units of 1000, as disks are sold.
  package static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 { return decimal(value, unit == "B" ? 0 : 1) + " " + unit }
      value /= 1000
    }
    return decimal(value, 1) + " TB"
  }

  package static func count(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["", " k", " M", " G"] {
      if value < 1000 { return decimal(value, unit.isEmpty ? 0 : 2) + unit }
      value /= 1000
    }
    return decimal(value, 2) + " T"
  }

  package static func seconds(_ seconds: Double) -> String {
    seconds < 10 ? decimal(seconds, 2) + " s" : decimal(seconds, 0) + " s"
  }
}
