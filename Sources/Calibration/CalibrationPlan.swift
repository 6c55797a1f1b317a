// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Models

/// Everything that decides what a run of calibration gathers, in a line of text.
enum CalibrationPlan {
  /// - Parameters:
  ///   - model: What is looked at.
  ///   - checksums: Of its weights.
  ///   - options: What is gathered.
  ///   - samples: Of what, in their order; their images are read.
  ///   - plan: What a model that follows becomes; nil if none does.
  /// - Returns: The version, and a checksum of everything else.
  /// - Throws: ``FileError`` for a file that cannot be read.
  static func text(
    of model: Model, _ checksums: [String], _ options: Calibrator.Options,
    _ samples: [Calibrator.Sample], following plan: String?
  ) throws(FileError) -> String {
    var fingerprint = Fingerprint()
    try fingerprint.add(model, checksums: checksums)
    fingerprint.add(
      "\(options.window) \(options.imageWeight) \(options.answerWeight) \(options.keepsMoments)")
    fingerprint.add(plan ?? "none")
    for sample in samples {
      switch sample.content {
      case .window(let tokens): fingerprint.add("\(tokens)")
      case .question(let question):
        fingerprint.add(question.prompt)
        fingerprint.add(question.answer ?? "none")
        for image in question.images { try fingerprint.add(image) }
      }
    }
    return "calibration \(options.version), \(fingerprint.text)"
  }
}
