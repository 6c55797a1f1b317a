// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Models
import Notation
import Quantization
import Reports

/// What went into the linear layers of a model.
public struct PareCalibration: PareResult {
  private let statistics: CalibrationStatistics

  init(_ statistics: CalibrationStatistics) { self.statistics = statistics }

  /// Reads several files, of this program or of llama.cpp's llama-imatrix, as those of one run.
  ///
  /// - Parameter paths: GGUF or `.dat`; one at least.
  /// - Throws: ``PareError`` for files that are something else, or of different models.
  public init(merging paths: [String]) throws(PareError) {
    statistics = try convertingErrors { () throws(CalibrationError) in
      var all: [CalibrationStatistics] = []
      for path in paths { all.append(try ImportanceMatrixFile.read(path)) }
      return try CalibrationStatistics(merging: all)
    }
  }

  /// Writes the statistics as llama.cpp reads them: `.dat` if the path ends so, else GGUF.
  ///
  /// - Throws: ``PareError`` with the file that could not be written.
  public func write(to path: String) throws(PareError) {
    try convertingErrors { () throws(CalibrationError) in
      try ImportanceMatrixFile.write(statistics, to: path)
    }
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
  ///   - progress: Called now and then.
  /// - Returns: What was gathered.
  /// - Throws: ``PareError`` for samples that the model cannot take, or too few of them.
  public func calibrate(
    data: [String], window: Int = 512, sampleLimit: Int? = nil,
    progress: @escaping (PareProgress) -> Void = { _ in }
  ) throws(PareError) -> PareCalibration {
    try convertingErrors { () throws(ModelError) in
      let calibrator = Calibrator(model, window: window, sampleLimit: sampleLimit) {
        progress(
          PareProgress(activity: "samples", done: $0.count, total: $0.total, isBytes: false))
      }
      // Without folders: the same files give the same bytes wherever they lie.
      let names = data.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      return PareCalibration(try calibrator.run(on: try Dataset(paths: data), named: names))
    }
  }

  /// What errors are weighted by.
  func importance(from path: String?) throws(PareError) -> Importance? {
    guard let path else { return nil }
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    let checksum = String(Checksum(of: file.bytes).value, radix: 16)
    withExtendedLifetime(file) {}
    return try convertingErrors { () throws(CalibrationError) in
      do throws(CalibrationError) {
        return try ImportanceMatrixFile.read(path)
          .importance(for: model, label: "crc32 \(checksum)")
      } catch {
        let isNamed = error.description.hasPrefix(path)
        throw isNamed ? error : CalibrationError("\(path): \(error)")
      }
    }
  }
}
