// SPDX-License-Identifier: Apache-2.0

import BlockFormats
import Checkpoints
import Models
import Notation
import Quantization
import Tensors

/// What `config.json` must say of packed modules, so that stock loaders open the folder.
struct PackedConfiguration {
  private let entries: [ConversionPlan.Entry]
  private let family: PackedScheme.Family
  /// Modules without tensors that loaders must leave alone.
  private let ignored: [String]

  init(entries: [ConversionPlan.Entry], family: PackedScheme.Family, ignored: [String]) {
    self.entries = entries.filter { $0.constant == nil }
    self.family = family
    self.ignored = ignored
  }

  private static let keys = ["quantization", "quantization_config"]

  /// Whether a configuration says anything of packed weights.
  static func speaksOfPacking(_ config: JSON) -> Bool {
    keys.contains { config[$0] != nil || config["text_config"]?[$0] != nil }
  }

  /// The source's configuration with the packing that it has now.
  func text(of config: JSON) -> String {
    guard var object = config.object else { return config.text(indented: true) + "\n" }
    for key in PackedConfiguration.keys { object[key] = nil }
    if var inner = object["text_config"]?.object {
      for key in PackedConfiguration.keys { inner[key] = nil }
      object["text_config"] = .object(inner)
    }
    if !schemes.isEmpty {
      switch family {
      case .mlx:
        // Loaders read the first, the hub the second.
        object["quantization"] = mlx
        object["quantization_config"] = mlx
      default: object["quantization_config"] = compressedTensors
      }
    }
    return JSON.object(object).text(indented: true) + "\n"
  }

  /// The schemes that occur, that of most modules first.
  private var schemes: [PackedScheme] {
    var counts: [(scheme: PackedScheme, count: Int)] = []
    for scheme in entries.compactMap(\.packing?.scheme) {
      if let place = counts.firstIndex(where: { $0.scheme == scheme }) {
        counts[place].count += 1
      } else {
        counts.append((scheme, 1))
      }
    }
    return counts.sorted { $0.count > $1.count }.map(\.scheme)
  }

  /// Matrices that could have been packed.
  private var plainModules: [ConversionPlan.Entry] {
    entries.filter {
      $0.packing == nil && $0.shape.dimensions.count >= 2 && $0.name.hasSuffix(".weight")
    }
  }

  // MLX

  private var mlx: JSON {
    var object = JSON.Object()
    guard let first = schemes.first else { return .object(object) }
    object["group_size"] = .integer(first.groupSize)
    object["bits"] = .integer(first.bits)
    object["mode"] = .string(PackedConfiguration.mode(of: first))
    for entry in entries {
      let module = PackedEncoding.module(of: entry.name)
      if let scheme = entry.packing?.scheme {
        var mode = JSON.Object()
        mode["group_size"] = .integer(scheme.groupSize)
        mode["bits"] = .integer(scheme.bits)
        // Older loaders know no other mode, and no such key.
        if scheme.grid != .integer { mode["mode"] = .string(PackedConfiguration.mode(of: scheme)) }
        object[module] = .object(mode)
      }
    }
    for entry in plainModules { object[PackedEncoding.module(of: entry.name)] = false }
    return .object(object)
  }

  private static func mode(of scheme: PackedScheme) -> String {
    switch scheme.grid {
    case .integer: "affine"
    case .e2m1: scheme.groupSize == 16 ? "nvfp4" : "mxfp4"
    case .e4m3: "mxfp8"
    }
  }

  // compressed-tensors

  private var compressedTensors: JSON {
    let schemes = schemes
    var groups = JSON.Object()
    for (index, scheme) in schemes.enumerated() {
      let modules = entries.filter { $0.packing?.scheme == scheme }
      let targets: [JSON] =
        schemes.count == 1 ? ["Linear"] : modules.flatMap(PackedConfiguration.patterns)
      groups["group_\(index)"] = [
        "targets": .array(targets),
        "weights": [
          "num_bits": .integer(scheme.bits), "type": "int",
          "symmetric": .bool(scheme.offset == .middle), "strategy": "group",
          "group_size": .integer(scheme.groupSize), "dynamic": false, "actorder": .null,
        ],
        "input_activations": .null, "output_activations": .null,
      ]
    }
    var ignore = plainModules.flatMap(PackedConfiguration.patterns)
    for module in ignored.map(JSON.string) where !ignore.contains(module) {
      ignore.append(module)
    }
    return [
      "quant_method": "compressed-tensors", "format": "pack-quantized",
      "quantization_status": "compressed", "config_groups": .object(groups),
      "ignore": .array(ignore),
      "kv_cache_scheme": .null,
    ]
  }

  /// A module by its name here, and by the end of it: loaders put other prefixes before it.
  private static func patterns(of entry: ConversionPlan.Entry) -> [JSON] {
    let name = PackedEncoding.module(of: entry.name)
    let parts = name.split(separator: ".")
    var tail = parts.suffix(1)
    if let layer = entry.source.parameter.layer,
      let place = parts.lastIndex(of: Substring(String(layer)))
    {
      tail = parts[max(0, place - 1)...]
    }
    // Encoders have layers of the same names: what the part is called comes before.
    let part = entry.source.parameter.part
    let owner = part == .language ? "" : (parts.first.map { String($0) + "\\..*" } ?? "")
    let end = tail.joined(separator: "\\.")
    return [.string(name), .string("re:.*\(owner)\(end)$")]
  }
}
