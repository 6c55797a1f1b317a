// SPDX-License-Identifier: Apache-2.0

package import Models

/// What tells parameters of a model apart, in any container.
package struct TensorPlace: Hashable, Sendable {
  package let part: PartDeclaration.Kind
  /// The parameter's name in a GGUF, which no two of a part have in common.
  package let key: String

  init(part: PartDeclaration.Kind, key: String) { (self.part, self.key) = (part, key) }

  package init(_ parameter: Parameter) { (part, key) = (parameter.part, parameter.ggufName) }

  init(_ tensor: TensorStatistics) { (part, key) = (tensor.part, tensor.key) }
}
