// SPDX-License-Identifier: Apache-2.0

package import Models
package import Quantization
import Tensors

/// What went into the linear layers of a model.
package struct CalibrationStatistics: Sendable {
  /// One weight.
  package struct Entry: Sendable, Equatable {
    /// The weight's name in a GGUF.
    package let name: String
    /// One an expert.
    package var matrices: [ColumnStatistics]

    package init(name: String, matrices: [ColumnStatistics]) {
      self.name = name
      self.matrices = matrices
    }
  }

  /// By name, in the order of the bytes.
  package let entries: [Entry]
  /// The files of samples.
  package let datasets: [String]
  /// Tokens of a window, and how many were run.
  package let window: Int
  package let windowCount: Int
  /// Of the model's files; empty for statistics of other programs.
  package let checksums: [String]
  /// How columns go together; nil where that was not gathered.
  package var moments: CalibrationMoments?
  /// The plan along whose quantized model they were gathered; nil for those of the model as it is.
  package var followed: String?
  /// Removes what another run could go on with; for whoever has written the statistics.
  package var discardWork: @Sendable () -> Void = {}

  package init(
    entries: [Entry], datasets: [String], window: Int, windowCount: Int, checksums: [String]
  ) {
    self.entries = entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.datasets = datasets
    self.window = window
    self.windowCount = windowCount
    self.checksums = checksums
  }

  /// What is known so far, with numbers as a file holds them.
  init(_ entries: [Entry], of model: Model, with moments: CalibrationMoments) {
    self.init(
      entries: CalibrationStatistics.stored(entries, of: model).map {
        Entry(name: $0.name, matrices: $0.matrices.map(\.stored))
      },
      datasets: [], window: 0, windowCount: 0, checksums: model.files.checksums)
    self.moments = moments
  }

  /// The statistics of several runs as those of one.
  ///
  /// - Throws: ``CalibrationError`` if they are of different models.
  package init(merging all: [CalibrationStatistics]) throws(CalibrationError) {
    var entries: [String: Entry] = [:]
    for statistics in all {
      if let first = all.first(where: { !$0.checksums.isEmpty }), !statistics.checksums.isEmpty,
        statistics.checksums != first.checksums
      {
        throw CalibrationError("the statistics were made of different models; merge those of one")
      }
      for entry in statistics.entries {
        guard var known = entries[entry.name] else {
          entries[entry.name] = entry
          continue
        }
        guard known.matrices.count == entry.matrices.count,
          zip(known.matrices, entry.matrices).allSatisfy({
            $0.squares.count == $1.squares.count
          })
        else {
          throw CalibrationError(
            "'\(entry.name)' has other columns in one of the files; merge statistics of one model")
        }
        for index in known.matrices.indices { known.matrices[index].add(entry.matrices[index]) }
        entries[entry.name] = known
      }
    }
    self.init(
      entries: Array(entries.values), datasets: all.flatMap(\.datasets),
      window: all.map(\.window).max() ?? 0,
      windowCount: all.reduce(0) { $0 + $1.windowCount },
      checksums: all.first { !$0.checksums.isEmpty }?.checksums ?? [])
  }

  /// Experts that fewer rows than this reached are judged by what reached all of them.
  package static let fewestRows = 32.0

  /// The importance of the columns of a model's weights.
  ///
  /// - Parameters:
  ///   - model: What will be quantized.
  ///   - label: Tells the statistics from others, in what outputs say of themselves.
  /// - Returns: That of the weights that are known.
  /// - Throws: ``CalibrationError`` if they were made of another model.
  package func importance(
    for model: Model, label: String
  ) throws(CalibrationError) -> Importance {
    if !checksums.isEmpty, checksums != model.files.checksums,
      Set(checksums).isDisjoint(with: model.files.checksums)
    {
      throw CalibrationError(
        "the statistics were made of another model (\(checksums.joined(separator: ", "))); run "
          + "pare calibrate on this one")
    }
    let known = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var columns: [String: [[Float]?]] = [:]
    var means: [String: [[Float]?]] = [:]
    for parameter in model.parameters.map(\.parameter) {
      guard let entry = known[parameter.ggufName] else { continue }
      let count = parameter.expertCount ?? 1
      let width =
        (parameter.shape.elementCount ?? 0) / max(1, parameter.shape.dimensions.first ?? 1)
      var matrices = CalibrationStatistics.split(entry.matrices, into: count)
      guard matrices.count == count, matrices.allSatisfy({ $0.squares.count == width }) else {
        throw CalibrationError(
          "'\(entry.name)': expected \(count) x \(width) columns, found \(entry.matrices.count) x "
            + "\(entry.matrices.first?.squares.count ?? 0); the statistics are of another model")
      }
      if let order = parameter.ggufColumnOrder {
        matrices = matrices.map { $0.reordered(order) }
      }
      columns[parameter.ggufName] = CalibrationStatistics.columns(of: matrices)
      means[parameter.ggufName] = matrices.map {
        $0.count >= CalibrationStatistics.fewestRows ? $0.means : nil
      }
    }
    guard !columns.isEmpty else {
      throw CalibrationError("none of the statistics is of a weight of this model")
    }
    var importance = Importance(label: label, columns: columns, means: means)
    importance.followed = followed
    return importance
  }

  /// What the model has seen of its columns, in the order in which a GGUF has them: other programs
  /// read it by its weights.
  static func stored(_ entries: [Entry], of model: Model) -> [Entry] {
    let orders = Dictionary(
      model.parameters.compactMap { bound in
        bound.parameter.ggufColumnOrder.map { (bound.parameter.ggufName, $0.inverted) }
      }, uniquingKeysWith: { first, _ in first })
    return entries.map { entry in
      guard let order = orders[entry.name] else { return entry }
      return Entry(name: entry.name, matrices: entry.matrices.map { $0.reordered(order) })
    }
  }

  /// Matrices of experts that a file has one behind the other.
  private static func split(_ matrices: [ColumnStatistics], into count: Int) -> [ColumnStatistics] {
    guard matrices.count == 1, count > 1, let all = matrices.first, all.squares.count % count == 0
    else { return matrices }
    let width = all.squares.count / count
    return (0..<count).map { expert in
      ColumnStatistics(
        count: all.count,
        squares: Array(all.squares[expert * width..<(expert + 1) * width]), sums: [])
    }
  }

  private static func columns(of matrices: [ColumnStatistics]) -> [[Float]?] {
    guard matrices.count > 1, let first = matrices.first else {
      return matrices.map(\.meanSquares)
    }
    var shared = ColumnStatistics(columns: first.squares.count)
    for matrix in matrices { shared.add(matrix) }
    return matrices.map { $0.count >= fewestRows ? $0.meanSquares : shared.meanSquares }
  }
}

/// Statistics that cannot be gathered, read or used.
package struct CalibrationError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, and what to do.
  package let description: String

  package init(_ description: String) { self.description = description }
}
