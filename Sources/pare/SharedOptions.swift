// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import PareKit

extension PareImageBackend: ExpressibleByArgument {}

/// What every command takes.
struct SharedOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  @Flag(help: "Show no progress and no notes.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "Threads; results do not depend on it (default: one a processor).", valueName: "n"))
  var threads: Int?

  @Option(
    name: .customLong("architecture"),
    help: ArgumentHelp(
      "A file that declares an architecture of your own; may be repeated.", valueName: "file"))
  var architectures: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Whose arithmetic images are resized and normalized with, of transformers' two back ends: pil, torchvision, \
      or torchvision-float, the latter as on a graphics processor (default: pil, but torchvision for LFM2-VL).
      """,
      valueName: "backend"))
  var imageBackend: PareImageBackend?

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads: expected a number of at least 1, found \(threads)")
    }
  }

  func open(_ path: String, projector: String?) throws(PareError) -> PareModel {
    if let threads { Pare.limitThreads(to: threads) }
    return try PareModel(
      path: path, projector: projector, architectures: architectures, imageBackend: imageBackend)
  }

  /// Says before the work what programs that read the output will do otherwise.
  func announce(_ model: PareModel, as container: PareModel.Container) throws(PareError) {
    guard !quiet else { return }
    for note in try model.notes(for: container) { Terminal.writeNote(note) }
  }

  func show(_ result: some PareResult) { Terminal.writeReport(json ? result.json : result.text) }

  /// Shows progress while a body works, and then its result.
  func show<Result: PareResult>(
    _ body: (@escaping (PareProgress) -> Void) throws -> Result
  ) throws -> Result {
    let result = try showingProgress(body)
    show(result)
    return result
  }

  /// Shows progress while a body works.
  func showingProgress<Result>(
    _ body: (@escaping (PareProgress) -> Void) throws -> Result
  ) throws -> Result {
    let line = ProgressLine(isQuiet: quiet)
    defer { line.finish() }
    return try body(line.update)
  }
}

/// Where a conversion goes.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder for the output; made if missing.", valueName: "dir"))
  var output: String?

  @Flag(help: "Replace files that are there.")
  var force = false

  func validate() throws {
    guard let output else { return }
    if output.isEmpty { throw ValidationError("--output: expected a folder, found nothing") }
    let suffix = [".gguf", ".safetensors"].first { output.hasSuffix($0) }
    if let suffix {
      throw ValidationError(
        "--output: expected a folder, found the name of a \(suffix) file; the files in it are "
          + "named after the model and the type")
    }
  }

  /// The folder, where something is written.
  func folder() throws -> String {
    guard let output else {
      throw ValidationError("--output: expected a folder (-o DIR), found none")
    }
    return output
  }
}

/// Where a single file goes.
struct OutputFileOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Flag(help: "Replace a file that is there.")
  var force = false

  func validate() throws {
    if output.isEmpty { throw ValidationError("--output: expected a file, found nothing") }
  }

  /// Fails before the work whose result could not be kept.
  func check() throws { try Pare.checkOutput(output, replacing: force) }
}

/// The vision part of a GGUF.
struct ProjectorOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The GGUF with the vision part (default: the mmproj-*.gguf beside MODEL).",
      valueName: "file"))
  var mmproj: String?
}
