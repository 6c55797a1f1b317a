// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Calibration
import Checkpoints
import Conversion
import Models
import Quantization

/// A model that is quantized block by block while what goes into its blocks is gathered, in files that
/// nobody else sees.
struct QuantizedFollower: Follower {
  let model: Model
  let label: String
  let plan: String
  private let original: Model
  private let conversion: ConversionInPlace

  /// Quantizes the whole model without statistics, so that what is no linear layer is there from the start.
  init(_ original: PareModel, as target: PareTarget) throws(PareError) {
    self.original = original.model
    let folder = try convertingErrors { () throws(FileError) in
      try Folder.makeTemporary(prefix: "pare-follow")
    }
    defer { Folder.removeWithFiles(folder) }
    let plan = try target.plan(of: original.model, importance: nil, folder: folder)
    let made = try original.run(true, { _ in }) { () throws(ConversionError) in plan }
    let folders = Set(plan.files.map { Folder.parent(of: $0.path) })
    defer { for folder in folders { Folder.removeWithFiles(folder) } }
    let path = made.paths.first { !$0.contains("/mmproj-") } ?? ""
    model = try original.opening(plan.container == .gguf ? path : Folder.parent(of: path)).model
    label = plan.label
    self.plan = plan.label + plan.entries.map { "\n\($0.name) \($0.storage)" }.joined()
    // What is mapped and open stays so: nothing is left behind, however the process ends.
    conversion = try convertingErrors { () throws(ConversionError) in try ConversionInPlace(plan) }
  }

  func remake(_ weights: Set<String>, by statistics: CalibrationStatistics) throws(ModelError) {
    do {
      let importance = try statistics.importance(for: original, label: "")
      guard let moments = statistics.moments else { return }
      try conversion.remake(
        weights, importance: importance.with(try moments.moments(for: original)))
    } catch let error as ModelError {
      throw error
    } catch {
      throw .input("\(error)")
    }
  }
}
