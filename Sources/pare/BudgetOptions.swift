// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

/// What a quantized model may take or cost, instead of a type.
struct BudgetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "All files together, such as 1.8GB or 650MB (units of 1000), or a number of bytes.",
      valueName: "bytes"))
  var size: String?

  @Option(help: ArgumentHelp("Bits a weight, over all weights, such as 4.25.", valueName: "x"))
  var bits: Double?

  @Option(help: ArgumentHelp("No more bytes than this recipe or type takes.", valueName: "type"))
  var like: String?

  @Option(
    help: ArgumentHelp(
      "The smallest files with at most this mean KL divergence, in nats, on samples that did not decide.",
      valueName: "x"))
  var maxKl: Double?

  @Option(
    help: ArgumentHelp(
      "Samples for a budget: JSON Lines or .txt, as verify takes them; may be repeated.",
      valueName: "file"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "A file that keeps what tensors cost as it is measured: an interrupted measurement goes on, and other "
        + "budgets begin with it.",
      valueName: "file"))
  var costs: String?

  @Flag(help: "Show what a budget gives each role, and write no model.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Write what a budget chose as a recipe: --type FILE.json makes the same files again.",
      valueName: "file"))
  var saveRecipe: String?

  func validate() throws {
    let budget = try budget()
    if budget == nil {
      if !data.isEmpty || dryRun || saveRecipe != nil || costs != nil {
        throw ValidationError(
          "--data, --costs, --dry-run and --save-recipe belong to a budget: --size, --bits, --like or "
            + "--max-kl")
      }
    } else if data.isEmpty {
      throw ValidationError("--data: expected samples to measure tensors on, found none")
    }
    if let saveRecipe, !saveRecipe.hasSuffix(".json") {
      throw ValidationError(
        "--save-recipe: expected a name that ends in .json, found \(saveRecipe)")
    }
  }

  /// The budget; nil where none is given.
  func budget() throws -> PareBudget? {
    var budgets: [PareBudget] = []
    if let size { budgets.append(.size(try BudgetOptions.bytes(size))) }
    if let bits {
      guard bits > 0, bits <= 64 else {
        throw ValidationError("--bits: expected a number above 0, to 64, found \(bits)")
      }
      budgets.append(.bits(bits))
    }
    if let like { budgets.append(.like(like)) }
    if let maxKl {
      guard maxKl > 0, maxKl.isFinite else {
        throw ValidationError("--max-kl: expected a number above 0, found \(maxKl)")
      }
      budgets.append(.divergence(maxKl))
    }
    guard budgets.count < 2 else {
      throw ValidationError("expected one of --size, --bits, --like and --max-kl")
    }
    return budgets.first
  }

  private static func bytes(_ text: String) throws -> Int {
    let units: [(String, Double)] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("KB", 1e3), ("B", 1)]
    let unit = units.first { text.hasSuffix($0.0) }
    let number = Double(text.dropLast(unit?.0.count ?? 0).filter { $0 != " " })
    guard let number, number > 0, number * (unit?.1 ?? 1) < 1e15 else {
      throw ValidationError("--size: expected a size such as 1.8GB, found '\(text)'")
    }
    return Int(number * (unit?.1 ?? 1))
  }
}
