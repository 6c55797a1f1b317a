// SPDX-License-Identifier: Apache-2.0

/// The declarations and recipes that are embedded in the binary, one JSON file each.
///
/// `PackageResources` is made by the build from the folders beside this file.
package enum Formats {
  /// Model families and their parts, by the names of their files.
  package static let architectures: [(name: String, text: [UInt8])] = [
    ("c-abstractor", PackageResources.c_abstractor_json),
    ("clip-vision", PackageResources.clip_vision_json),
    ("llama", PackageResources.llama_json),
    ("llava", PackageResources.llava_json),
    ("mistral", PackageResources.mistral_json),
    ("mlp-projector", PackageResources.mlp_projector_json),
    ("mm1", PackageResources.mm1_json),
    ("mm1-text", PackageResources.mm1_text_json),
  ]

  /// What packed folders keep in the model's own type, by the names of their files.
  package static let packings: [(name: String, text: [UInt8])] = [
    ("mlx", PackageResources.mlx_json),
    ("compressed-tensors", PackageResources.compressed_tensors_json),
  ]

  /// Which encoding each kind of tensor gets, by the names of their files.
  package static let recipes: [(name: String, text: [UInt8])] = [
    ("base", PackageResources.base_json),
    ("F32", PackageResources.F32_json),
    ("F16", PackageResources.F16_json),
    ("BF16", PackageResources.BF16_json),
    ("Q8_0", PackageResources.Q8_0_json),
    ("Q4_K_M", PackageResources.Q4_K_M_json),
  ]
}
