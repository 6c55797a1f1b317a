// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Questions about images, and texts, to compare models on.
///
/// JSON Lines, a line a sample: `{"image": "a.png", "prompt": "...", "answer": "..."}` or
/// `{"text": "..."}`, paths relative to the file; any other file is one text. For several images there
/// is `"images"`, a list of files, or of objects such as `{"file": "a.png", "whole": true}` for one that
/// is not cut into tiles.
package struct Dataset: Sendable {
  /// A question with its images and the expected answer.
  package struct Question: Sendable, Equatable {
    package let images: [SampleImage]
    package let prompt: String
    package let answer: String?
    /// File and line, for messages.
    package let place: String
  }

  package enum Sample: Sendable, Equatable {
    case question(Question)
    case text(String)
  }

  /// The files, for messages.
  package let path: String
  package let samples: [Sample]

  /// The samples of several files, one file after the other.
  package init(paths: [String]) throws(ModelError) {
    var samples: [Sample] = []
    for path in paths { samples += try Dataset(path: path).samples }
    path = paths.joined(separator: ", ")
    self.samples = samples
  }

  /// Reads a file.
  ///
  /// - Throws: ``ModelError`` with the line of the first mistake.
  package init(path: String) throws(ModelError) {
    self.path = path
    let file = try convertingErrors { () throws(FileError) in try MappedFile(path: path) }
    let decoded = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
    guard var text = decoded else {
      throw .input("\(path): expected UTF-8 text, found other bytes; save the file as UTF-8")
    }
    // Some editors begin a file with a mark.
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    guard path.hasSuffix(".jsonl") || path.hasSuffix(".json") else {
      guard !text.allSatisfy(\.isWhitespace) else {
        throw .input("\(path): the file holds no text")
      }
      samples = [.text(text)]
      return
    }
    let folder = ModelFiles.folder(of: path)
    var samples: [Sample] = []
    // As characters, the two ends of a line of Windows would be one, and no "\n".
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.map(Substring.init).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      samples.append(
        try Dataset.sample(String(line), folder: folder, place: "\(path):\(index + 1)"))
    }
    guard !samples.isEmpty else { throw .input("\(path): the file holds no samples") }
    self.samples = samples
  }

  private static func sample(
    _ line: String, folder: String, place: String
  ) throws(ModelError) -> Sample {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: line) } catch {
      throw .input("\(place): \(error); expected one JSON object a line")
    }
    guard json.object != nil else { throw .input("\(place): expected one JSON object a line") }
    func member(_ name: String) throws(ModelError) -> String? {
      switch json[name] {
      case nil, .null: return nil
      case .string(let text): return text
      default: throw .input("\(place): expected a text as \"\(name)\", found something else")
      }
    }
    if let text = try member("text") { return .text(text) }
    guard let prompt = try member("prompt") else {
      throw .input("\(place): expected a member \"prompt\" or \"text\", found none")
    }
    let images = try images(of: json, image: try member("image"), place: place).map {
      SampleImage(
        path: $0.path.hasPrefix("/") ? $0.path : folder + "/" + $0.path, isWhole: $0.isWhole)
    }
    return .question(
      Question(images: images, prompt: prompt, answer: try member("answer"), place: place))
  }

  /// The images that a line names.
  private static func images(
    of json: JSON, image: String?, place: String
  ) throws(ModelError) -> [SampleImage] {
    guard let list = json["images"], !list.isNull else {
      return image.map { [SampleImage(path: $0)] } ?? []
    }
    guard image == nil else {
      throw .input("\(place): expected \"image\" or \"images\", found both")
    }
    guard let entries = list.array else {
      throw .input("\(place): expected a list as \"images\", found something else")
    }
    var images: [SampleImage] = []
    for entry in entries {
      if let path = entry.string {
        images.append(SampleImage(path: path))
        continue
      }
      let isWhole = entry["whole"] ?? false
      let known: Set = ["file", "whole"]
      guard let object = entry.object, let path = entry["file"]?.string, let isWhole = isWhole.bool,
        object.keys.allSatisfy(known.contains)
      else {
        throw .input(
          "\(place): images: expected a file, or {\"file\": ..., \"whole\": true}, found "
            + "\(entry.text())")
      }
      images.append(SampleImage(path: path, isWhole: isWhole))
    }
    return images
  }
}
