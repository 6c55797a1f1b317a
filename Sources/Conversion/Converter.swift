// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
package import Models
import Quantization
import Tensors

/// Carries out a plan: tile by tile, each file read back and compared before it appears.
///
/// Where that takes long, finished tensors outlast an interruption: another run of the same plan goes on
/// behind them.
package struct Converter {
  /// How far a conversion is.
  package struct Progress: Sendable {
    package let byteCount: Int
    /// How much of that an interrupted run had written.
    package let resumedByteCount: Int
    package let totalByteCount: Int
    package let tensor: String
  }

  private let plan: ConversionPlan
  private let model: Model
  private let replaces: Bool
  private let patience: Duration
  private let report: (Progress) -> Void

  /// Prepares a conversion.
  ///
  /// - Parameters:
  ///   - plan: What to write.
  ///   - model: Its source.
  ///   - replaces: Whether files that are there may be replaced.
  ///   - patience: How long a file must have been in the making to be kept if the run is interrupted.
  ///   - report: Called now and then.
  package init(
    _ plan: ConversionPlan, of model: Model, replaces: Bool = false,
    patience: Duration = Resumption.patience,
    report: @escaping (Progress) -> Void = { _ in }
  ) {
    self.plan = plan
    self.model = model
    self.replaces = replaces
    self.patience = patience
    self.report = report
  }

  /// Writes everything, or nothing; it stops between two tensors if its task is cancelled.
  ///
  /// - Throws: ``ConversionError``; then what stood at the targets still stands.
  package func run() throws(ConversionError) -> ConversionSummary {
    let clock = ContinuousClock()
    let start = clock.now
    let targets = plan.files.map(\.path) + plan.copies.map(\.target) + plan.texts.map(\.target)
    var made: [String] = []
    let kept = try keptFiles()
    do throws(ConversionError) {
      for target in targets {
        made += try convertingErrors { () throws(FileError) in
          try Folder.make(at: Folder.parent(of: target))
        }
      }
      let (files, resumed) = try write(keeping: kept)
      let duration = (clock.now - start).components
      return ConversionSummary(
        files: files, dropped: plan.dropped, notes: plan.notes,
        sourceByteCount: sourceByteCount,
        resumedByteCount: resumed,
        seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    } catch {
      Folder.removeEmpty(made)
      throw error
    }
  }

  /// Of all tensors that are read; several parameters may share one.
  private var sourceByteCount: Int {
    var counted: Set<String> = []
    return model.parameters.flatMap(\.tensors).reduce(0) {
      counted.insert($1.name).inserted ? $0 + $1.totalByteCount : $0
    }
  }

  /// The files that are there already, and need not be made again.
  ///
  /// - Throws: ``ConversionError/request(_:)`` for another file under a target's name.
  private func keptFiles() throws(ConversionError) -> Set<String> {
    guard !replaces else { return [] }
    var kept: Set<String> = []
    for file in plan.files where Folder.isSameFile(file.path, file.path) {
      guard let old = try? Checkpoint(path: file.path), old.metadata == file.metadata,
        old.tensors.map(\.description) == file.entries.flatMap(\.descriptions)
      else {
        throw .request(
          "\(file.path): the file is there already, and made otherwise than now asked for; "
            + "name another folder with -o, or replace it with --force")
      }
      kept.insert(file.path)
    }
    for (source, target) in plan.copies where Folder.isSameFile(target, target) {
      guard let (old, new) = try? (MappedFile(path: target), MappedFile(path: source)),
        withExtendedLifetime((old, new), { old.bytes.elementsEqual(new.bytes) })
      else {
        throw .request(
          "\(target): another file is there already; name another folder with -o, or replace it "
            + "with --force")
      }
    }
    for (text, target) in plan.texts where Folder.isSameFile(target, target) {
      guard let old = try? MappedFile(path: target),
        withExtendedLifetime(old, { old.bytes.elementsEqual(text.utf8) })
      else {
        throw .request(
          "\(target): another file is there already; name another folder with -o, or replace it "
            + "with --force")
      }
    }
    return kept
  }

  /// Writes all files before the first appears under its name.
  private func write(
    keeping kept: Set<String>
  ) throws(ConversionError) -> (files: [ConversionSummary.File], resumedByteCount: Int) {
    var writers: [any CheckpointWriter] = []
    var files: [ConversionSummary.File] = []
    let feedback = FeedbackChoice()
    let pending = plan.files.filter { !kept.contains($0.path) }
    let total = pending.flatMap(\.entries).reduce(0) { $0 + $1.byteCount }
    var (done, resumed) = (0, 0)
    for file in plan.files {
      let bytes = file.entries.reduce(0) { $0 + $1.byteCount }
      let weights = file.entries.reduce(0) { $0 + ($1.shape.elementCount ?? 0) }
      if kept.contains(file.path) {
        files.append(
          ConversionSummary.File(
            path: file.path, byteCount: bytes, weightCount: weights, tensors: [], isKept: true))
        continue
      }
      let writer = try writer(of: file)
      var tensors: [ConversionSummary.Tensor] = []
      let biases = BiasCorrection(file.entries)
      let finished = writer.notes.compactMap(FinishedTensor.init(note:))
      for (index, entry) in file.entries.enumerated() {
        guard !Task.isCancelled else { throw .cancelled }
        let converter = TensorConverter(
          writer: writer, container: plan.container, feedback: feedback, biases: biases
        ) { bytes in
          done += bytes
          report(
            Progress(
              byteCount: done, resumedByteCount: resumed, totalByteCount: total,
              tensor: entry.name))
        }
        let distortion: Distortion
        if index < writer.notes.count {
          guard index < finished.count, finished[index].name == entry.name else {
            throw .request(
              "\(file.path): what an interrupted run left of it is of other tensors; remove it")
          }
          distortion = finished[index].distortion
          (done, resumed) = (done + entry.byteCount, resumed + entry.byteCount)
        } else {
          distortion = try converter.convert(entry)
          try convertingErrors { () throws(CheckpointError) in
            try writer.endPart(FinishedTensor(name: entry.name, distortion: distortion).note)
          }
        }
        let source = entry.source.tensors[
          entry.member ?? min(entry.piece ?? 0, entry.source.tensors.count - 1)]
        tensors.append(
          ConversionSummary.Tensor(
            name: entry.name, role: entry.source.parameter.role, shape: entry.shape,
            sourceEncoding: source.encoding, sourceStorage: source.storage,
            wasQuantized: source.packed != nil || source.encoding.elementsPerBlock > 1,
            choice: entry.choice, storage: entry.storage, fallback: entry.fallback,
            keptReason: entry.keptReason,
            isCarried: entry.packing?.isCarried ?? false,
            makesUp: biases.weight(of: entry) != nil,
            takesScales: !entry.fold.columns.isEmpty && entry.shape.dimensions.count > 1,
            byteCount: entry.byteCount, distortion: distortion))
      }
      writers.append(writer)
      files.append(
        ConversionSummary.File(
          path: file.path, byteCount: bytes, weightCount: weights, tensors: tensors,
          isKept: false))
    }
    try finish(writers)
    return (files, resumed)
  }

  /// Gives all files their names; what can fail comes before the first.
  ///
  /// Weights come last: where they stand, everything stands.
  private func finish(_ writers: [any CheckpointWriter]) throws(ConversionError) {
    for writer in writers {
      try convertingErrors { () throws(CheckpointError) in try writer.check() }
    }
    let copies = try convertingErrors { () throws(FileError) in
      try plan.copies.map { (source, target) throws(FileError) in try copy(source, to: target) }
    }
    let texts = try convertingErrors { () throws(FileError) in
      try plan.texts.map { (text, target) throws(FileError) in
        let writer = try AtomicFileWriter(path: target, bufferSize: 1 << 16)
        try writer.write(Array(text.utf8))
        try writer.synchronize()
        return writer
      }
    }
    for copy in copies + texts {
      try convertingErrors { () throws(FileError) in try copy.commit() }
    }
    for writer in writers {
      try convertingErrors { () throws(CheckpointError) in try writer.finish() }
    }
  }

  private func writer(of file: ConversionPlan.File) throws(ConversionError) -> any CheckpointWriter
  {
    try convertingErrors { () throws(CheckpointError) -> any CheckpointWriter in
      let tensors = file.entries.flatMap(\.descriptions)
      let resumption = plan.resumption(of: file, from: model, patience: patience)
      switch plan.container {
      case .gguf:
        return try GGUFWriter(
          path: file.path, metadata: file.metadata, tensors: tensors, resumption: resumption)
      case .safetensors:
        return try SafetensorsWriter(
          path: file.path, metadata: file.metadata.map { ($0.key, $0.value.string ?? "") },
          tensors: tensors, resumption: resumption)
      }
    }
  }

  /// A copy that is on the disk but has not its name yet.
  private func copy(_ source: String, to target: String) throws(FileError) -> AtomicFileWriter {
    let file = try MappedFile(path: source)
    let writer = try AtomicFileWriter(path: target, bufferSize: 1 << 16)
    try writer.write(file.bytes)
    try writer.synchronize()
    withExtendedLifetime(file) {}
    return writer
  }
}
