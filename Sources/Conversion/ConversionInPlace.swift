// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
import Models
package import Quantization
import Tensors

/// A conversion that has been carried out, and whose weights can be made again where they are.
package struct ConversionInPlace {
  private let plan: ConversionPlan
  private let patches: [String: FilePatch]
  /// Where the first plane of each tensor begins in its file.
  private let offsets: [String: [String: Int]]

  /// Opens what a plan has written.
  ///
  /// - Throws: ``ConversionError`` if a file is not as planned.
  package init(_ plan: ConversionPlan) throws(ConversionError) {
    self.plan = plan
    var patches: [String: FilePatch] = [:]
    var offsets: [String: [String: Int]] = [:]
    for file in plan.files {
      patches[file.path] = try convertingErrors { () throws(FileError) in
        try FilePatch(path: file.path)
      }
      let checkpoint = try convertingErrors { () throws(CheckpointError) in
        try Checkpoint(path: file.path)
      }
      offsets[file.path] = Dictionary(
        checkpoint.tensors.map { ($0.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }
    self.patches = patches
    self.offsets = offsets
  }

  /// Makes weights again; all else stays.
  ///
  /// - Parameters:
  ///   - weights: Their names in a GGUF.
  ///   - importance: What is known now of what goes into them.
  /// - Throws: ``ConversionError`` for values that cannot be stored, or a file that cannot be written.
  package func remake(_ weights: Set<String>, importance: Importance) throws(ConversionError) {
    let feedback = FeedbackChoice()
    for file in plan.files {
      guard let patch = patches[file.path], let offsets = offsets[file.path] else { continue }
      for var entry in file.entries where entry.constant == nil {
        let name = entry.source.parameter.ggufName
        guard weights.contains(name), let first = entry.descriptions.first?.name,
          let offset = offsets[first]
        else { continue }
        entry.inputs = importance.inputs(of: name)
        let converter = TensorConverter(
          writer: PatchWriter(patch, at: offset), container: plan.container, feedback: feedback,
          biases: BiasCorrection([]), progress: { _ in })
        _ = try converter.convert(entry)
      }
    }
  }
}

/// Writes the planes of one tensor over those that are there.
private final class PatchWriter: CheckpointWriter {
  private let patch: FilePatch
  private var offset: Int

  init(_ patch: FilePatch, at offset: Int) {
    self.patch = patch
    self.offset = offset
  }

  var path: String { patch.path }
  var notes: [String] { [] }

  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    do throws(FileError) { try patch.write(bytes, at: offset) } catch {
      throw CheckpointError(error)
    }
    offset += bytes.count
  }

  func endPart(_ note: String) {}
  func check() {}
  func finish() {}
}
