// SPDX-License-Identifier: Apache-2.0

import Models
import TestSupport
import Testing

/// Files of samples.
struct DatasetTests {
  private static func samples(_ lines: String...) throws -> (folder: String, [Dataset.Sample]) {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), to: "data.jsonl")
    return (folder.path, try Dataset(path: path).samples)
  }

  @Test("a line has no image, one, or several, some of them whole")
  func images() throws {
    let (folder, samples) = try DatasetTests.samples(
      #"{"prompt": "a"}"#, #"{"image": "x.png", "prompt": "a"}"#,
      #"{"images": ["/x.png", {"file": "y.png"}, {"file": "z.png", "whole": true}], "prompt": "a"}"#,
      #"{"image": null, "images": [], "prompt": "a"}"#)
    let images = samples.map { sample -> [SampleImage] in
      if case .question(let question) = sample { question.images } else { [] }
    }
    let expected: [[SampleImage]] = [
      [], [SampleImage(path: folder + "/x.png")],
      [
        SampleImage(path: "/x.png"), SampleImage(path: folder + "/y.png"),
        SampleImage(path: folder + "/z.png", isWhole: true),
      ], [],
    ]
    #expect(images == expected)
  }

  @Test(
    "images that are none are refused, with the line",
    arguments: [
      (#"{"image": "x.png", "images": ["y.png"], "prompt": "a"}"#, "found both"),
      (#"{"images": "x.png", "prompt": "a"}"#, "expected a list"),
      (#"{"images": [5], "prompt": "a"}"#, "found 5"),
      (#"{"images": [{"whole": true}], "prompt": "a"}"#, #"{"file": ..., "whole": true}"#),
      (#"{"images": [{"file": "x.png", "whole": 1}], "prompt": "a"}"#, "found {\"file\""),
      (#"{"images": [{"file": "x.png", "hole": true}], "prompt": "a"}"#, #""hole""#),
    ])
  func refusals(line: String, words: String) throws {
    let error = #expect(throws: ModelError.self) {
      try DatasetTests.samples(#"{"prompt": "a"}"#, line)
    }
    #expect(error?.description.contains("data.jsonl:2: ") ?? false)
    #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
  }

  @Test("only so many of the last images are cut")
  func cutting() {
    func whole(_ count: Int?) -> [Bool] {
      SampleImage.images(["a", "b", "c"], cutting: count).map(\.isWhole)
    }
    #expect(whole(nil) == [false, false, false] && whole(5) == whole(3) && whole(3) == whole(nil))
    #expect(whole(1) == [true, true, false] && whole(0) == [true, true, true])
  }
}
