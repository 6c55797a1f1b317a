// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Models
import Notation

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
    var sum = Sum()
    sum.add(checksums.joined(separator: "\n"))
    sum.add(model.architecture.name)
    for name in try companions(of: model) {
      sum.add(name)
      sum.add(try MappedFile(path: model.files.folder + "/" + name))
    }
    sum.add(
      "\(options.window) \(options.imageWeight) \(options.answerWeight) \(options.keepsMoments)")
    sum.add(plan ?? "none")
    for sample in samples {
      switch sample.content {
      case .window(let tokens): sum.add("\(tokens)")
      case .question(let question):
        sum.add(question.prompt)
        sum.add(question.answer ?? "none")
        if let image = question.image { sum.add(try MappedFile(path: image)) }
      }
    }
    return "calibration \(options.version), crc32 \(sum.checksum.hexadecimal)"
  }

  /// The small files of a folder, which say how text and images become tokens.
  private static func companions(of model: Model) throws(FileError) -> [String] {
    guard model.files.config != nil else { return [] }
    let endings = [".json", ".jinja", ".model", ".txt", ".tiktoken"]
    return try Folder.names(in: model.files.folder).filter { name in
      !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) }
    }
  }

  private struct Sum {
    private(set) var checksum = Checksum()

    mutating func add(_ text: String) {
      var text = text
      text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ file: MappedFile) {
      add(file.bytes)
      withExtendedLifetime(file) {}
    }

    /// The length comes first: what is between two things belongs to one of them.
    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
      withUnsafeBytes(of: UInt64(bytes.count)) { length in
        checksum.append(Checksum(of: length), byteCount: length.count)
      }
      checksum.append(Checksum(of: bytes), byteCount: bytes.count)
    }
  }
}
