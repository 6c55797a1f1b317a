// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// A JSON file beside a checkpoint, such as `config.json`.
enum JSONFile {
  /// Reads a file.
  ///
  /// - Throws: ``ModelError`` if it is missing or no JSON object.
  static func read(_ path: String) throws(ModelError) -> JSON {
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    return try withExtendedLifetime(file) { () throws(ModelError) in
      do throws(JSONError) {
        let json = try JSON(parsing: file.bytes)
        if json.object != nil { return json }
      } catch {
        throw .configuration(path: path, key: "the file", sentence: "\(error)")
      }
      throw .configuration(path: path, key: "the file", sentence: "expected an object in braces")
    }
  }

  /// Reads a file, or gives nil if there is none.
  static func readIfPresent(_ path: String) throws(ModelError) -> JSON? {
    do throws(ModelError) {
      return try read(path)
    } catch {
      if case .file(let cause) = error, cause.isMissingFile { return nil }
      throw error
    }
  }
}
