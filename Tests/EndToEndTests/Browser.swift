// SPDX-License-Identifier: Apache-2.0

import Foundation
import Notation
import TestSupport

/// Chromium without a window and without a network, spoken to in its DevTools protocol.
final class Browser {
  /// The first of Chromium's names that is in `PATH`; nil if none is.
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return names.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first(where: FileManager.default.isExecutableFile)
  }()

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What the browser tells without being asked, by the sessions of pages.
  private(set) var events: [JSON] = []

  private let process = Process()
  private let profile: TemporaryFolder
  private let connection: FileHandle
  private var received = Data()
  private var callCount = 0

  /// Seconds to wait for an answer; a busy machine takes a few to start a browser.
  private static let patience = 120

  #if canImport(Glibc)
    private static let (stream, noSignal) = (
      Int32(SOCK_STREAM.rawValue), Int32(MSG_NOSIGNAL)
    )
  #else
    private static let (stream, noSignal) = (SOCK_STREAM, Int32(0))
  #endif

  /// - Throws: ``Failure`` if there is none, or it does not start.
  init() throws {
    guard let path = Browser.path else { throw Failure(description: "there is no Chromium") }
    profile = try TemporaryFolder()
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Browser.stream, 0, &ends) == 0 else {
      throw Failure(description: "there is no socket")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var patience = timeval(tv_sec: Browser.patience, tv_usec: 0)
    setsockopt(
      ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    connection = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    // The protocol comes in at 3 and goes out at 4.
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "log=$1; shift; exec \"$@\" 3<&0 4>&0 </dev/null >\"$log\" 2>&1", "sh"]
      + [profile.file("log"), path, "--user-data-dir=\(profile.file("profile"))"]
      + Browser.options + ["about:blank"]
    process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    try process.run()
    // Only the browser holds its end: the connection ends with it.
    process.standardInput = nil
  }

  private static let options = [
    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
    "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-extensions", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
  ]

  deinit {
    guard process.isRunning else { return }
    if (try? call("Browser.close")) == nil { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// Asks the browser, or one of its pages, for something and waits for the answer.
  ///
  /// - Returns: The result's members.
  /// - Throws: ``Failure`` with what the browser says, or if it does not answer.
  @discardableResult
  func call(_ method: String, _ parameters: JSON = [:], session: String? = nil) throws -> JSON {
    callCount += 1
    var message = JSON.Object([
      "id": .integer(callCount), "method": .string(method), "params": parameters,
    ])
    if let session { message["sessionId"] = .string(session) }
    try send(JSON.object(message).text())
    while true {
      let answer = try receive()
      guard answer["id"]?.integer == callCount else {
        events.append(answer)
        continue
      }
      guard let result = answer["result"] else {
        throw Failure(description: "\(method): \(answer.text())")
      }
      return result
    }
  }

  /// Waits until a page tells something.
  func wait(for method: String, session: String) throws {
    func isIt(_ event: JSON) -> Bool {
      event["method"]?.string == method && event["sessionId"]?.string == session
    }
    while !events.contains(where: isIt) { events.append(try receive()) }
  }

  private func send(_ text: String) throws {
    let bytes = Array(text.utf8) + [0]
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes {
        Foundation.send(connection.fileDescriptor, $0.baseAddress, $0.count, Browser.noSignal)
      }
      guard count > 0 else { throw failure }
      start += count
    }
  }

  /// The next message; a zero byte ends each.
  private func receive() throws -> JSON {
    while true {
      if let end = received.firstIndex(of: 0) {
        defer { received = Data(received[(end + 1)...]) }
        return try JSON(parsing: String(decoding: received[..<end], as: UTF8.self))
      }
      var part = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(connection.fileDescriptor, &part, part.count, 0)
      guard count > 0 else { throw failure }
      received.append(contentsOf: part[..<count])
    }
  }

  private var failure: Failure {
    let log = (try? TemporaryFolder.read(profile.file("log"))) ?? []
    return Failure(
      description:
        "the browser does not answer: \(String(decoding: log.suffix(2000), as: UTF8.self))")
  }
}
