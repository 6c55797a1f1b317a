// SPDX-License-Identifier: Apache-2.0

import Models

/// Where channels of a file's tensors can be scaled, and the scales taken back, so that the model
/// computes the same.
///
/// Blocks with a residual compute from `norm(x)` alone: what the norm's weight is divided by, the columns
/// of the matrices behind it are multiplied with. Between `up` and `down` of a gated layer lies a product,
/// which scales with `up`; experts have scales of their own there.
///
/// - Source: Lin et al., AWQ (MLSys 2024), section 3.2, and Xiao et al., SmoothQuant (ICML 2023),
///   section 4.
struct FoldSites {
  /// Places of entries.
  struct Site {
    /// Vectors that are divided: their elements are the channels.
    var vectors: [Int] = []
    /// Matrices that are divided: their rows are the channels.
    var producers: [Int] = []
    /// Matrices that are multiplied: their columns are the channels.
    let consumers: [Int]
    /// How many experts have channels of their own; nil where all matrices share them.
    var experts: Int?
  }

  /// The tensors of a block that multiply what its norm gives.
  private static let behindNorm: Set = [
    "query", "key", "value", "queryKeyValue", "gate", "up", "gateUp", "router", "input",
    "write", "decay", "sharedGate", "sharedUp", "sharedRouter",
  ]

  /// Those of them that multiply it where experts have a norm, and the router one, of their own.
  private static let shared: Set = ["sharedGate", "sharedUp"]

  private struct Place: Hashable {
    let block: Substring
    let layer: Int?
  }

  /// In the order of the file.
  let sites: [Site]

  /// - Parameters:
  ///   - entries: Those of a file.
  ///   - model: Says how its blocks compute.
  init(of entries: [ConversionPlan.Entry], in model: Model) {
    var order: [Place] = []
    var blocks: [Place: [Substring: [Int]]] = [:]
    for (index, entry) in entries.enumerated() where entry.constant == nil {
      let parameter = entry.source.parameter
      let names = parameter.role.split(separator: ".", maxSplits: 2)
      guard names.count == 3, parameter.isUsed else { continue }
      let place = Place(block: parameter.role[..<names[1].endIndex], layer: parameter.layer)
      if blocks[place] == nil { order.append(place) }
      blocks[place, default: [:]][names[2], default: []].append(index)
    }
    sites = order.flatMap { place -> [Site] in
      let block = blocks[place] ?? [:]
      // What goes in between bounds must not be scaled.
      guard !block.keys.contains(where: { $0.hasSuffix(".inputMinimum") }) else { return [] }
      var sites: [Site] = []
      func append(_ norm: String, before names: Set<String>) {
        guard let vectors = block[norm[...]] else { return }
        sites.append(
          Site(
            vectors: vectors + (block["\(norm).bias"[...]] ?? []),
            consumers: block.filter { names.contains(String($0.key)) }.flatMap(\.value).sorted()))
      }
      if block["expertNorm"] == nil {
        append("norm", before: FoldSites.behindNorm)
      } else {
        append("norm", before: FoldSites.shared)
        append("expertNorm", before: ["gate", "up"])
      }
      if block["gate"] != nil, block["upBias"] == nil, let up = block["up"],
        let down = block["down"], let parameter = up.first.map({ entries[$0].source.parameter }),
        model.architecture.part(parameter.part)?.isProportional(parameter) ?? false
      {
        sites.append(
          Site(
            vectors: block["up.bias"] ?? [], producers: up, consumers: down,
            experts: parameter.expertCount))
      }
      return sites
    }
  }
}
