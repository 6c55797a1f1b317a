// SPDX-License-Identifier: Apache-2.0

import Checkpoints
package import Preprocessing
import Tensors
package import Tokenizers

/// A model on disk: architecture, tensors by their roles, tokenizer and image processor.
///
/// Nothing of the weights is in memory.
package struct Model: Sendable {
  package let files: ModelFiles
  package let architecture: Architecture
  package let census: Census
  package let tokenizer: any Tokenizer
  package let answerEnds: AnswerEnds
  /// Nil for a model without a vision part.
  package let imageProcessor: ImageProcessor?

  /// Opens a model and checks it whole.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder, a `.safetensors` file or a `.gguf` file.
  ///   - projectorPath: The GGUF with the vision part, if it is not found beside the model.
  ///   - library: The architectures that are known.
  ///   - arithmetic: How images are resampled and normalised; nil for that of the processor's type.
  /// - Throws: ``ModelError``
  package init(
    path: String, projectorPath: String? = nil, library: DeclarationLibrary,
    arithmetic: ResamplingArithmetic? = nil
  ) throws(ModelError) {
    let files = try ModelFiles(path: path, projectorPath: projectorPath)
    let architecture = try Architecture(of: files, library: library)
    self.files = files
    self.architecture = architecture
    census = try Census(of: files, architecture: architecture)
    let metadata = files.checkpoint.metadata
    switch files.checkpoint.container {
    case .safetensors:
      tokenizer = try convertingErrors { () throws(TokenizerError) in
        try TokenizerFiles.load(folder: files.folder)
      }
    case .gguf:
      tokenizer = try convertingErrors { () throws(TokenizerError) in
        try makeTokenizer(
          try Vocabulary(metadata: metadata, source: files.checkpoint.path),
          source: files.checkpoint.path)
      }
    }
    answerEnds = try AnswerEnds(of: files, vocabulary: tokenizer.vocabulary)
    imageProcessor = try architecture.imageProcessor.map { (declaration) throws(ModelError) in
      try ImageProcessor(of: files, as: declaration, arithmetic: arithmetic)
    }
  }

  package var name: String { files.name }
  package var path: String { files.path }

  /// The parameters that a checkpoint has, of all parts.
  package var parameters: [BoundParameter] { census.parameters.flatMap { $0.compactMap(\.self) } }

  /// The name in a GGUF of the table of token embeddings, if it is the output matrix as well.
  package var tiedTable: String? {
    let roles = parameters.map(\.parameter)
    guard !roles.contains(where: { $0.role == "language.output.output" }) else { return nil }
    return roles.first { $0.role == "language.embedding.table" }?.ggufName
  }

  /// Bytes of all weights as they are stored.
  package var byteCount: Int { parameters.flatMap(\.tensors).reduce(0) { $0 + $1.totalByteCount } }

  /// The number of weights.
  package var weightCount: Int {
    parameters.flatMap(\.tensors).reduce(0) { $0 + ($1.shape.elementCount ?? 0) }
  }
}
