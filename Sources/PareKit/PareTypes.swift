// SPDX-License-Identifier: Apache-2.0

import Conversion
import Notation
import Quantization
import Reports

/// The types that weights can be quantized to.
public struct PareTypes: PareResult {
  private let entries: [(container: String, name: String, about: String)]

  /// All types of all containers, from most to fewest bits.
  public init() {
    entries =
      Recipe.summaries.map { ("gguf", $0.name, $0.about) }
      + PackedTarget.mlxTypes.reversed().map {
        ("mlx", $0, "\($0.hasSuffix("bit") ? "integers" : "floating point") in groups")
      }
      + PackedTarget.compressedTensorsTypes.reversed().map {
        ("compressed-tensors", $0, "integers in groups")
      }
  }

  /// A line for each type.
  public var text: String {
    var table = TextTable([("TO", .left), ("TYPE", .left), ("", .left)])
    for entry in entries { table.append([entry.container, entry.name, entry.about]) }
    return table.text
  }

  /// An array `types` of objects with `container`, `name` and `about`.
  public var json: String {
    let types = entries.map { entry -> JSON in
      [
        "container": .string(entry.container), "name": .string(entry.name),
        "about": .string(entry.about),
      ]
    }
    let object: JSON = ["schemaVersion": .integer(1), "types": .array(types)]
    return object.text() + "\n"
  }
}
