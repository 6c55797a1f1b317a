// SPDX-License-Identifier: Apache-2.0

import Notation
import Tensors

/// Finds the packed modules among the tensors of a checkpoint.
///
/// Each becomes one tensor `MODULE.weight` of the shape that the model declares, so that nothing
/// above need know how it is stored.
package struct PackedModules {
  /// As given, but for the planes; a packed weight stands where its codes stood.
  package private(set) var tensors: [StoredTensor] = []
  /// Planes that no weight needs.
  private(set) var setAside: [(tensor: String, reason: String)] = []

  /// - Throws: ``CheckpointError`` that names the first plane that is missing or does not fit.
  package init(
    _ stored: [StoredTensor], _ configuration: PackingConfiguration
  ) throws(CheckpointError) {
    var planes: [ExactName: StoredTensor] = [:]
    for tensor in stored { planes[ExactName(tensor.name)] = tensor }
    var claimed: Set<ExactName> = []
    var logical: [ExactName: StoredTensor] = [:]
    let aside = Set(CompressedTensorsModule.setAside)
    for tensor in stored {
      let (module, plane) = PackedModules.split(tensor.name)
      let reader = PlaneReader(tensors: planes, module: module, configuration: configuration)
      let weight: StoredTensor
      switch plane {
      case "qweight": weight = try GPTQModule.read(reader)
      case "weight_packed": weight = try CompressedTensorsModule.read(reader)
      case "scales" where reader.ifPresent("weight")?.encoding == .u32:
        guard case .mlx = configuration.method else {
          throw reader.error(
            .packingUnknown,
            "tensor '\(tensor.name)': \(configuration.path) does not say how it is packed; "
              + "expected 'quantization' with bits and group_size")
        }
        weight = try MLXModule.read(reader)
      case _ where plane.hasSuffix(MXFP4Module.codesSuffix):
        guard case .mxfp4 = configuration.method else { continue }
        weight = try MXFP4Module.read(reader, plane: plane)
      case _ where aside.contains(plane) && reader.ifPresent("weight_packed") != nil:
        claimed.insert(ExactName(tensor.name))
        setAside.append((tensor.name, "it scales activations, which are not quantized here"))
        continue
      default: continue
      }
      guard let packed = weight.packed else { continue }
      for plane in packed.planes { claimed.insert(ExactName(plane.name)) }
      logical[ExactName(packed.planes[0].name)] = weight
    }
    for tensor in stored {
      if let weight = logical[ExactName(tensor.name)] {
        tensors.append(weight)
      } else if !claimed.contains(ExactName(tensor.name)) {
        tensors.append(tensor)
      }
    }
  }

  private static func split(_ name: String) -> (module: String, plane: String) {
    guard let dot = name.lastIndex(of: ".") else { return ("", name) }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }
}
