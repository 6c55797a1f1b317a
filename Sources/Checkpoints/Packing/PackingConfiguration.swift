// SPDX-License-Identifier: Apache-2.0

import BlockFormats
package import Notation

/// What a model's configuration says of how its weights are packed.
package struct PackingConfiguration: Sendable {
  /// Bits, groups and kind of numbers of a module in MLX's convention.
  struct Mode: Sendable, Equatable {
    let grid: PackedCodes.Grid
    let bits: Int
    let groupSize: Int
  }

  enum Method: Sendable {
    case none
    /// Modules that are named have a mode of their own.
    case mlx(standard: Mode, modules: [String: Mode])
    /// `isOneLess`: zero points are stored less one, version 1.
    case gptq(bits: Int, groupSize: Int?, isOneLess: Bool, hasExceptions: Bool)
    case awq(groupSize: Int?)
    /// Blocks of 32 numbers of 4 bits, as GPT-OSS has them.
    case mxfp4
    /// The numbers of bits that occur.
    case compressedTensors(bits: [Int], groupSizes: [Int])
  }

  let method: Method
  /// The file that says so.
  let path: String

  /// The configuration of a model that is not packed.
  package static let none = PackingConfiguration(method: .none, path: "config.json")

  private init(method: Method, path: String) {
    self.method = method
    self.path = path
  }

  /// Reads what `config.json` says, or else the file that older tools wrote beside it.
  ///
  /// - Parameters:
  ///   - config: `config.json`.
  ///   - path: Its path.
  ///   - legacy: `quantize_config.json` or `quant_config.json` with its path, if there is one.
  /// - Throws: ``CheckpointError`` for a method that is not known, and for numbers that make no
  ///   sense.
  package init(
    config: JSON, path: String, legacy: (json: JSON, path: String)? = nil
  ) throws(CheckpointError) {
    let own = config["quantization"] ?? config["text_config"]?["quantization"]
    let foreign =
      config["quantization_config"] ?? config["text_config"]?["quantization_config"]
    if let own, !own.isNull {
      self.init(
        method: try PackingSettings(own, path: path, key: "quantization").mlx(), path: path)
    } else if let foreign, !foreign.isNull {
      let settings = PackingSettings(foreign, path: path, key: "quantization_config")
      self.init(method: try settings.method(), path: path)
    } else if let legacy {
      let settings = PackingSettings(legacy.json, path: legacy.path, key: "the file")
      self.init(method: try settings.legacyMethod(), path: legacy.path)
    } else {
      self.init(method: .none, path: path)
    }
  }
}

/// One object of settings, read with its place for errors.
private struct PackingSettings {
  let json: JSON
  let path: String
  let key: String

  init(_ json: JSON, path: String, key: String) {
    self.json = json
    self.path = path
    self.key = key
  }

  private func error(_ sentence: String) -> CheckpointError {
    CheckpointError(.packingUnknown, path: path, "\(key): \(sentence)")
  }

  func method() throws(CheckpointError) -> PackingConfiguration.Method {
    guard let name = json["quant_method"]?.string else {
      if json["bits"] != nil, json["group_size"] != nil { return try mlx() }
      throw error("expected a quant_method; copy the original model's config.json")
    }
    switch name {
    case "gptq", "gptq_v2": return try gptq(method: name)
    case "awq": return try awq()
    case "compressed-tensors": return try compressedTensors()
    case "mxfp4": return .mxfp4
    default:
      throw error(
        "the method '\(name)' cannot be read; known are gptq, gptq_v2, awq, compressed-tensors, "
          + "mxfp4 and MLX; convert from the original checkpoint")
    }
  }

  /// Files that tools wrote before `config.json` had a place for it.
  func legacyMethod() throws(CheckpointError) -> PackingConfiguration.Method {
    if json["quant_method"] != nil { return try method() }
    if json["w_bit"] != nil || json["zero_point"] != nil { return try awq() }
    return try gptq(method: "gptq")
  }

  // MLX

  func mlx() throws(CheckpointError) -> PackingConfiguration.Method {
    guard let object = json.object else { throw error("expected an object") }
    let standard = try mode(json, of: "the model")
    var modules: [String: PackingConfiguration.Mode] = [:]
    for (name, value) in object where value.object != nil {
      modules[name] = try mode(value, of: name)
    }
    return .mlx(standard: standard, modules: modules)
  }

  private func mode(
    _ json: JSON, of module: String
  ) throws(CheckpointError) -> PackingConfiguration.Mode {
    let name = json["mode"]?.string ?? "affine"
    let (grid, bits, groups): (PackedCodes.Grid, [Int], [Int])
    switch name {
    case "affine": (grid, bits, groups) = (.integer, [2, 3, 4, 5, 6, 8], [32, 64, 128])
    case "mxfp4": (grid, bits, groups) = (.e2m1, [4], [32])
    case "nvfp4": (grid, bits, groups) = (.e2m1, [4], [16])
    case "mxfp8": (grid, bits, groups) = (.e4m3, [8], [32])
    default:
      throw error(
        "\(module): the mode '\(name)' is not known; known are affine, mxfp4, nvfp4 and mxfp8")
    }
    guard let count = json["bits"]?.integer ?? (bits.count == 1 ? bits[0] : nil),
      bits.contains(count)
    else { throw error("\(module): bits: expected one of \(bits) for the mode \(name)") }
    guard let size = json["group_size"]?.integer ?? (groups.count == 1 ? groups[0] : nil),
      groups.contains(size)
    else { throw error("\(module): group_size: expected one of \(groups) for the mode \(name)") }
    return PackingConfiguration.Mode(grid: grid, bits: count, groupSize: size)
  }

  // Others

  /// Nil for -1 and null: one group a row.
  private func groupSize(_ key: String, in json: JSON) throws(CheckpointError) -> Int? {
    guard let value = json[key], !value.isNull, value.integer != -1 else { return nil }
    guard let size = value.integer, (1...1 << 24).contains(size) else {
      throw error("\(key): expected a positive number, or -1")
    }
    return size
  }

  private func gptq(method: String) throws(CheckpointError) -> PackingConfiguration.Method {
    guard let bits = json["bits"]?.integer, [2, 3, 4, 8].contains(bits) else {
      throw error("bits: expected 2, 3, 4 or 8")
    }
    let format =
      json["checkpoint_format"]?.string ?? json["format"]?.string
      ?? (method == "gptq_v2" ? "gptq_v2" : "gptq")
    guard ["gptq", "gptq_v2"].contains(format), json["is_marlin_format"]?.bool != true else {
      throw error(
        "checkpoint_format: '\(format)' cannot be read; known are gptq and gptq_v2; convert from "
          + "the original checkpoint")
    }
    return .gptq(
      bits: bits, groupSize: try groupSize("group_size", in: json),
      isOneLess: format == "gptq", hasExceptions: json["dynamic"]?.object?.count ?? 0 > 0)
  }

  private func awq() throws(CheckpointError) -> PackingConfiguration.Method {
    let bits = json["bits"]?.integer ?? json["w_bit"]?.integer
    guard bits == 4 else { throw error("bits: expected 4, which is all that AWQ has") }
    let version = json["version"]?.string ?? "gemm"
    guard version.lowercased() == "gemm" else {
      throw error(
        "version: the layout '\(version)' cannot be read, only 'gemm'; convert from the original "
          + "checkpoint")
    }
    let key = json["group_size"] == nil ? "q_group_size" : "group_size"
    return .awq(groupSize: try groupSize(key, in: json))
  }

  private func compressedTensors() throws(CheckpointError) -> PackingConfiguration.Method {
    let known: Set = [
      "pack-quantized", "nvfp4-pack-quantized", "mxfp4-pack-quantized", "mixed-precision", "dense",
    ]
    if let format = json["format"]?.string, !known.contains(format) {
      throw error(
        "format: '\(format)' cannot be read; known are \(known.sorted().joined(separator: ", "))")
    }
    var bits: [Int] = []
    var sizes: [Int] = []
    for (name, group) in json["config_groups"]?.object ?? JSON.Object() {
      if let format = group["format"]?.string, !known.contains(format) {
        throw error("config_groups.\(name).format: '\(format)' cannot be read")
      }
      guard let weights = group["weights"], !weights.isNull else { continue }
      guard let count = weights["num_bits"]?.integer, (1...8).contains(count) else {
        throw error("config_groups.\(name).weights.num_bits: expected 1 to 8")
      }
      if !bits.contains(count) { bits.append(count) }
      if let size = try groupSize("group_size", in: weights), !sizes.contains(size) {
        sizes.append(size)
      }
    }
    return .compressedTensors(bits: bits, groupSizes: sizes)
  }
}
