// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Lists the files of a folder that the build embeds, so that a new one needs no line of Swift.
///
/// SwiftPM makes a constant of each embedded file, named after it, but no list of them.
@main struct EmbeddedNames: BuildToolPlugin {
  private static let folder = "Architectures"

  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let files = FileManager.default
    let source = target.directoryURL.appending(path: Self.folder)
    let names = try files.contentsOfDirectory(atPath: source.path)
      .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }.sorted()
    let entries = names.map { name in
      let constant = String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
      return "    (\"\(name)\", PackageResources.\(constant)_json),\n"
    }
    let text = """
      extension Formats {
        /// Model families and their parts, by the names of their files.
        package static let architectures: [(name: String, text: [UInt8])] = [
      \(entries.joined())  ]
      }

      """
    let output = context.pluginWorkDirectoryURL.appending(path: "Sources")
    let list = output.appending(path: "\(Self.folder).swift")
    try files.createDirectory(at: output, withIntermediateDirectories: true)
    if (try? String(contentsOf: list, encoding: .utf8)) != text {
      try text.write(to: list, atomically: true, encoding: .utf8)
    }
    // The list is there already: the command does nothing but say where it is.
    return [
      .prebuildCommand(
        displayName: "Listing \(Self.folder)", executable: URL(filePath: "/bin/echo"),
        arguments: [], outputFilesDirectory: output)
    ]
  }
}
