// SPDX-License-Identifier: Apache-2.0

import Conversion
import Models
import Notation
import Quantization

/// What a container offers to a budget.
protocol BudgetContainer: Sendable {
  /// How a tensor may be stored.
  associatedtype Choice: Equatable, Sendable

  /// What a tensor may become, from few bits to many.
  var choices: [Choice] { get }
  /// What costs are measured at: large enough to tell them from rounding, and near the others.
  var probe: Choice { get }

  /// All tensors of an output.
  ///
  /// - Parameters:
  ///   - recipe: As users name it; nil for the usual one, whose exact tensors stay so in any plan.
  ///   - importance: What errors are weighted by.
  /// - Returns: In the order of the files.
  /// - Throws: ``PareError`` for a recipe that there is not.
  func entries(_ recipe: String?, _ importance: Importance?) throws(PareError)
    -> [ConversionPlan.Entry]

  /// What an entry has now; nil if it is exact and stays so.
  func choice(of entry: ConversionPlan.Entry) -> Choice?
  /// The type that a recipe gives an entry that cannot be chosen; nil where recipes are not asked.
  func ruleType(of entry: ConversionPlan.Entry) -> String?
  func name(of choice: Choice) -> String
  /// Nil where it does not fit the rows.
  func byteCount(of entry: ConversionPlan.Entry, as choice: Choice) -> Int?
  /// ‖x − y‖² / ‖x‖²; nil where the choice does not fit the rows.
  func error(_ errors: EncodingErrors, of entry: ConversionPlan.Entry, as choice: Choice) -> Double?

  /// The recipe that gives tensors these types.
  func recipe(named name: String, _ tensors: [RecipeWriter.Entry]) -> JSON
  /// How a recipe is carried out.
  func plan(
    _ recipe: JSON, of model: Model, importance: Importance?, folder: String
  ) throws(PareError) -> ConversionPlan
  /// What of a conversion is opened.
  func path(of conversion: PareConversion) -> String?
  /// All files of a conversion.
  func files(of conversion: PareConversion) throws(PareError) -> [String]
  /// By how many bytes files with the same tensors in other types may be larger besides these.
  func slack(_ entries: [ConversionPlan.Entry]) -> Int
}
