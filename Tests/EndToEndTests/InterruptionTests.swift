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

  @Test("ended at any moment, the same command goes on", arguments: [SIGINT, SIGTERM, SIGKILL])
  func resumed(signal: Int32) throws {
    var random = SplitMix64(seed: UInt64(signal))
    let folder = try TemporaryFolder()
    let whole = folder.file("whole")
    func arguments(_ output: String) -> [String] {
      ["quantize", Fixtures.path("mm1-moe-tiny"), "--type", "IQ3_S", "-o", output]
    }
    let start = ContinuousClock.now
    let expected = try Command(arguments(whole))
    let duration = (ContinuousClock.now - start).components
    #expect(expected.status == 0)
    let names = listing(whole)
    var (interrupted, kept) = (0, 0)
    for attempt in 0..<4 {
      let output = folder.file("out-\(attempt)")
      for round in 0..<3 {
        let running = try Command.start(
          arguments(output), environment: ["PARE_KEEP_AFTER": "0"])
        let seconds = Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
        usleep(UInt32(seconds * Double.random(in: 0.3..<0.9, using: &random) * 1e6))
        kill(running.process.processIdentifier, signal)
        let data = running.error.fileHandleForReading.readDataToEndOfFile()
        running.process.waitUntilExit()
        guard running.process.terminationStatus != 0 else { break }
        interrupted += 1
        if signal == SIGKILL {
          kept += listing(output).contains { $0.hasSuffix(".partial.journal") } ? 1 : 0
        } else {
          let text = String(decoding: data, as: UTF8.self)
          let isTold = text.contains("goes on from there")
          let stays = listing(output).contains { $0.contains(".partial") }
          // Later rounds may end before they look at what is there.
          #expect(isTold == stays || round > 0 && stays)
          kept += isTold ? 1 : 0
        }
      }
      let last = try Command(arguments(output))
      #expect(last.status == 0, "\(last.error)")
      #expect(listing(output) == names)
      for name in names {
        #expect(
          try TemporaryFolder.read("\(output)/\(name)") == TemporaryFolder.read("\(whole)/\(name)"))
      }
    }
    #expect(interrupted > 0 && kept > 0)
  }
}
