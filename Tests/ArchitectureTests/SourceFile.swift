// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file of the repository, as text.
struct SourceFile: Sendable, CustomStringConvertible {
  /// The path from the top of the repository.
  let path: String
  let text: String
  /// The text without what comments and string literals say.
  let code: String
  /// The modules that the file imports.
  let imports: Set<String>

  private init(path: String, text: String) {
    self.path = path
    self.text = text
    code = path.hasSuffix(".swift") ? SwiftCode.stripped(text) : text
    imports = SourceFile.imports(in: code)
  }

  var description: String { path }
  var name: String { String(path.split(separator: "/").last ?? "") }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The top of the repository.
  static let root: String = {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
  }()

  /// Everything in `Sources/`.
  static let sources = files(in: "Sources", extensions: ["swift", "c", "h", "modulemap"])

  /// Swift and C files below a folder, in order of their paths.
  static func files(in folder: String, extensions: Set<String> = ["swift"]) -> [SourceFile] {
    let paths = FileManager.default.enumerator(atPath: root + "/" + folder)?.allObjects ?? []
    return paths.compactMap { $0 as? String }.sorted().compactMap { path in
      guard extensions.contains((path as NSString).pathExtension) else { return nil }
      let path = folder + "/" + path
      guard let text = try? String(contentsOfFile: root + "/" + path, encoding: .utf8) else {
        return nil
      }
      return SourceFile(path: path, text: text)
    }
  }

  static let manifest: String =
    (try? String(contentsOfFile: root + "/Package.swift", encoding: .utf8)) ?? ""

  private static func imports(in code: String) -> Set<String> {
    let before: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "typealias", "var"]
    var result: Set<String> = []
    for line in code.utf8.split(separator: UInt8(ascii: "\n")) {
      let words = Substring(line).split(separator: " ")
        .drop { before.contains($0) || $0.hasPrefix("@") }
      guard words.first == "import" else { continue }
      let path = words.dropFirst().drop { kinds.contains($0) }.first
      if let module = path?.split(separator: ".").first { result.insert(String(module)) }
    }
    return result
  }
}
