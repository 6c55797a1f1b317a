// SPDX-License-Identifier: Apache-2.0

package import Notation

/// What each tensor of a model will become, and what that is expected to cost.
package struct PlanReport: Sendable {
  package struct Tensor: Sendable {
    package let name: String
    package let role: String
    package let layer: Int?
    /// By its name.
    package let type: String
    package let byteCount: Int
    package let weightCount: Int
    /// Expected mean KL of this tensor alone, in nats; nil where none was measured.
    package let cost: Double?

    package init(
      name: String, role: String, layer: Int?, type: String, byteCount: Int,
      weightCount: Int, cost: Double?
    ) {
      self.name = name
      self.role = role
      self.layer = layer
      self.type = type
      self.byteCount = byteCount
      self.weightCount = weightCount
      self.cost = cost
    }
  }

  package let recipe: String
  package let tensors: [Tensor]
  /// Of all files, what is no tensor included.
  package let byteCount: Int
  /// Expected mean KL of all together, in nats.
  package let expectedDivergence: Double
  /// The same measured on other samples; nil where nothing was made yet.
  package let measuredDivergence: Double?
  /// Tokens that costs were measured on.
  package let tokenCount: Int

  package init(
    recipe: String, tensors: [Tensor], byteCount: Int, expectedDivergence: Double,
    measuredDivergence: Double?, tokenCount: Int
  ) {
    self.recipe = recipe
    self.tensors = tensors
    self.byteCount = byteCount
    self.expectedDivergence = expectedDivergence
    self.measuredDivergence = measuredDivergence
    self.tokenCount = tokenCount
  }

  package var bitsPerWeight: Double {
    let weights = tensors.reduce(0) { $0 + $1.weightCount }
    return weights > 0 ? Double(tensors.reduce(0) { $0 + $1.byteCount } * 8) / Double(weights) : 0
  }

  package var text: String {
    var table = TextTable([
      ("role", .left), ("types", .left), ("bytes", .right), ("bits a weight", .right),
      ("expected KL", .right),
    ])
    var roles: [String] = []
    for tensor in tensors where tensor.cost != nil && !roles.contains(tensor.role) {
      roles.append(tensor.role)
    }
    for role in roles {
      let own = tensors.filter { $0.role == role }
      table.append(row(role, of: own))
    }
    let rest = tensors.filter { !roles.contains($0.role) }
    if !rest.isEmpty { table.append(row("all others", of: rest)) }
    var text = table.text
    text += "\n\(recipe): \(Figures.bytes(byteCount)), \(Figures.decimal(bitsPerWeight, 2)) bits a "
    text += "weight; expected mean KL \(Figures.small(expectedDivergence)), from single tensors on "
    text += "\(tokenCount) tokens"
    if let measuredDivergence {
      text += "; \(Figures.small(measuredDivergence)) measured on other samples"
    }
    return text + "\n"
  }

  private func row(_ role: String, of tensors: [Tensor]) -> [String] {
    var counts: [(type: String, count: Int)] = []
    for tensor in tensors {
      if let place = counts.firstIndex(where: { $0.type == tensor.type }) {
        counts[place].count += 1
      } else {
        counts.append((tensor.type, 1))
      }
    }
    let types = counts.sorted {
      ($1.count, $0.type) < ($0.count, $1.type)
    }
    .map { $0.count == 1 ? $0.type : "\($0.count) \($0.type)" }
    let bytes = tensors.reduce(0) { $0 + $1.byteCount }
    let weights = tensors.reduce(0) { $0 + $1.weightCount }
    let costs = tensors.compactMap(\.cost)
    return [
      role, types.joined(separator: ", "), Figures.bytes(bytes),
      Figures.decimal(Double(bytes) * 8 / Double(max(1, weights)), 2),
      costs.isEmpty ? "" : Figures.small(costs.reduce(0, +)),
    ]
  }

  package var json: JSON {
    [
      "schemaVersion": .integer(JSON.reportVersion), "recipe": .string(recipe),
      "bytes": .integer(byteCount), "bitsPerWeight": .number(bitsPerWeight),
      "expectedMeanKL": .number(expectedDivergence),
      "measuredMeanKL": measuredDivergence.map(JSON.number) ?? .null,
      "tokens": .integer(tokenCount),
      "tensors": .array(
        tensors.map { tensor in
          [
            "name": .string(tensor.name), "role": .string(tensor.role),
            "layer": tensor.layer.map(JSON.integer) ?? .null,
            "type": .string(tensor.type), "bytes": .integer(tensor.byteCount),
            "expectedMeanKL": tensor.cost.map(JSON.number) ?? .null,
          ]
        }),
    ]
  }
}
