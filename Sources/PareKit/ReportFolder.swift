// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// The files of a report.
enum ReportFolder {
  /// Writes `report.` files, each whole or not at all.
  static func write(_ texts: [String: String], to folder: String) throws(PareError) {
    try convertingErrors { () throws(FileError) in
      _ = try Folder.make(at: folder)
      for (suffix, text) in texts.sorted(by: { $0.key < $1.key }) {
        let writer = try AtomicFileWriter(path: "\(folder)/report.\(suffix)")
        try writer.write(Array(text.utf8))
        try writer.commit()
      }
    }
  }

  /// Names for folders: those that occur twice get a number.
  static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.map { name in
      var own = name
      var number = 2
      while !seen.insert(own).inserted {
        own = "\(name)-\(number)"
        number += 1
      }
      return own
    }
  }
}
