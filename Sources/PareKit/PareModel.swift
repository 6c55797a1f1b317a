// SPDX-License-Identifier: Apache-2.0

import Models
import Notation
import Reports

/// A model on disk, checked whole; nothing of its weights is in memory.
public struct PareModel: Sendable {
  let model: Model
  private let architectures: [String]
  private let imageBackend: PareImageBackend?

  /// Opens a model.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder, a `.safetensors` file, or a `.gguf` file.
  ///   - projector: The GGUF with the vision part of a GGUF; nil to look beside the model.
  ///   - architectures: Files that declare architectures of your own.
  ///   - imageBackend: Whose arithmetic images are prepared with; nil for that of the type of the
  ///     model's image processor.
  /// - Throws: ``PareError`` for the first thing that is wrong.
  public init(
    path: String, projector: String? = nil, architectures: [String] = [],
    imageBackend: PareImageBackend? = nil
  ) throws(PareError) {
    self.architectures = architectures
    self.imageBackend = imageBackend
    model = try convertingErrors { () throws(ModelError) in
      try Model(
        path: path, projectorPath: projector, library: try DeclarationLibrary(files: architectures),
        arithmetic: imageBackend?.arithmetic)
    }
  }

  /// Opens another model with the same architectures at hand, which sees images in the same way.
  func opening(_ path: String) throws(PareError) -> PareModel {
    try PareModel(path: path, architectures: architectures, imageBackend: imageBackend)
  }

  /// The model's name: that of its folder or file.
  public var name: String { model.name }

  /// What the model is.
  ///
  /// - Parameter tensors: Whether each tensor is listed.
  /// - Returns: A result for people and programs.
  public func inspection(tensors: Bool = false) -> some PareResult {
    Rendered(report: InspectionReport(model, showsTensors: tensors))
  }

  private struct Rendered: PareResult {
    let report: InspectionReport
    var text: String { report.text }
    var json: String { report.json.text() + "\n" }
  }
}
