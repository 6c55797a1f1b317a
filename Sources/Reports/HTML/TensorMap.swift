// SPDX-License-Identifier: Apache-2.0

import Verification

/// The errors of tensors as a map: a row for each role, a column for each layer.
struct TensorMap {
  private let rows: [(role: String, tensors: [TensorStatistics])]
  let largest: Double

  init(_ tensors: [TensorStatistics]) {
    let measured = tensors.filter { $0.outputError?.value.isFinite ?? false }
    var roles: [String] = []
    for tensor in measured where !roles.contains(tensor.role) { roles.append(tensor.role) }
    rows = roles.map { role in (role, measured.filter { $0.role == role }) }
    largest = measured.compactMap(\.outputError?.value).max() ?? 0
  }

  var isEmpty: Bool { rows.isEmpty }

  /// A table whose cells are as dark as their errors are large.
  var html: String {
    let lines = rows.map { role, tensors in
      let cells = tensors.map { tensor in
        let error = tensor.outputError?.value ?? 0
        // The eye tells shares of the largest apart on a scale of roots.
        let share = largest > 0 ? (error / largest).squareRoot() : 0
        let says =
          "\(VerificationReport.name(of: tensor)): \(Figures.percent(error)) of outputs, "
          + "\(Figures.percent(tensor.weightError)) of weights, \(tensor.storage)"
        return "<i style=\"opacity:\(Figures.decimal(max(0.04, share), 3))\" "
          + "title=\"\(Markup.escaped(says))\"></i>"
      }
      return HTMLText.element(
        "tr",
        HTMLText.element("th", Markup.escaped(role))
          + HTMLText.element("td", class: "cells", cells.joined()))
    }
    return HTMLText.element(
      "div", class: "scroll", HTMLText.element("table", class: "map", lines.joined(separator: "\n"))
    )
  }
}
