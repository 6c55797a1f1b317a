// SPDX-License-Identifier: Apache-2.0

/// What a part is known and recognised by: all that has to be read of the declarations of parts that a
/// model has not.
///
/// Schema: `Formats/Architectures/README.md`.
package struct PartIdentity: Sendable {
  package let name: String
  package let about: String
  package let kind: PartDeclaration.Kind
  /// The values of `model_type` that mean this part.
  package let modelTypes: [String]
  /// The values of `general.architecture` that mean this part.
  package let ggufArchitectures: [String]

  init(_ reader: DeclarationReader) throws(ModelError) {
    name = try reader.member("name").string()
    about = try reader["about"]?.string() ?? ""
    let part = try reader.member("part")
    guard let kind = PartDeclaration.Kind(rawValue: try part.string()) else {
      throw part.error("expected vision, connector or language")
    }
    self.kind = kind
    let match = try reader.member("match")
    try match.allow(["model_type", "gguf"])
    modelTypes = try match["model_type"]?.strings() ?? []
    ggufArchitectures = try match["gguf"]?.strings() ?? []
  }
}
