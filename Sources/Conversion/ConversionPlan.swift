// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
import Layers
package import Models
import Notation
package import Quantization
package import Tensors

/// What a conversion will write: for each file its tensors, each with its source and encoding.
package struct ConversionPlan: Sendable {
  /// A tensor of the output.
  package struct Entry: Sendable {
    package let source: BoundParameter
    /// Which of the source's tensors, where each becomes a tensor of its own; nil for all in one.
    package let member: Int?
    /// Which piece of the parameter it is, where a GGUF cuts it; nil for all of it.
    package var piece: Int?
    package let name: String
    package let shape: Shape
    package let choice: EncodingChoice
    /// How it is packed into several planes; nil for one tensor as chosen.
    package var packing: PackedEncoding?
    /// Where the result has the channels of a convolution.
    package var channels = ChannelOrder.first
    /// Whether it goes into a folder for MLX.
    package var isForMLX = false
    /// Where its columns stand in another order than what is known of them: for each, where that is.
    package var columnOrder: [Int]?
    /// Whether its matrices are written with inputs as rows.
    var isTurned = false
    /// What is known of what goes into it.
    package var inputs = Importance.Inputs()
    /// Scales that it hands over to other tensors, or takes over from them.
    var fold = Fold()
    /// What it did not get, and why; nil if it got what was asked for.
    package var fallback: String?
    /// Why a packed folder keeps it as it is.
    package var keptReason: String?
    /// Bytes that stand for themselves; nil for those of the source.
    package var constant: [UInt8]?

    /// The tensors of the file, in the order in which they are written.
    package var descriptions: [TensorDescription] {
      packing?.descriptions(of: name, shape: shape)
        ?? [TensorDescription(name: name, encoding: choice.encoding, shape: shape)]
    }

    /// That of one matrix, if its rows are stored as they are multiplied.
    func importance(of matrix: Int, columns: Int) -> [Float]? {
      ordered(known(inputs.columns, of: matrix) { $0.count == columns })
    }

    /// Likewise.
    func moments(of matrix: Int, columns: Int) -> InputMoments? {
      let own = known(inputs.moments, of: matrix) { $0.columns == columns }
      return columnOrder.flatMap { own?.reordered($0) } ?? own
    }

    /// Likewise.
    func means(of matrix: Int, columns: Int) -> [Float]? {
      ordered(known(inputs.means, of: matrix) { $0.count == columns })
    }

    /// The source as matrices, scaled as the plan wants them; of a piece, its rows
    /// alone.
    ///
    /// - Parameters:
    ///   - rows: How many the elements of the whole parameter, or of one expert, make.
    ///   - order: The order in which rows are wanted.
    /// - Returns: One an expert.
    /// - Throws: ``ConversionError/model(_:)`` if rows are no whole blocks.
    func matrices(
      rows: Int, order: BoundParameter.RowOrder
    ) throws(ConversionError) -> [Weight] {
      try convertingErrors { () throws(ModelError) in
        if let piece {
          let columns = (source.parameter.shape.elementCount ?? 0) / max(1, rows)
          return [try source.piece(piece, columns: columns)]
        }
        return try source.matrices(
          rows: rows, order: isForMLX && order == .model ? .mlx : order, channels: channels)
      }.enumerated().map { fold.applied(to: $1, matrix: $0) }
    }

    /// Numbers a column in the order of the tensor's own columns.
    private func ordered(_ numbers: [Float]?) -> [Float]? {
      guard let columnOrder, let numbers else { return numbers }
      return columnOrder.map { numbers[$0] }
    }

    private func known<Known>(
      _ all: [Known?]?, of matrix: Int, where fits: (Known) -> Bool
    ) -> Known? {
      guard let all, all.indices.contains(matrix), channels == .first, let own = all[matrix],
        fits(own)
      else { return nil }
      return own
    }

    /// Of all its planes.
    package var byteCount: Int {
      descriptions.reduce(0) {
        $0 + ($1.encoding.byteCount(elements: $1.shape.elementCount ?? 0) ?? 0)
      }
    }

    /// How it is stored, for people.
    package var storage: String {
      packing?.scheme.description ?? choice.encoding.rawValue
    }
  }

  /// A file of the output.
  package struct File: Sendable {
    package let path: String
    package let recipe: String
    /// What the file says of itself and of how it was made; strings for safetensors.
    package internal(set) var metadata: GGUFMetadata
    package internal(set) var entries: [Entry]
  }

  package let container: Checkpoint.Container
  package internal(set) var files: [File]
  /// Source tensors that no output holds, with the reason.
  package let dropped: [Census.Dropped]
  /// Small files that go with the checkpoint: from, to.
  package let copies: [(source: String, target: String)]
  /// Small files that are made: what is in them, where they go.
  package var texts: [(text: String, target: String)] = []
  /// What the programs that the outputs are made for do otherwise, or cannot do.
  package let notes: [String]

  package var entries: [Entry] { files.flatMap(\.entries) }

  /// What is made, for people: statistics that were gathered along it serve no other.
  package var label: String {
    "\(container.rawValue) " + files.map(\.recipe).joined(separator: " + ")
  }
}

extension Part {
  /// A hyperparameter that is a whole number.
  func integer(_ name: String) -> Int? {
    if case .number(let number)? = values[name] { return Int(exactly: number) }
    return nil
  }

  /// Query heads for each key and value head.
  var headGroups: Int {
    guard let heads = integer("headCount"), let shared = integer("keyValueHeadCount"), shared > 0
    else { return 1 }
    return heads / shared
  }
}

extension Model {
  /// What a recipe may know of one of the model's tensors.
  func quantizable(_ parameter: Parameter, shape: Shape) -> QuantizableTensor {
    let language = architecture.part(.language)
    return QuantizableTensor(
      role: parameter.role, shape: shape, layer: parameter.layer,
      layerCount: parameter.layerCount, expertCount: language?.integer("expertCount") ?? 0,
      headGroups: parameter.part == .language ? language?.headGroups ?? 1 : 1,
      isTied: tiedTable != nil)
  }
}
