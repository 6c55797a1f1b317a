// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Conversion
import Models
import Notation
import Quantization
import Reports
import Tensors

/// What a conversion wrote.
public struct PareConversion: PareResult {
  private let summary: ConversionSummary

  init(_ summary: ConversionSummary) { self.summary = summary }

  /// The files, each read back and compared.
  public var paths: [String] { summary.files.map(\.path) }
  /// What a terminal shows.
  public var text: String { ConversionReport(summary).text }
  /// The same as a JSON object.
  public var json: String { ConversionReport(summary).json.text() + "\n" }
}

extension PareModel {
  /// The containers that can be written.
  public enum Container: String, Sendable, CaseIterable {
    case gguf, safetensors, mlx
    case compressedTensors = "compressed-tensors"
  }

  /// The scalar types that ``convert(to:type:in:progress:)`` writes.
  public enum ScalarType: String, Sendable, CaseIterable {
    case f32, f16, bf16
  }

  /// What users must know before a conversion: where the programs that read the container compute
  /// something else than this model, or cannot run it.
  ///
  /// - Parameter container: What the model is to become.
  /// - Returns: Sentences; none where these programs compute the same.
  /// - Throws: ``PareError`` if a declaration of an architecture is wrong.
  public func notes(for container: Container) throws(PareError) -> [String] {
    let engines: Model.EngineContainer
    switch container {
    case .gguf: engines = .gguf
    case .mlx: engines = .mlx
    case .safetensors, .compressedTensors: return []
    }
    return try convertingErrors { () throws(ModelError) in try model.notes(for: engines) }
  }

  /// Carries the model over into another container, without quantizing it.
  ///
  /// - Parameters:
  ///   - container: GGUF becomes two files where the model sees: the language model and its
  ///     `mmproj-`; all others become a folder. Weights that are packed (MLX, compressed-tensors,
  ///     GPTQ, AWQ) stay so in MLX and compressed-tensors, with the same values where these can
  ///     hold them; elsewhere they are expanded.
  ///   - type: The type of all matrices; vectors stay F32 in GGUF. Nil: BF16 in GGUF and
  ///     safetensors, in MLX and compressed-tensors each tensor's own.
  ///   - folder: Where the outputs go; made if missing.
  ///   - replacing: Whether files that are there may be replaced; one that was made of the same
  ///     source in the same way is kept anyway.
  ///   - progress: Called now and then.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func convert(
    to container: Container, type: ScalarType? = nil, in folder: String, replacing: Bool = false,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareConversion {
    let encoding: Encoding? =
      switch type {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case nil: nil
      }
    switch container {
    case .gguf:
      return try quantize(
        to: .gguf(recipe: (type ?? .bf16).rawValue), in: folder, replacing: replacing,
        progress: progress)
    case .safetensors:
      return try run(replacing, progress) { () throws(ConversionError) in
        try ConversionPlan(safetensors: model, encoding: encoding ?? .bf16, folder: folder)
      }
    case .mlx, .compressedTensors:
      return try run(replacing, progress) { () throws(ConversionError) in
        try ConversionPlan(
          carrying: model, to: container == .mlx ? .mlx : .compressedTensors, numbers: encoding,
          folder: folder)
      }
    }
  }

  /// Quantizes the model.
  ///
  /// - Parameters:
  ///   - target: What it becomes.
  ///   - guidance: What its weights' inputs are like; nil: all errors count alike.
  ///   - folder: Where the outputs go; made if missing.
  ///   - replacing: Whether files that are there may be replaced; one that was made of the same
  ///     source in the same way is kept anyway.
  ///   - progress: Called now and then.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func quantize(
    to target: PareTarget, guidance: PareGuidance? = nil, in folder: String,
    replacing: Bool = false,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareConversion {
    let importance = try importance(guidance)
    let plan = try target.plan(of: model, importance: importance, folder: folder)
    return try run(replacing, progress) { () throws(ConversionError) in
      guard guidance?.folds ?? false else { return plan }
      return try plan.folded(of: model) {
        progress(PareProgress(activity: "scales", done: $0, total: $1, isBytes: false))
      }
    }
  }

  func run(
    _ replaces: Bool, _ progress: @escaping (PareProgress) -> Void,
    plan: () throws(ConversionError) -> ConversionPlan
  ) throws(PareError) -> PareConversion {
    try convertingErrors { () throws(ConversionError) in
      let converter = Converter(try plan(), of: model, replaces: replaces) {
        progress(
          PareProgress(
            activity: $0.tensor, done: $0.byteCount, total: $0.totalByteCount,
            resumed: $0.resumedByteCount, isBytes: true))
      }
      return PareConversion(try converter.run())
    }
  }

  /// A type of MLX for all matrices, or a recipe from a file.
  static func mlxRecipe(_ name: String, groupSize: Int?) throws(PareError) -> PackedRecipe {
    guard name.hasSuffix(".json") else {
      return try convertingErrors { () throws(ConversionError) in
        PackedRecipe(try .mlx(type: name, groupSize: groupSize))
      }
    }
    guard groupSize == nil else {
      throw PareError("--group-size: the types of a recipe say it, such as 4bit-g32; leave it out")
    }
    let text = try text(of: name)
    return try convertingErrors { () throws(RecipeError) in
      try PackedRecipe(mlx: text, name: name)
    }
  }

  /// What is in a file.
  private static func text(of path: String) throws(PareError) -> String {
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    return withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
  }

  /// A recipe by its name, or from a file.
  static func recipe(_ name: String) throws(PareError) -> Recipe {
    guard name.hasSuffix(".json") else {
      return try convertingErrors { () throws(RecipeError) in try Recipe(named: name) }
    }
    let text = try text(of: name)
    return try convertingErrors { () throws(RecipeError) in try Recipe(text: text, name: name) }
  }
}
