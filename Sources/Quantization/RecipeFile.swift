// SPDX-License-Identifier: Apache-2.0

package import Notation

/// What recipes for all containers have in common: a name and rules, and no member that is not known.
///
/// Schema: `Formats/Recipes/README.md`.
package struct RecipeFile {
  package let json: JSON
  /// It becomes part of the names of files.
  package let name: String
  package let rules: [JSON]

  /// Reads a recipe in JSON.
  ///
  /// - Parameters:
  ///   - text: The content of a file.
  ///   - container: Of the folders that it must be for; nil for GGUF.
  ///   - members: Those that it may have besides `name`, `about` and `rules`.
  ///   - fail: Makes the error for a mistake.
  /// - Throws: ``RecipeError`` for the first mistake.
  package init(
    text: String, container: String?, members: Set<String>, fail: (String) -> RecipeError
  ) throws(RecipeError) {
    do throws(JSONError) { json = try JSON(parsing: text) } catch { throw fail("\(error)") }
    switch (json["container"]?.string, container) {
    case (let found?, nil): throw fail("it is for folders; quantize with --to \(found)")
    case (let found, let wanted?) where found != wanted:
      throw fail("container: expected \(wanted); a recipe without it is for GGUF")
    default: break
    }
    try RecipeFile.requireKnown(members.union(["name", "about", "rules"]), in: json, fail: fail)
    guard let name = json["name"]?.string, let rules = json["rules"]?.array else {
      throw fail("expected the members 'name' and 'rules'")
    }
    let allowed = name.utf8.allSatisfy {
      let letter = UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
      return letter || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "_.-".utf8.contains($0)
    }
    guard allowed, (1...64).contains(name.utf8.count) else {
      throw fail("name: expected 1 to 64 letters, digits, '_', '.' or '-', found '\(name)'")
    }
    self.name = name
    self.rules = rules
  }

  /// Refuses members that would be ignored.
  package static func requireKnown(
    _ members: Set<String>, in json: JSON, fail: (String) -> RecipeError
  ) throws(RecipeError) {
    for key in json.object?.keys ?? [] where !members.contains(key) {
      throw fail("'\(key)' is not known; known are \(members.sorted().joined(separator: ", "))")
    }
  }
}
