// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Questions about images, and texts, to compare models on.
///
/// JSON Lines, a line a sample: `{"image": "a.png", "prompt": "...", "answer": "..."}` or
/// `{"text": "..."}`, paths relative to the file; any other file is one text.
package struct Dataset: Sendable {
  /// A question with an optional image and the expected answer.
  package struct Question: Sendable, Equatable {
    /// The image's file.
    package let image: String?
    package let prompt: String
    package let answer: String?
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
    let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
    guard path.hasSuffix(".jsonl") || path.hasSuffix(".json") else {
      guard !text.allSatisfy(\.isWhitespace) else {
        throw .input("\(path): the file holds no text")
      }
      samples = [.text(text)]
      return
    }
    let folder = ModelFiles.folder(of: path)
    var samples: [Sample] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
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
    if let text = json["text"]?.string { return .text(text) }
    guard let prompt = json["prompt"]?.string else {
      throw .input("\(place): expected a member \"prompt\" or \"text\", found none")
    }
    let image = json["image"]?.string.map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
    return .question(Question(image: image, prompt: prompt, answer: json["answer"]?.string))
  }
}
