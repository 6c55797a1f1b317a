// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation
import Reports

/// What a quantized model may take, or may cost.
public enum PareBudget: Sendable {
  /// Bytes of all files together.
  case size(Int)
  /// Bits a weight, over all weights.
  case bits(Double)
  /// No more bytes than this recipe or type takes.
  case like(String)
  /// The smallest files whose mean KL divergence, in nats, is within a bound on samples that did not
  /// decide.
  case divergence(Double)

  /// What a recipe for it is called.
  var name: String {
    switch self {
    case .size(let bytes): "\(Figures.bytes(bytes).filter { $0 != " " })"
    case .bits(let bits): "\(bits)bit"
    case .like(let recipe): "like-\(recipe.split(separator: "/").last.map(String.init) ?? recipe)"
    case .divergence(let bound): "kl-\(bound)"
    }
  }
}

/// A type for each tensor of a model, chosen for a budget.
public struct ParePlan: PareResult {
  let report: PlanReport
  let recipeJSON: JSON
  let container: any BudgetContainer

  /// What a terminal shows: for each role its types, bytes and expected cost.
  public var text: String { report.text }
  /// The same as a JSON object.
  public var json: String { report.json.text() + "\n" }
  /// The plan as a recipe, which gives the same files again.
  public var recipe: String { recipeJSON.text() + "\n" }

  /// Writes the recipe to a file.
  ///
  /// - Throws: ``PareError`` if it cannot be written.
  public func writeRecipe(to path: String) throws(PareError) {
    try convertingErrors { () throws(FileError) in
      let writer = try AtomicFileWriter(path: path)
      try writer.write(Array(recipe.utf8))
      try writer.commit()
    }
  }
}
