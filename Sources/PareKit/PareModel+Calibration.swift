// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Models
import Notation
import Reports

/// What went into the linear layers of a model.
public struct PareCalibration: PareResult {
  private let statistics: CalibrationStatistics

  init(_ statistics: CalibrationStatistics) { self.statistics = statistics }

  /// Reads several files, of this program or of llama.cpp's llama-imatrix, as those of one run.
  ///
  /// - Parameters:
  ///   - paths: GGUF or `.dat`; one at least.
  ///   - hessian: Whether what they know of columns that go together is merged, too.
  /// - Throws: ``PareError`` for files that are something else, or of different models.
  public init(merging paths: [String], hessian: Bool = false) throws(PareError) {
    statistics = try convertingErrors { () throws(CalibrationError) in
      var all: [CalibrationStatistics] = []
      for path in paths { all.append(try ImportanceMatrixFile.read(path)) }
      var merged = try CalibrationStatistics(merging: all)
      if hessian { merged.moments = try CalibrationMoments(merging: paths) }
      return merged
    }
  }

  /// Writes the statistics as llama.cpp reads them: `.dat` if the path ends so, else GGUF.
  ///
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to path: String) throws(PareError) {
    try convertingErrors { () throws(CalibrationError) in
      try ImportanceMatrixFile.write(statistics, to: path)
    }
    statistics.discardWork()
  }

  /// What a terminal shows.
  public var text: String { CalibrationReport(statistics).text }
  /// The same as a JSON object.
  public var json: String { CalibrationReport(statistics).json.text() + "\n" }
}

extension PareModel {
  /// Runs the model over samples and gathers what goes into each of its linear layers.
  ///
  /// - Parameters:
  ///   - data: Files of samples in JSON Lines, or of text.
  ///   - window: Tokens of a window of text.
  ///   - sampleLimit: The most questions and windows of text; nil for all.
  ///   - imageWeight: How often a sample with an image counts, beside one of text.
  ///   - answerWeight: How often a token counts that predicts one of an answer, beside all others.
  ///   - hessian: Whether products of columns are gathered too, for
  ///     ``PareMethod/feedback``: a layer of n inputs takes 8·n² bytes of the file, twice as many
  ///     with a target.
  ///   - target: What the model will be quantized to with them: each block then sees what the quantized
  ///     blocks before it give, and its weights make up for that, too. Nil: the model as it is, for
  ///     any target.
  ///   - output: The file that the statistics will be written to: an interrupted run that took more than
  ///     some seconds leaves what it has gathered beside it, and another of the same model, samples and
  ///     numbers goes on from there; nil, or with a target: nothing is left.
  ///   - progress: Called now and then.
  /// - Returns: What was gathered.
  /// - Throws: ``PareError`` for samples that the model cannot take, or too few of them.
  public func calibrate(
    data: [String], window: Int = 512, sampleLimit: Int? = nil, imageWeight: Double = 1,
    answerWeight: Double = 1, hessian: Bool = false, following target: PareTarget? = nil,
    output: String? = nil,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareCalibration {
    let follower = try target.map { (target) throws(PareError) in
      try QuantizedFollower(self, as: target)
    }
    return try convertingErrors { () throws(ModelError) in
      var options = Calibrator.Options()
      options.window = window
      options.sampleLimit = sampleLimit
      options.imageWeight = imageWeight
      options.answerWeight = answerWeight
      options.keepsMoments = hessian
      options.output = output
      options.version = Pare.version
      let calibrator = Calibrator(model, options: options, follower: follower) {
        progress(
          PareProgress(
            activity: !hessian ? "samples" : $0.isRepeated ? "blocks again" : "blocks",
            done: $0.count, total: $0.total, resumed: $0.resumed, isBytes: false))
      }
      // Without folders: the same files give the same bytes wherever they lie.
      let names = data.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      return PareCalibration(try calibrator.run(on: try Dataset(paths: data), named: names))
    }
  }
}
