// SPDX-License-Identifier: Apache-2.0

import Layers
package import LinearAlgebra
package import Preprocessing

extension ForwardPass {
  /// A computation that goes on block by block, so that others can keep in step with it.
  package struct Run: Sendable {
    private var runners: [PartRunner]
    private var flow: Flow
    /// All blocks, in their order.
    package let places: [BlockPlace]
    private let order: [(part: Int, block: Int)]
    private var done = 0
    /// The vision part's output, once it is there.
    private var encoded: [Matrix] = []

    fileprivate init(_ runners: [PartRunner], on flow: Flow) {
      self.runners = runners
      self.flow = flow
      places = runners.flatMap(\.places)
      order = runners.enumerated().flatMap { part, runner in
        runner.places.indices.map { (part, $0) }
      }
    }

    /// The block that comes next; nil after the last.
    package var next: BlockPlace? { done < places.count ? places[done] : nil }

    /// What the last block that ran has given: `[rows of all sequences, channels]`.
    package var hidden: Matrix { flow.hidden }

    /// Rows of each sequence, or of each image.
    package var lengths: [Int] { flow.batch.lengths }

    /// What the images have become; complete when all blocks ran.
    package var views: [ImageView] {
      zip(encoded, flow.embeddings).map(ImageView.init)
    }

    /// Runs the next block; after the last, nothing.
    package mutating func advance() throws(ModelError) {
      guard done < order.count else { return }
      let (part, block) = order[done]
      try runners[part].run(block: block, on: &flow)
      done += 1
      if done == order.count || order[done].part != part {
        flow.pixels = []
        if part == 0, runners.count > 1 { encoded = flow.embeddings.map(\.matrix) }
      }
    }

    /// The same computation, which goes on with the weights of another.
    ///
    /// - Precondition: Both have the same blocks.
    package func with(weightsOf other: Run) -> Run {
      precondition(places == other.places, "the models have other blocks")
      var run = self
      run.runners = other.runners
      return run
    }

    /// The computation as if no other layer came: what follows the last one runs on what is there.
    package func endingHere() throws(ModelError) -> Run {
      var end = self
      end.done = max(done, places.lastIndex { $0.layer != nil }.map { $0 + 1 } ?? 0)
      while end.next != nil { try end.advance() }
      return end
    }
  }

  /// Begins the computation of ``logits(_:rows:trace:)``.
  package func run(
    _ sequences: [TokenSequence], rows: [Int]? = nil
  ) throws(ModelError) -> Run {
    var flow = try flow(of: sequences)
    flow.outputRows = rows
    return Run([language], on: flow)
  }

  /// Begins the computation of ``views(of:trace:)``.
  package func run(_ images: [PixelTensor]) throws(ModelError) -> Run {
    let (vision, connector) = try imageParts()
    return Run(
      [vision, connector],
      on: Flow(
        hidden: Matrix(rows: 0, columns: 0), batch: Batch(lengths: []), pixels: images))
  }
}
