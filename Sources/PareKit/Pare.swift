// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Conversion
import Dispatch
import LinearAlgebra
import Parallelism
import Quantization
import Reports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program as a whole.
public enum Pare {
  /// The version that outputs carry.
  public static var version: String { Provenance.version }

  /// The names that ``PareTarget/gguf(recipe:visionRecipe:)`` knows.
  public static var recipes: [String] { Recipe.names }

  /// The types that ``PareTarget/mlx(type:groupSize:)`` knows.
  public static var mlxTypes: [String] { PackedTarget.mlxTypes }

  /// Those that compressed-tensors has.
  public static var compressedTensorsTypes: [String] { PackedTarget.compressedTensorsTypes }

  /// Limits the threads of everything that follows; 0 means one a processor.
  ///
  /// Results do not depend on it, bit for bit.
  public static func limitThreads(to count: Int) { Parallel.limit(to: count) }

  /// Removes half-written files when the process is told to end, by ^C for instance; what another run
  /// can go on with stays.
  ///
  /// The process then ends. Signals that it was started without, as `nohup` does, stay without
  /// effect. A limit on the size of files and a reader that went away become errors of the write
  /// itself. Call it once, early in a program of its own; the host of a library has its own way.
  ///
  /// - Parameter tell: Receives what stays.
  public static func endCleanlyOnSignals(tell: @escaping @Sendable ([String]) -> Void = { _ in }) {
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var inherited = sigaction()
      if sigaction(number, nil, &inherited) == 0, isIgnored(inherited) { continue }
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        // The handler holds its source, which would end otherwise.
        withExtendedLifetime(source) {}
        OpenTemporaries.removeAll(andExit: 128 + number) { tell(sentences(on: $0)) }
      }
      source.activate()
    }
  }

  /// What stays of unfinished work if the process ends now, a sentence each.
  public static var keptWork: [String] { sentences(on: OpenTemporaries.kept) }

  private static func sentences(on kept: [KeptWork]) -> [String] {
    kept.map {
      "\($0.path): kept \(Figures.bytes($0.byteCount)) of finished work; the same command goes on from "
        + "there, or remove \($0.path)*"
    }
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    #if canImport(Glibc)
      let handler = action.__sigaction_handler.sa_handler
    #else
      let handler = action.__sigaction_u.__sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// How far a long task is.
public struct PareProgress: Sendable {
  /// What is being done.
  public let activity: String
  /// How much of it is done.
  public let done: Int
  /// How much there is.
  public let total: Int
  /// How much of what is done an interrupted run had done.
  public var resumed = 0
  /// Whether `done` and `total` are bytes.
  public let isBytes: Bool
}

/// A result that can be shown to people and to programs.
public protocol PareResult: Sendable {
  /// Lines for a terminal.
  var text: String { get }
  /// One JSON object.
  var json: String { get }
}

/// A result that says whether a conversion passes, and can be written to a folder.
public protocol PareReport: PareResult {
  /// Why it does not pass, a sentence each; empty if it does.
  var failures: [String] { get }
  /// Writes `report.` files.
  ///
  /// - Parameter folder: Made if missing; reports in it are replaced.
  /// - Throws: ``PareError`` with the file that could not be written.
  func write(to folder: String) throws(PareError)
}

extension Pare {
  /// Checks that a file can be written, before the work whose result it will hold.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - replacing: Whether one that is there may be replaced.
  /// - Throws: ``PareError`` if it cannot, as far as that is known beforehand.
  public static func checkOutput(_ path: String, replacing: Bool) throws(PareError) {
    guard !Folder.exists(at: path), !path.hasSuffix("/") else {
      throw PareError("\(path): expected a file to write, found a folder; name a file in it")
    }
    guard replacing || !Folder.isSameFile(path, path) else {
      throw PareError(
        "\(path): the file is there already; name another with -o, or replace it with --force")
    }
    let parent = Folder.parent(of: path)
    guard Folder.exists(at: parent) else {
      throw PareError("\(path): there is no folder \(parent); make it, or name another file")
    }
    try convertingErrors { () throws(FileError) in try Folder.requireWritable(at: parent) }
  }

  /// Checks that a report can be written to a folder, before the work that it tells of.
  ///
  /// - Throws: ``PareError`` if something else has the name, or nothing can be made there.
  public static func checkReportFolder(_ folder: String) throws(PareError) {
    try convertingErrors { () throws(FileError) in try Folder.requireWritable(at: folder) }
  }
}

extension Pare {
  /// Keeps memory that was freed, for a process that does nothing else: a layer's activations take
  /// the place of those of the layer before, and new pages would cost a tenth of the time.
  public static func keepFreedMemory() {
    FreedMemory.keep()
  }
}
