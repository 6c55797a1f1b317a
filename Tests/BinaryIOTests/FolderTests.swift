// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import TestSupport
import Testing

struct FolderTests {
  @Test("What passes the check can be made, and the check makes nothing")
  func checkBeforeMaking() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a/b/c")
    try Folder.requireWritable(at: path)
    #expect(try Folder.names(in: folder.path).isEmpty)
    try Folder.make(at: path)
    try Folder.requireWritable(at: path)
  }

  @Test("A file in the place of a folder is named", arguments: ["", "/below", "/far/below"])
  func fileInTheWay(_ rest: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("file")
    try folder.write([1], to: "file")
    let error = #expect(throws: FileError.self) { try Folder.requireWritable(at: path + rest) }
    #expect(error?.path == path)
  }
}
