// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Foundation
import Notation
import TestSupport
import Testing

/// What the system does to the command: full disks, closed pipes, signals, odd folders.
struct SurroundingsTests {
  private static let small = Fixtures.path("stories260K")

  private func quantize(into folder: String, type: String = "F32") -> [String] {
    ["quantize", SurroundingsTests.small, "--type", type, "-o", folder]
  }

  @Test("a file that the system does not let grow is refused, and leaves nothing")
  func full() throws {
    let folder = try TemporaryFolder()
    // The limit counts blocks of 512 bytes.
    let failed = try Command(
      quantize(into: folder.file("new/folder")), shell: "ulimit -f 100; exec \"$@\"")
    #expect(failed.status == 2)
    #expect(failed.error.contains("new/folder/stories260K-F32.gguf: cannot write to it"))
    #expect(failed.error.split(separator: "\n").count == 1)
    #expect(listing(folder.path).isEmpty)
  }

  @Test("of two files neither appears if one has no room")
  func fullForTheSecond() throws {
    let folder = try TemporaryFolder()
    // The second file is the larger one: 3.0 MB against 2.3 MB.
    let failed = try Command(
      ["quantize", Fixtures.path("llava-tiny"), "--type", "Q4_K_M", "-o", folder.file("out")],
      shell: "ulimit -f 4900; exec \"$@\"")
    #expect(failed.status == 2, "\(failed.output)")
    #expect(failed.error.contains("mmproj-llava-tiny-Q8_0.gguf: cannot write to it"))
    #expect(listing(folder.path).isEmpty)
  }

  @Test(
    "a result that cannot be delivered is an error",
    arguments: ["exec \"$@\" >/dev/full", "exec \"$@\" >&-", "exec \"$@\" <&- >&-"])
  func undelivered(shell: String) throws {
    let failed = try Command(["inspect", SurroundingsTests.small], shell: shell)
    #expect(failed.status == 2)
    #expect(failed.error.contains("cannot write the result"))
  }

  @Test("without any standard stream the output is the same")
  func noStreams() throws {
    let folder = try TemporaryFolder()
    #expect(try Command(quantize(into: folder.file("a"))).status == 0)
    _ = try Command(quantize(into: folder.file("b")), shell: "exec \"$@\" <&- >&- 2>&-")
    let name = "stories260K-F32.gguf"
    #expect(
      try TemporaryFolder.read(folder.file("a/" + name))
        == TemporaryFolder.read(folder.file("b/" + name)))
  }

  @Test("a reader that has seen enough is no error to speak of")
  func reader() throws {
    let seen = try Command(
      ["run", SurroundingsTests.small, "--prompt", "Once", "--limit", "64"],
      shell: "\"$@\" | head -c 3")
    #expect(seen.output.utf8.count == 3)
    #expect(seen.error.isEmpty)
  }

  @Test("a pipe in the place of a file is refused, not waited for")
  func pipe() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o666) == 0)
    for arguments in [
      ["inspect", pipe], ["run", Fixtures.path("mm1-tiny"), "--image", pipe, "--prompt", "a"],
      ["verify", SurroundingsTests.small, SurroundingsTests.small, "--data", pipe],
      ["inspect", SurroundingsTests.small, "--architecture", pipe],
    ] {
      let failed = try Command(arguments)
      #expect(failed.status == 2)
      #expect(failed.error.contains("\(pipe): "))
      #expect(failed.error.contains("regular file"))
    }
  }

  @Test("names from files neither end the sentence nor command the terminal")
  func controlCharacters() throws {
    let copy = try FixtureCopy("stories260K")
    try copy.replace("\"llama\"", with: "\"a\\u001b[2J\\nb\"", in: "config.json")
    let failed = try Command("inspect", copy.path)
    #expect(failed.status == 2)
    #expect(failed.error.contains("'a\\u{1B}[2J\\nb'"), "\(failed.error)")
    #expect(failed.error.utf8.filter { $0 < 0x20 } == [0x0A])
  }

  @Test(
    "folders may be relative, end in a slash, and hold spaces and any letters",
    arguments: ["out", "out/", "./out/", "an öut 🎉/deep/er/", "../SELF/out"])
  func folders(output: String) throws {
    let copy = try FixtureCopy("stories260K")
    let folder = output.replacingOccurrences(of: "SELF", with: "stories260K")
    let made = try Command(
      ["quantize", "./", "--type", "Q8_0", "-o", folder, "--json"], in: copy.path)
    #expect(made.status == 0, "\(made.error)")
    let path = try #require(try made.json["files"]?.array?.first?["path"]?.string)
    #expect(!path.contains("//"))
    #expect(try Command(["inspect", path], in: copy.path).status == 0)
    #expect(try Command(["inspect", folder], in: copy.path).output.contains("stories260K-Q8_0"))
  }

  @Test("a snapshot in a hub's cache has the name of its repository")
  func hubCache() throws {
    let folder = try TemporaryFolder()
    let snapshot = folder.file("models--owner--stories-small/snapshots/0123")
    let blobs = folder.file("models--owner--stories-small/blobs")
    for path in [snapshot, blobs] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let copy = try FixtureCopy("stories260K")
    for name in try FixtureCopy.names(in: copy.path) {
      let blob = "\(blobs)/\(name.utf8.count)-\(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })"
      try FileManager.default.moveItem(atPath: copy.file(name), toPath: blob)
      try FileManager.default.createSymbolicLink(
        atPath: "\(snapshot)/\(name)", withDestinationPath: blob)
    }
    for model in [snapshot, snapshot + "/", snapshot + "/model.safetensors"] {
      let output = folder.file("out-\(model.utf8.count)")
      #expect(try Command("quantize", model, "--type", "Q8_0", "-o", output).status == 0)
      #expect(listing(output) == ["stories-small-Q8_0.gguf"])
    }
  }

  @Test("nohup keeps its promise, and an interrupted run takes its folders with it")
  func hangUp() throws {
    let folder = try TemporaryFolder()
    func run(_ shell: String, _ output: String) throws -> Int32 {
      let running = try Command.start(
        ["quantize", Fixtures.path("mm1-moe-tiny"), "--type", "F32", "-o", output], shell: shell)
      while running.process.isRunning, !listing(output).contains(where: { $0.contains(".partial") })
      {
        usleep(200)
      }
      kill(running.process.processIdentifier, SIGHUP)
      running.process.waitUntilExit()
      return running.process.terminationStatus
    }
    #expect(try run("trap '' HUP; exec \"$@\"", folder.file("kept")) == 0)
    var ended = false
    for attempt in 0..<40 where !ended {
      ended = try run("exec \"$@\"", folder.file("ended-\(attempt)/deep")) == 128 + SIGHUP
      #expect(ended != listing(folder.path).contains("ended-\(attempt)"))
    }
    #expect(ended)
  }
}
