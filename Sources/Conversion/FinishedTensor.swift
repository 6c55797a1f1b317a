// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
import Models
import Notation
import Quantization

/// What a run notes of a tensor that it has written, for one that goes on behind it.
struct FinishedTensor {
  let name: String
  let distortion: Distortion

  init(name: String, distortion: Distortion) {
    self.name = name
    self.distortion = distortion
  }

  /// Reads a ``note``; nil for other text.
  init?(note: String) {
    let words = note.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    guard words.count == 5, let energy = Double(words[0]), let error = Double(words[1]),
      let largest = Double(words[2]), let count = Int(words[3])
    else { return nil }
    name = String(words[4])
    distortion = Distortion(
      energy: energy, squaredError: error, largestError: largest, count: count)
  }

  /// Sums and largest error to the last bit, the count, the name.
  var note: String {
    "\(distortion.energy) \(distortion.squaredError) \(distortion.largestError) "
      + "\(distortion.count) \(name)"
  }
}

extension ConversionPlan {
  /// What a later run must have in common to go on with a file of the plan, beside its header, which
  /// tells of sources, recipe, statistics and version.
  func resumption(
    of file: File, from model: Model, patience: Duration
  ) -> Resumption {
    var checksum = Checksum()
    func add(_ text: String) {
      let bytes = Array((text + "\n").utf8)
      bytes.withUnsafeBytes { checksum.append(Checksum(of: $0), byteCount: bytes.count) }
    }
    // How packed weights are to be read stands in the configuration alone.
    add(model.files.config?.text() ?? "")
    for entry in file.entries {
      let parameter = entry.source.parameter
      let sources = entry.source.tensors.map { "\($0.name) \($0.storage)" }
      add(
        "\(entry.name) \(parameter.role) \(entry.member ?? -1) \(entry.channels) "
          + "\(entry.inputs.weighting) \(entry.storage) \(entry.packing?.isCarried ?? false) "
          + "\(parameter.interleavedHeads ?? 0) \(parameter.ggufOffset) \(parameter.layout) "
          + [parameter.tiling.map { "\($0) " }, parameter.ggufForm.map { "\($0) " }]
          .compactMap(\.self).joined()
          + (entry.isForMLX && parameter.mlxOffset != 0 ? "\(parameter.mlxOffset) " : "")
          + "\(entry.constant ?? []) \(sources)")
    }
    return Resumption(
      plan: "conversion \(Provenance.version), tensors crc32 \(String(checksum.value, radix: 16))",
      patience: patience)
  }
}
