// SPDX-License-Identifier: Apache-2.0

/// The declarations and recipes that are embedded in the binary, one JSON file each.
///
/// `PackageResources`, and the list of all architectures, are made by the build from the folders
/// beside this file.
package enum Formats {
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
    ("Q6_K", PackageResources.Q6_K_json),
    ("Q5_K_M", PackageResources.Q5_K_M_json),
    ("Q5_K_S", PackageResources.Q5_K_S_json),
    ("Q5_1", PackageResources.Q5_1_json),
    ("Q5_0", PackageResources.Q5_0_json),
    ("Q4_K_M", PackageResources.Q4_K_M_json),
    ("Q4_K_S", PackageResources.Q4_K_S_json),
    ("Q4_1", PackageResources.Q4_1_json),
    ("Q4_0", PackageResources.Q4_0_json),
    ("IQ4_NL", PackageResources.IQ4_NL_json),
    ("IQ4_XS", PackageResources.IQ4_XS_json),
    ("Q3_K_L", PackageResources.Q3_K_L_json),
    ("Q3_K_M", PackageResources.Q3_K_M_json),
    ("Q3_K_S", PackageResources.Q3_K_S_json),
    ("IQ3_M", PackageResources.IQ3_M_json),
    ("IQ3_S", PackageResources.IQ3_S_json),
    ("IQ3_XS", PackageResources.IQ3_XS_json),
    ("IQ3_XXS", PackageResources.IQ3_XXS_json),
    ("Q2_K", PackageResources.Q2_K_json),
    ("Q2_K_S", PackageResources.Q2_K_S_json),
    ("IQ2_M", PackageResources.IQ2_M_json),
    ("IQ2_S", PackageResources.IQ2_S_json),
    ("IQ2_XS", PackageResources.IQ2_XS_json),
    ("IQ2_XXS", PackageResources.IQ2_XXS_json),
    ("IQ1_M", PackageResources.IQ1_M_json),
    ("IQ1_S", PackageResources.IQ1_S_json),
    ("MXFP4_MOE", PackageResources.MXFP4_MOE_json),
    ("NVFP4", PackageResources.NVFP4_json),
    ("TQ2_0", PackageResources.TQ2_0_json),
    ("TQ1_0", PackageResources.TQ1_0_json),
    ("Q2_0", PackageResources.Q2_0_json),
    ("Q1_0", PackageResources.Q1_0_json),
  ]
}
