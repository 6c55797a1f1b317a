// SPDX-License-Identifier: Apache-2.0

package import Notation

/// A hyperparameter by which a part computes, whatever container it was read from.
package struct Setting: Sendable, Equatable {
  package let name: String
  package let value: Expression.Value
  /// Whether it is what the declaration says where a container is silent.
  package let isDefault: Bool
  /// The numbers that it follows from, where it is the default, that is a formula, and they are
  /// settings themselves.
  package let origins: Set<String>
}

extension Part {
  /// The hyperparameters that must be equal for the computation to be the same, in their order.
  ///
  /// Those that containers say in other words are left out in favour of what follows from them: a
  /// GGUF counts the layers that are used, a `config.json` all of them with the one to stop at.
  package var settings: [Setting] {
    let indirect = indirectNames.union(ropeScalingNames)
    return declaration.hyperparameters.compactMap { parameter in
      guard !indirect.contains(parameter.name), let value = values[parameter.name] else {
        return nil
      }
      // A formula that fails here failed when the part was made, unless the value was given.
      let fallback = try? parameter.fallback.value(values)
      let isDefault = fallback == value
      return Setting(
        name: parameter.name, value: value, isDefault: isDefault,
        origins: isDefault && indirect.isDisjoint(with: parameter.fallback.names)
          ? Set(parameter.fallback.names) : [])
    }
  }

  private var indirectNames: Set<String> {
    let parameters = declaration.hyperparameters
    var names: Set<String> = []
    // Which tensors are there is the matter of the census.
    for parameter in parameters where parameter.isToldByTensors {
      names.insert(parameter.name)
    }
    for ignored in declaration.ignored { names.formUnion(ignored.repetitions?.names ?? []) }
    // What config.json has no place for is read to compute another number.
    let ofGGUF = Set(parameters.filter { $0.config.isEmpty && !$0.gguf.isEmpty }.map(\.name))
    // What a GGUF has no place for is one way to say another number.
    let ofConfig = Set(
      parameters.filter {
        $0.gguf.isEmpty && $0.ggufFallback == nil
          && !($0.config + $0.listed + $0.ranked + $0.length).isEmpty
      }.map(\.name))
    for parameter in parameters {
      names.formUnion(ofGGUF.union(ofConfig).intersection(parameter.fallback.names))
      names.formUnion(ofGGUF.intersection(parameter.ggufFallback?.names ?? []))
    }
    for repetition in Part.repetitions(in: declaration.steps) {
      guard let used = repetition.used else { continue }
      names.formUnion(repetition.count.names)
      names.subtract(used.names)
    }
    return names
  }

  private static func repetitions(in steps: [StepDeclaration]) -> [RepetitionDeclaration] {
    steps.flatMap { step -> [RepetitionDeclaration] in
      guard case .repetition(let repetition) = step else { return [] }
      return [repetition] + repetitions(in: repetition.steps)
    }
  }
}
