// SPDX-License-Identifier: Apache-2.0

import Notation
import Preprocessing

extension Model {
  /// What users should know of images that have other patches than the encoder's table of
  /// positions is for, where the model computes positions in between; nil where the two agree.
  ///
  /// The model's makers may have trained it so, or its image processor may be another model's: the
  /// files do not tell.
  package var positionNote: String? {
    guard let values = architecture.part(.vision)?.values,
      case .bool(true)? = values["interpolatesPositions"],
      case .number(let patchSize)? = values["patchSize"], patchSize >= 1,
      case .number(let count)? = values["positionCount"],
      let rows = Int(exactly: count), let side = exactSquareRoot(rows),
      let size = imageProcessor?.fixedSize
    else { return nil }
    let (columns, lines) = (
      Int(Double(size.width) / patchSize), Int(Double(size.height) / patchSize)
    )
    guard columns != side || lines != side else { return nil }
    return
      "images become \(size.width) x \(size.height) pixels, \(columns) x \(lines) patches, but the "
      + "encoder's positions are for \(side) x \(side): those in between are computed; if the model was "
      + "not trained so, its image processor is another model's"
  }
}
