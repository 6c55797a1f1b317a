// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import BlockFormats
import Checkpoints
package import Models
package import Quantization
import Tensors

/// Second moments of what went into a model's linear layers, in a file of statistics.
///
/// Layout: Formats/imatrix.md.
package struct CalibrationMoments: Sendable {
  /// Of the inputs of one weight.
  struct Entry: Sendable {
    /// The weight's name in a GGUF.
    let name: String
    let columns: Int
    /// Rows, two numbers for each matrix (one an expert): fitted to, held out.
    let counts: [Float]
    /// Of each matrix both sums: `[matrices, 2, columns, columns]` in F32.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// Likewise, of how inputs and what they have lost go together; empty where nothing is lost.
    nonisolated(unsafe) let drift: UnsafeRawBufferPointer
  }

  private static let (sums, counts) = (".in_moments", ".in_moments_rows")
  private static let drifts = ".in_drift"
  private static let (weightsKey, inputsKey) = ("pare.moments.weights", "pare.moments.inputs")

  let entries: [Entry]
  /// For each weight, the one whose entry is of the same inputs.
  let inputs: [String: String]
  /// Keeps the bytes.
  private let owner: any Sendable

  /// What a run has gathered.
  init(_ spill: MomentSpill, inputs: [String: String]) throws(FileError) {
    self.init(spill.entries, in: try spill.read(), inputs: inputs)
  }

  /// What a run has gathered so far of some weights.
  init(_ spill: MomentSpill, of weights: [String: String]) throws(FileError) {
    let owners = Set(weights.values)
    self.init(
      spill.entries.filter { owners.contains($0.name) }, in: try spill.read(), inputs: weights)
  }

  private init(_ entries: [MomentSpill.Entry], in file: MappedFile, inputs: [String: String]) {
    self.entries = entries.map { entry in
      Entry(
        name: entry.name, columns: entry.columns,
        counts: entry.counts.flatMap { [Float($0.fitted), Float($0.heldOut)] },
        bytes: UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]),
        drift: UnsafeRawBufferPointer(rebasing: file.bytes[entry.drift]))
    }
    self.inputs = inputs
    owner = file
  }

  /// Reads those of a file of statistics.
  ///
  /// - Parameter path: A GGUF of `pare calibrate --hessian`.
  /// - Throws: ``CalibrationError`` for a file without them, or with others than it says.
  package init(path: String) throws(CalibrationError) {
    let checkpoint: Checkpoint
    do throws(CheckpointError) { checkpoint = try Checkpoint(path: path) } catch {
      throw CalibrationError("\(error)")
    }
    let weights = checkpoint.metadata[CalibrationMoments.weightsKey]?.strings ?? []
    let inputs = checkpoint.metadata[CalibrationMoments.inputsKey]?.strings ?? []
    guard !weights.isEmpty, weights.count == inputs.count else {
      throw CalibrationError(
        "\(path): it holds no second moments, which feedback needs; make it with "
          + "pare calibrate --hessian")
    }
    self.inputs = Dictionary(zip(weights, inputs)) { first, _ in first }
    var entries: [Entry] = []
    for tensor in checkpoint.tensors where tensor.name.hasSuffix(CalibrationMoments.sums) {
      let name = String(tensor.name.dropLast(CalibrationMoments.sums.count))
      let shape = tensor.shape.dimensions
      guard let counted = checkpoint[name + CalibrationMoments.counts], shape.count == 4,
        tensor.encoding == .f32, counted.encoding == .f32, shape[1] == 2, shape[2] == shape[3],
        counted.shape.dimensions == [shape[0], 2],
        Int(bitPattern: tensor.bytes.baseAddress) % MemoryLayout<Float>.alignment == 0
      else {
        throw CalibrationError(
          "\(path): '\(name)': expected moments [matrices, 2, columns, columns] and counts in F32, "
            + "found \(tensor.shape)")
      }
      let drift = checkpoint[name + CalibrationMoments.drifts]
      if let drift,
        drift.encoding != .f32 || drift.shape != tensor.shape
          || Int(bitPattern: drift.bytes.baseAddress) % MemoryLayout<Float>.alignment != 0
      {
        throw CalibrationError(
          "\(path): '\(drift.name)': expected \(tensor.shape) in F32, found \(drift.shape) in "
            + drift.encoding.rawValue)
      }
      entries.append(
        Entry(
          name: name, columns: shape[3], counts: F32().decode(Array(counted.bytes)),
          bytes: tensor.bytes,
          drift: drift?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)))
    }
    self.entries = entries
    owner = checkpoint
  }

  /// Whether a file of statistics holds some.
  ///
  /// - Parameter path: A file of any kind.
  /// - Returns: False also for a file that cannot be read.
  package static func areKept(in path: String) -> Bool {
    guard !path.hasSuffix(".dat"), let checkpoint = try? Checkpoint(path: path) else {
      return false
    }
    return !(checkpoint.metadata[CalibrationMoments.weightsKey]?.strings ?? []).isEmpty
  }

  /// The moments of several runs as those of one.
  ///
  /// - Parameter paths: Files of `pare calibrate --hessian`, of one model.
  /// - Throws: ``CalibrationError`` for files without them, or of other inputs.
  package init(merging paths: [String]) throws(CalibrationError) {
    var all: [CalibrationMoments] = []
    for path in paths { all.append(try CalibrationMoments(path: path)) }
    guard let first = all.first else { throw CalibrationError("there is nothing to merge") }
    for (path, moments) in zip(paths, all)
    where moments.entries.contains(where: { !$0.drift.isEmpty }) {
      throw CalibrationError(
        "\(path): its second moments were gathered along one quantized model and serve no other; "
          + "merge those of pare calibrate --hessian without --for")
    }
    for (path, moments) in zip(paths, all) {
      guard moments.inputs == first.inputs, moments.entries.count == first.entries.count,
        zip(moments.entries, first.entries).allSatisfy({
          $0.name == $1.name && $0.columns == $1.columns && $0.counts.count == $1.counts.count
        })
      else {
        throw CalibrationError(
          "\(path): its second moments are of other inputs than those of \(paths[0]); merge "
            + "statistics of one model")
      }
    }
    do throws(FileError) {
      let spill = try MomentSpill()
      for (index, entry) in first.entries.enumerated() {
        try spill.append(entry.name, merging: all.map { $0.entries[index] })
      }
      try self.init(spill, inputs: first.inputs)
    } catch { throw CalibrationError("\(error)") }
  }

  // Writing

  func append(to metadata: inout GGUFMetadata) {
    let weights = inputs.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    metadata[CalibrationMoments.weightsKey] = .array(GGUFArray(weights))
    metadata[CalibrationMoments.inputsKey] = .array(GGUFArray(weights.compactMap { inputs[$0] }))
  }

  var descriptions: [TensorDescription] {
    entries.flatMap { entry in
      let count = entry.counts.count / 2
      return [
        TensorDescription(
          name: entry.name + CalibrationMoments.counts, encoding: .f32, shape: Shape([count, 2])),
        TensorDescription(
          name: entry.name + CalibrationMoments.sums, encoding: .f32,
          shape: Shape([count, 2, entry.columns, entry.columns])),
      ]
        + (entry.drift.isEmpty
          ? []
          : [
            TensorDescription(
              name: entry.name + CalibrationMoments.drifts, encoding: .f32,
              shape: Shape([count, 2, entry.columns, entry.columns]))
          ])
    }
  }

  func write(to writer: GGUFWriter) throws(CheckpointError) {
    for entry in entries {
      var failure: CheckpointError?
      F32().encode(entry.counts).withUnsafeBytes { bytes in
        do throws(CheckpointError) {
          try writer.append(bytes)
          try writer.append(entry.bytes)
          try writer.append(entry.drift)
        } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }

  // Use

  /// Experts that fewer rows than this reached are coded without feedback.
  private static let fewestRows: Float = 32

  /// The moments of a model's weights, by their names in a GGUF.
  ///
  /// - Throws: ``CalibrationError`` if they are of other columns.
  package func moments(for model: Model) throws(CalibrationError) -> [String: [InputMoments?]] {
    let known = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    var result: [String: [InputMoments?]] = [:]
    for parameter in model.parameters.map(\.parameter) {
      guard let input = inputs[parameter.ggufName], let entry = known[input] else { continue }
      let width =
        (parameter.shape.elementCount ?? 0) / max(1, parameter.shape.dimensions.first ?? 1)
      guard entry.columns == width, entry.counts.count == 2 * (parameter.expertCount ?? 1) else {
        throw CalibrationError(
          "'\(parameter.ggufName)': expected moments of \(width) columns, found "
            + "\(entry.columns); the statistics are of another model")
      }
      result[parameter.ggufName] = (0..<entry.counts.count / 2).map { matrix in
        let (fitted, heldOut) = (entry.counts[2 * matrix], entry.counts[2 * matrix + 1])
        guard fitted >= CalibrationMoments.fewestRows, heldOut > 0 else { return nil }
        return InputMoments(
          name: "\(input)#\(matrix)", columns: width, count: Double(fitted),
          source: Sums(owner: owner, entry, matrix))
      }
    }
    return result
  }

  private struct Sums: InputMoments.Source {
    let owner: any Sendable
    nonisolated(unsafe) let fitted: UnsafeBufferPointer<Float>
    nonisolated(unsafe) let heldOut: UnsafeBufferPointer<Float>
    nonisolated(unsafe) let fittedDrift: UnsafeBufferPointer<Float>?
    nonisolated(unsafe) let heldOutDrift: UnsafeBufferPointer<Float>?

    init(owner: any Sendable, _ entry: Entry, _ matrix: Int) {
      self.owner = owner
      let size = entry.columns * entry.columns
      func part(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(
          rebasing: bytes.bindMemory(to: Float.self)[
            (2 * matrix + place) * size..<(2 * matrix + place + 1) * size])
      }
      (fitted, heldOut) = (part(entry.bytes, 0), part(entry.bytes, 1))
      fittedDrift = entry.drift.isEmpty ? nil : part(entry.drift, 0)
      heldOutDrift = entry.drift.isEmpty ? nil : part(entry.drift, 1)
    }
  }
}
