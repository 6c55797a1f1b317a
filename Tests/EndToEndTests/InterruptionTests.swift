// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Foundation
import TestSupport
import Testing

/// A conversion that is killed leaves the old file, or the new one, never a half one.
@Suite(.serialized)
struct InterruptionTests {
  private static let name = "mm1-moe-tiny-Q8_0.gguf"

  @Test("killed at any moment, what stands under the name is whole")
  func killed() throws {
    var random = SplitMix64(seed: 20)
    let folder = try TemporaryFolder()
    let model = Fixtures.path("mm1-moe-tiny")
    let arguments = [
      "quantize", model, "--type", "Q8_0", "-o", folder.path, "--force", "--quiet",
    ]
    let start = ContinuousClock.now
    #expect(try Command(arguments).status == 0)
    let duration = ContinuousClock.now - start
    let whole = try TemporaryFolder.read(folder.file(InterruptionTests.name))
    let old = Array("an older result".utf8)
    var interrupted = 0
    for _ in 0..<24 {
      try folder.write(old, to: InterruptionTests.name)
      let running = try Command.start(arguments)
      let share = Double.random(in: 0..<1.1, using: &random)
      let seconds =
        share
        * (Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
      usleep(UInt32(seconds * 1e6))
      kill(running.process.processIdentifier, SIGKILL)
      running.process.waitUntilExit()
      if running.process.terminationReason == .uncaughtSignal { interrupted += 1 }
      let found = try TemporaryFolder.read(folder.file(InterruptionTests.name))
      #expect(found == old || found == whole)
      if found == whole {
        #expect(try Command("inspect", folder.file(InterruptionTests.name)).status == 0)
      }
    }
    #expect(interrupted > 0)
    #expect(try Command(arguments).status == 0)
    let expected = [InterruptionTests.name, "mmproj-mm1-moe-tiny-Q8_0.gguf"]
    #expect(listing(folder.path) == expected)
  }

  @Test("asked to end, it removes what it began", arguments: [SIGINT, SIGTERM])
  func asked(signal: Int32) throws {
    let folder = try TemporaryFolder()
    var seen = false
    for attempt in 0..<40 where !seen {
      let output = folder.file("out-\(attempt)")
      let running = try Command.start([
        "quantize", Fixtures.path("mm1-moe-tiny"), "--type", "Q4_K_M", "-o", output, "--quiet",
      ])
      while running.process.isRunning, !listing(output).contains(where: { $0.contains(".partial") })
      {
        usleep(200)
      }
      kill(running.process.processIdentifier, signal)
      running.process.waitUntilExit()
      let status = running.process.terminationStatus
      if status == 128 + signal {
        seen = true
        #expect(!listing(output).contains { $0.contains(".partial") })
      }
    }
    #expect(seen)
  }
}
