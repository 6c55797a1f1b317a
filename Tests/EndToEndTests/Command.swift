// SPDX-License-Identifier: Apache-2.0

import Foundation
import Notation
import Synchronization
import TestSupport

/// The built command in a child process.
struct Command {
  let status: Int32
  let output: String
  let error: String

  var json: JSON { get throws { try JSON(parsing: output) } }

  /// The executable beside the tests.
  static let path: String = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("pare").path
  }()

  /// Runs `pare` and waits.
  ///
  /// - Parameters:
  ///   - arguments: What follows the command's name.
  ///   - folder: The working folder.
  ///   - environment: Variables on top of those of the tests.
  ///   - shell: What a shell does with the command, which is `"$@"` there.
  /// - Throws: If the process cannot be started.
  init(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    shell: String? = nil
  ) throws {
    let process = try Command.start(
      arguments, in: folder, environment: environment, shell: shell)
    let outputPipe = process.output
    let errorPipe = process.error
    let error = Mutex(Data())
    let queue = DispatchQueue(label: "error")
    queue.async { error.withLock { $0 = errorPipe.fileHandleForReading.readDataToEndOfFile() } }
    let output = outputPipe.fileHandleForReading.readDataToEndOfFile()
    process.process.waitUntilExit()
    queue.sync {}
    status = process.process.terminationStatus
    self.output = String(decoding: output, as: UTF8.self)
    self.error = error.withLock { String(decoding: $0, as: UTF8.self) }
  }

  init(_ arguments: String...) throws { try self.init(arguments) }

  struct Running {
    let process: Process
    let output = Pipe()
    let error = Pipe()
  }

  /// Starts `pare` without waiting.
  static func start(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    shell: String? = nil
  ) throws -> Running {
    let process = Process()
    let running = Running(process: process)
    if let shell {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", shell, "sh", path] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
    }
    process.standardOutput = running.output
    process.standardError = running.error
    process.standardInput = FileHandle.nullDevice
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    try process.run()
    return running
  }
}

/// Everything below a folder, also what is hidden.
func listing(_ folder: String) -> [String] {
  let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String]
  return (names ?? []).sorted()
}
