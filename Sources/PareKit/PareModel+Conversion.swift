// SPDX-License-Identifier: Apache-2.0

import BinaryIO
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
    case gguf, safetensors
  }

  /// The scalar types that ``convert(to:type:in:progress:)`` writes.
  public enum ScalarType: String, Sendable, CaseIterable {
    case f32, f16, bf16
  }

  /// Carries the model over into another container, without quantizing it.
  ///
  /// - Parameters:
  ///   - container: GGUF becomes two files where the model sees: the language model and its
  ///     `mmproj-`; safetensors becomes a folder.
  ///   - type: The type of all matrices; vectors stay F32 in GGUF.
  ///   - folder: Where the outputs go; made if missing.
  ///   - replacing: Whether files that are there may be replaced; one that was made of the same
  ///     source in the same way is kept anyway.
  ///   - progress: Called now and then.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func convert(
    to container: Container, type: ScalarType, in folder: String, replacing: Bool = false,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareConversion {
    switch container {
    case .gguf:
      return try quantize(
        recipe: type.rawValue, in: folder, replacing: replacing, progress: progress)
    case .safetensors:
      let encoding: Encoding =
        switch type {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        }
      return try run(replacing, progress) { () throws(ConversionError) in
        try ConversionPlan(safetensors: model, encoding: encoding, folder: folder)
      }
    }
  }

  /// Quantizes the model to GGUF.
  ///
  /// - Parameters:
  ///   - recipe: A name of ``Pare/recipes``, or the path of a recipe in JSON.
  ///   - folder: Where the outputs go; made if missing.
  ///   - replacing: Whether files that are there may be replaced; one that was made of the same
  ///     source in the same way is kept anyway.
  ///   - progress: Called now and then.
  /// - Returns: What was written.
  /// - Throws: ``PareError``; then nothing was written.
  public func quantize(
    recipe: String, in folder: String, replacing: Bool = false,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareConversion {
    let language = try PareModel.recipe(recipe)
    let projector = try language.projector.map(PareModel.recipe) ?? language
    return try run(replacing, progress) { () throws(ConversionError) in
      try ConversionPlan(
        gguf: model, recipe: language, projectorRecipe: projector, folder: folder)
    }
  }

  private func run(
    _ replaces: Bool, _ progress: @escaping (PareProgress) -> Void,
    plan: () throws(ConversionError) -> ConversionPlan
  ) throws(PareError) -> PareConversion {
    try convertingErrors { () throws(ConversionError) in
      let converter = Converter(try plan(), of: model, replaces: replaces) {
        progress(
          PareProgress(
            activity: $0.tensor, done: $0.byteCount, total: $0.totalByteCount, isBytes: true))
      }
      return PareConversion(try converter.run())
    }
  }

  /// A recipe by its name, or from a file.
  private static func recipe(_ name: String) throws(PareError) -> Recipe {
    guard name.hasSuffix(".json") else {
      return try convertingErrors { () throws(RecipeError) in try Recipe(named: name) }
    }
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: name) }
    let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
    return try convertingErrors { () throws(RecipeError) in try Recipe(text: text, name: name) }
  }
}
