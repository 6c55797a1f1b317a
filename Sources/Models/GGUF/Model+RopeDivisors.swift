// SPDX-License-Identifier: Apache-2.0

import Layers
import Notation

extension Model {
  /// What the frequencies of the language model are divided by where GGUF has no key for it.
  ///
  /// One number for each pair of elements that turn. A checkpoint has tensors for it, or the scaling of
  /// Llama 3, LongRoPE or Gemma 4; none for other scalings.
  ///
  /// - Source: llama.cpp, `rope_freqs.weight`, `rope_factors_short.weight` and
  ///   `rope_factors_long.weight`: a frequency is divided by its element.
  /// - Throws: ``ModelError`` for a configuration that makes no sense.
  package func ropeDivisors() throws(ModelError) -> [ComputedVector] {
    guard let place = architecture.parts.firstIndex(where: { $0.kind == .language }) else {
      return []
    }
    let part = architecture.parts[place]
    let computed = try part.ropeDivisors()
    var vectors: [ComputedVector] = []
    for parameter in part.parameters where parameter.isRopeDivisors {
      let bound = census.parameters[place].compactMap(\.self).first {
        $0.parameter.role == parameter.role
      }
      if let bound {
        vectors.append(
          ComputedVector(
            name: parameter.ggufName,
            values: try bound.matrices(rows: 1, order: .model).first?.values() ?? [],
            origin: "a tensor of the checkpoint"))
      } else if let values = computed[parameter.role] {
        vectors.append(
          ComputedVector(
            name: parameter.ggufName, values: values, origin: "computed from the rope settings"))
      }
    }
    return vectors
  }
}

extension Parameter {
  fileprivate static let ropeDivisorsRole = "language.ropeDivisors."

  /// Whether it holds what rotary frequencies are divided by.
  package var isRopeDivisors: Bool { role.hasPrefix(Parameter.ropeDivisorsRole) }
}

extension Part {
  /// By what the scaling of Llama 3, or LongRoPE's, divides the frequencies, by the roles of the tensors
  /// for it.
  fileprivate func ropeDivisors() throws(ModelError) -> [String: [Float]] {
    for step in steps where step.declaration.block == "attention" {
      let reader = BlockReader(
        step, of: self, parameters: [], state: PartReader(), options: ForwardPass.Options())
      guard step.declaration.settings["rope"] != nil,
        try ["llama3", "longrope", "proportional"].contains(reader.text("scaling", in: "rope")),
        let rotary = try AttentionBlock.rotary(reader, width: try reader.count("headDimension"))
      else { continue }
      let role = Parameter.ropeDivisorsRole
      if case .longrope(let short, let long, _) = rotary.scaling {
        return [role + "divisors": short, role + "longDivisors": long]
      }
      return [role + "divisors": rotary.divisors(base: try reader.number("base", in: "rope"))]
    }
    return [:]
  }

  /// The hyperparameters that only say how these scalings divide frequencies.
  ///
  /// A GGUF has their result in tensors; ``Model/ropeDivisors()`` compares both.
  var ropeScalingNames: Set<String> {
    for step in steps where step.declaration.block == "attention" {
      guard let rope = step.declaration.settings["rope"],
        let scaling = try? rope.member("scaling").expression(),
        let kind = try? scaling.value(step.values)
      else { continue }
      switch kind {
      case .text("llama3"), .text("proportional"):
        let settings = [
          "scaling", "factor", "lowFactor", "highFactor", "originalContext", "share",
        ]
        return Set(settings.flatMap { (try? rope[$0]?.expression().names) ?? [] })
      case .text("longrope"):
        // A GGUF need not name the kind beside its tensors.
        let kinds = Set(scaling.names)
        let lists = ["divisors", "longDivisors"].flatMap {
          (try? rope[$0]?.expression().names) ?? []
        }
        return declaration.hyperparameters.filter { kinds.contains($0.name) }.reduce(
          kinds.union(lists)
        ) { $0.union($1.fallback.names) }
      default: continue
      }
    }
    return []
  }
}
