// SPDX-License-Identifier: Apache-2.0

import Layers
import Tensors

extension Parameter {
  /// A number beside a weight that bounds what goes into its layer, or what comes out.
  enum Limit: String, CaseIterable {
    case inputMinimum = "input_min"
    case inputMaximum = "input_max"
    case outputMinimum = "output_min"
    case outputMaximum = "output_max"
  }

  /// A bound of the layer, which lies beside the module that holds its weight.
  func limit(_ limit: Limit) -> Parameter {
    func renamed(_ name: String, without count: Int) -> String {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      return (parts.dropLast(count) + [limit.rawValue[...]]).joined(separator: ".")
    }
    return Parameter(
      part: part, role: "\(role).\(limit)", layer: layer, layerCount: layerCount,
      names: names.map { renamed($0, without: 2) },
      mlxNames: mlxNames.map { renamed($0, without: 2) },
      ggufName: renamed(ggufName, without: 1), shape: Shape([]), isChannelsLast: false,
      expertCount: nil, ggufShape: [1], interleavedHeads: nil, ggufOffset: 0, isRequired: true,
      isUsed: isUsed)
  }
}

extension BlockReader {
  /// The bounds of a layer; nil without them.
  ///
  /// - Throws: ``ModelError`` if one of the four is missing, or no number.
  func limits(of key: String) throws(ModelError) -> Linear.Limits? {
    guard hasTensor("\(key).\(Parameter.Limit.inputMinimum)") else { return nil }
    var numbers: [Float] = []
    for limit in Parameter.Limit.allCases {
      let values = try values("\(key).\(limit)")
      guard values.count == 1, !values[0].isNaN else {
        throw error("\(key).\(limit): expected a number")
      }
      numbers.append(values[0])
    }
    return Linear.Limits(inputs: (numbers[0], numbers[1]), outputs: (numbers[2], numbers[3]))
  }
}
