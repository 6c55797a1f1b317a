// SPDX-License-Identifier: Apache-2.0

import Layers
import Notation

extension Model {
  /// What the frequencies of the language model are divided by where GGUF has no key for it.
  ///
  /// One number for each pair of elements that turn. A checkpoint has a tensor for it, or the scaling of
  /// Llama 3; nil for other scalings.
  ///
  /// - Source: llama.cpp, `rope_freqs.weight`: a frequency is divided by its element.
  /// - Throws: ``ModelError`` for a configuration that makes no sense.
  package func ropeDivisors() throws(ModelError) -> ComputedVector? {
    for (part, parameters) in zip(architecture.parts, census.parameters) {
      guard part.kind == .language,
        let parameter = part.parameters.first(where: \.isRopeDivisors)
      else { continue }
      if let bound = parameters.compactMap(\.self).first(where: \.parameter.isRopeDivisors) {
        let values = try bound.matrices(rows: 1, order: .model).first?.values() ?? []
        return ComputedVector(
          name: parameter.ggufName, values: values, origin: "a tensor of the checkpoint")
      }
      return try part.llama3Divisors().map {
        ComputedVector(
          name: parameter.ggufName, values: $0, origin: "computed from the rope settings")
      }
    }
    return nil
  }
}

extension Parameter {
  /// Whether it holds what rotary frequencies are divided by.
  package var isRopeDivisors: Bool { role == "language.ropeDivisors.divisors" }
}

extension Part {
  /// By what the scaling of Llama 3 divides the frequencies; nil without it.
  fileprivate func llama3Divisors() throws(ModelError) -> [Float]? {
    for step in steps where step.declaration.block == "attention" {
      let reader = BlockReader(
        step, of: self, parameters: [], state: PartReader(), options: ForwardPass.Options())
      guard step.declaration.settings["rope"] != nil,
        try reader.text("scaling", in: "rope") == "llama3",
        let rotary = try AttentionBlock.rotary(reader, width: try reader.count("headDimension"))
      else { continue }
      return rotary.divisors(base: try reader.number("base", in: "rope"))
    }
    return nil
  }

  /// The hyperparameters that only say how Llama 3's scaling divides frequencies.
  ///
  /// A GGUF has their result in a tensor; ``Model/ropeDivisors()`` compares both.
  var ropeScalingNames: Set<String> {
    for step in steps where step.declaration.block == "attention" {
      guard let rope = step.declaration.settings["rope"],
        let scaling = try? rope.member("scaling").expression(),
        (try? scaling.value(step.values)) == .text("llama3")
      else { continue }
      let settings = ["scaling", "factor", "lowFactor", "highFactor", "originalContext"]
      return Set(settings.flatMap { (try? rope[$0]?.expression().names) ?? [] })
    }
    return []
  }
}
