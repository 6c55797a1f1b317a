// SPDX-License-Identifier: Apache-2.0

import Layers
import LinearAlgebra

/// Makes so many tokens of each image, whatever its size: learned queries attend to all of its rows.
///
/// `queries + attention(norm(queries), rows)`
///
/// - Source: Yu et al., CoCa, arXiv:2205.01917, section 3.2; AXLearn's `AttentionPooling`
///   (behaviour).
struct AttentionPoolBlock: Block {
  static let settings: Set = ["norm", "normOffset", "epsilon", "heads"]
  static let tensors: Set = ["queries", "norm", "query", "key", "value", "output"]

  private let queries: Matrix
  private let norm: Norm?
  private let attention: Attention

  init(_ reader: BlockReader) throws(ModelError) {
    let table = try reader.weight("queries")
    queries = Matrix(rows: table.rows, columns: table.columns, values: table.values())
    norm = try reader.normIfPresent("norm")
    let heads = try reader.count("heads")
    let query = try reader.linear("query")
    guard query.weight.rows % heads == 0 else {
      throw reader.error("\(heads) heads do not divide \(query.weight.rows) channels")
    }
    attention = Attention(
      query: query, key: try reader.linear("key"), value: try reader.linear("value"),
      output: try reader.linear("output"), queryNorm: nil, keyNorm: nil, headCount: heads,
      keyValueHeadCount: heads, headDimension: query.weight.rows / heads, rotary: nil, mask: .all)
  }

  func outputWidth(from width: Int) -> Int? {
    let own = queries.columns
    guard norm.map({ $0.outputWidth(from: own) == own }) ?? true,
      let inner = attention.query.outputWidth(from: own),
      attention.key?.outputWidth(from: width) == inner,
      attention.value?.outputWidth(from: width) == inner,
      attention.output.outputWidth(from: inner) == own
    else { return nil }
    return own
  }

  func run(_ flow: inout Flow) throws(ModelError) {
    let images = flow.batch.sequenceCount
    var result = attention(norm.map { $0(queries) } ?? queries, in: flow.hidden, batch: flow.batch)
    let count = queries.values.count
    for i in result.values.indices { result.values[i] += queries.values[i % count] }
    flow.hidden = result
    flow.batch = Batch(lengths: [Int](repeating: queries.rows, count: images))
    flow.grids = [Grid](repeating: Grid(rows: 1, columns: queries.rows), count: images)
  }
}
