// SPDX-License-Identifier: Apache-2.0

import Notation

extension Part {
  /// Whether a block's gated product grows with what one of its parameters gives: nothing bounds it, and
  /// nothing is added to it.
  ///
  /// - Parameter parameter: Of the block that is asked about.
  /// - Returns: False for a block that the part does not have.
  package func isProportional(_ parameter: Parameter) -> Bool {
    let steps = steps.filter { step in
      step.layer == parameter.layer
        && step.parameters.values.contains { parameters[$0].role == parameter.role }
    }
    return !steps.isEmpty
      && steps.allSatisfy { step in
        ["limit", "upOffset"].allSatisfy { key in
          guard let setting = step.declaration.settings[key] else { return true }
          return (try? setting.expression().value(step.values)) == .number(0)
        }
      }
  }
}
