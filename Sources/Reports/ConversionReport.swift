// SPDX-License-Identifier: Apache-2.0

import BlockFormats
package import Conversion
import Models
package import Notation
import Quantization
import Tensors

/// What a conversion did, for people and programs.
package struct ConversionReport: Sendable {
  private let summary: ConversionSummary

  package init(_ summary: ConversionSummary) { self.summary = summary }

  package var text: String {
    var text = ""
    for file in summary.files {
      text += "\(file.path)\n"
      if file.isKept {
        text += "  kept: it was made before of the same source in the same way\n"
        continue
      }
      var table = TextTable([
        ("  type", .left), ("tensors", .right), ("bytes", .right), ("bits a weight", .right),
        ("error", .right), ("largest", .right),
      ])
      for group in ConversionReport.groups(of: file) {
        table.append([
          "  \(group.storage)", "\(group.count)", Figures.bytes(group.byteCount),
          Figures.decimal(group.bitsPerWeight, 2),
          Figures.percent(group.distortion.relativeError),
          Figures.small(group.distortion.largestError),
        ])
      }
      text += table.text
    }
    text += fallbacks
    for group in ConversionReport.grouped(
      summary.kept, by: { "\($0.storage), because \($0.keptReason ?? "")" })
    {
      text += "  kept in \(group.key): \(ConversionReport.list(group.members.map(\.name)))\n"
    }
    for group in ConversionReport.grouped(summary.carried, by: \.sourceStorage) {
      let largest = group.members.reduce(0) { max($0, $1.distortion.largestError) }
      text += "  carried over from \(group.key) with the same codes, "
      text +=
        largest == 0
        ? "all values identical" : "values differ by at most \(Figures.small(largest))"
      text += ": \(ConversionReport.list(group.members.map(\.name)))\n"
    }
    if !summary.corrected.isEmpty {
      text += "  make up for what their weights lose in the mean: "
      text += "\(ConversionReport.list(summary.corrected.map(\.name)))\n"
    }
    if !summary.scaled.isEmpty {
      text += "  take over scales from what comes before them: "
      text += "\(ConversionReport.list(summary.scaled.map(\.name)))\n"
    }
    for group in ConversionReport.grouped(summary.requantized, by: \.sourceStorage) {
      text += "  quantized before, to \(group.key), so that the error adds to that one: "
      text += "\(ConversionReport.list(group.members.map(\.name)))\n"
    }
    for group in ConversionReport.grouped(summary.dropped, by: \.reason) {
      text += "  left out, because \(group.key): "
      text += "\(ConversionReport.list(group.members.map(\.tensor)))\n"
    }
    let (before, after) = (Double(summary.sourceByteCount), Double(summary.byteCount))
    let change =
      after > before
      ? "\(Figures.decimal(after / max(1, before), 2)) times larger"
      : "\(Figures.decimal(before / max(1, after), 2)) times smaller"
    text += "\(Figures.bytes(summary.sourceByteCount)) became \(Figures.bytes(summary.byteCount)) "
    let bits = summary.bitsPerWeight
    let rate = bits > 0 ? ", \(Figures.decimal(bits, 2)) bits a weight" : ""
    text += "(\(change)\(rate)) in \(Figures.seconds(summary.seconds)); read back and compared\n"
    if summary.resumedByteCount > 0 {
      text += "\(Figures.bytes(summary.resumedByteCount)) of it are of an interrupted run\n"
    }
    return text
  }

  /// What did not get the type that was wanted: by type, the tensors of each role.
  private var fallbacks: String {
    let tensors = summary.fallbacks
    guard !tensors.isEmpty else { return "" }
    let share = Double(ConversionReport.weights(of: tensors)) / Double(max(1, summary.weightCount))
    var text = "  not in the type that was wanted, \(Figures.percent(share)) of the weights:\n"
    for group in ConversionReport.grouped(tensors, by: ConversionReport.fallback) {
      let roles = ConversionReport.grouped(group.members, by: \.role)
        .map { "\($0.members.count) \($0.key)" }.joined(separator: ", ")
      text += "    \(group.key): \(roles)\n"
    }
    return text
  }

  private static func weights(of tensors: [ConversionSummary.Tensor]) -> Int {
    tensors.reduce(0) { $0 + ($1.shape.elementCount ?? 0) }
  }

  private static func fallback(_ tensor: ConversionSummary.Tensor) -> String {
    if let fallback = tensor.fallback { return fallback }
    let (encoding, wanted) = (tensor.choice.encoding, tensor.choice.wanted)
    return "\(encoding) (\(Figures.decimal(encoding.bitsPerElement, 2)) bits) instead of \(wanted) "
      + "(\(Figures.decimal(wanted.bitsPerElement, 2))), because rows of \(tensor.shape.rowLength) "
      + "are no whole blocks"
  }

  /// Elements of one key together, in the order in which the keys come.
  private static func grouped<Element>(
    _ elements: [Element], by key: (Element) -> String
  ) -> [(key: String, members: [Element])] {
    var groups: [(key: String, members: [Element])] = []
    for element in elements {
      if let place = groups.firstIndex(where: { $0.key == key(element) }) {
        groups[place].members.append(element)
      } else {
        groups.append((key(element), [element]))
      }
    }
    return groups
  }

  private static func list(_ names: [String]) -> String {
    names.count > 2
      ? "\(names.count) tensors such as \(names[0])" : names.joined(separator: ", ")
  }

  private struct Group {
    let storage: String
    var count = 0
    var byteCount = 0
    var weightCount = 0
    var distortion = Distortion()
    var bitsPerWeight: Double { Double(byteCount * 8) / Double(max(1, weightCount)) }
  }

  private static func groups(of file: ConversionSummary.File) -> [Group] {
    var groups: [String: Group] = [:]
    for tensor in file.tensors {
      var group = groups[tensor.storage] ?? Group(storage: tensor.storage)
      group.count += 1
      group.byteCount += tensor.byteCount
      group.weightCount += tensor.shape.elementCount ?? 0
      group.distortion.add(tensor.distortion)
      groups[tensor.storage] = group
    }
    return groups.values.sorted {
      ($0.byteCount, $0.storage) > ($1.byteCount, $1.storage)
    }
  }

  package var json: JSON {
    [
      "schemaVersion": .integer(JSON.reportVersion),
      "files": .array(
        summary.files.map { file in
          [
            "path": .string(file.path), "bytes": .integer(file.byteCount),
            "kept": .bool(file.isKept),
            "tensors": .array(file.tensors.map(ConversionReport.json)),
          ]
        }),
      "dropped": .array(
        summary.dropped.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
      "notes": .array(summary.notes.map(JSON.string)),
      "fallbacks": .array(
        ConversionReport.grouped(summary.fallbacks) {
          "\($0.role) \(ConversionReport.fallback($0))"
        }.map { group in
          [
            "type": .string(group.members[0].storage), "role": .string(group.members[0].role),
            "what": .string(ConversionReport.fallback(group.members[0])),
            "tensors": .integer(group.members.count),
            "weights": .integer(ConversionReport.weights(of: group.members)),
          ]
        }),
      "sourceBytes": .integer(summary.sourceByteCount), "bytes": .integer(summary.byteCount),
      "bitsPerWeight": .number(summary.bitsPerWeight), "seconds": .number(summary.seconds),
      "resumedBytes": .integer(summary.resumedByteCount),
    ]
  }

  private static func json(of tensor: ConversionSummary.Tensor) -> JSON {
    [
      "name": .string(tensor.name), "role": .string(tensor.role),
      "shape": .array(tensor.shape.dimensions.map(JSON.integer)),
      "from": .string(tensor.sourceStorage),
      "type": .string(tensor.storage),
      "wanted": .string(tensor.choice.wanted.rawValue),
      "fallback": tensor.fallback.map(JSON.string) ?? .null, "carried": .bool(tensor.isCarried),
      "takesScales": .bool(tensor.takesScales),
      "keptBecause": tensor.keptReason.map(JSON.string) ?? .null,
      "bytes": .integer(tensor.byteCount),
      "relativeError": .number(tensor.distortion.relativeError),
      "largestError": .number(tensor.distortion.largestError),
    ]
  }
}
