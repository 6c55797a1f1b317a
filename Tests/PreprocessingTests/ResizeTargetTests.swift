// SPDX-License-Identifier: Apache-2.0

import Notation
import Preprocessing
import Testing

struct ResizeTargetTests {
  @Test func `there are golden results`() { #expect(Golden.cases("sizes").count > 100) }

  @Test func `sizes round as those of transformers`() throws {
    for golden in Golden.cases("sizes") {
      let (width, height) = try (golden.integer("width"), golden.integer("height"))
      let (edge, longest) = try (golden.integer("edge"), golden.integer("longest"))
      let targets: [(String, ResizeTarget)] = [
        ("shortestEdge", .shortestEdge(edge)), ("within", .within(width: longest, height: edge)),
        ("edges", .edges(shortest: edge, longest: longest)),
      ]
      for (key, target) in targets {
        let size = target.size(width: width, height: height)
        #expect(try [size.width, size.height] == golden.integers(key), "\(golden.text())")
      }
    }
  }

  @Test(arguments: [(640, 480), (480, 640), (7, 7)])
  func `the longest edge gets its length`(_ width: Int, _ height: Int) {
    let size = ResizeTarget.longestEdge(320).size(width: width, height: height)
    #expect(max(size.width, size.height) == 320)
  }
}
