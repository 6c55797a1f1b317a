// SPDX-License-Identifier: Apache-2.0

/// Paths of the data that tests and the demonstration use, found beside this source file.
package enum Fixtures {
  /// The folder `Fixtures/`, without a slash at its end.
  package static let folder: String = {
    let file = #filePath
    return String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
  }()

  /// The path of something in the folder.
  ///
  /// - Parameter relative: For example `mm1-tiny/config.json`.
  /// - Returns: An absolute path; nothing is checked.
  package static func path(_ relative: String) -> String { folder + "/" + relative }
}
