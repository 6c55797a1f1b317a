// SPDX-License-Identifier: Apache-2.0

package import Models

/// A quantized model whose weights are made while the inputs of its layers are gathered: each block sees
/// what the quantized blocks before it give.
///
/// Source: Frantar et al., GPTQ (2022), section 3; with outputs fitted to those of the original, Li et
/// al., GPTAQ (2025).
package protocol Follower {
  /// Made of the model that is looked at, with the same blocks.
  var model: Model { get }

  /// What is made, for people.
  var label: String { get }

  /// Everything that decides what is made.
  var plan: String { get }

  /// Makes weights anew, where ``model`` has them.
  ///
  /// - Parameters:
  ///   - weights: Their names in a GGUF.
  ///   - statistics: What goes into them.
  /// - Throws: ``ModelError`` for weights that cannot be stored.
  func remake(_ weights: Set<String>, by statistics: CalibrationStatistics) throws(ModelError)
}
