// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Checkpoints
package import Models
package import Notation
import Tensors
import Tokenizers

/// What a model is, for people and programs.
package struct InspectionReport: Sendable {
  private let model: Model
  private let showsTensors: Bool

  package init(_ model: Model, showsTensors: Bool) {
    self.model = model
    self.showsTensors = showsTensors
  }

  package var text: String {
    let architecture = model.architecture
    var text = "\(model.name): \(architecture.name)\n\(architecture.about)\n\n"
    text += "  weights      \(Figures.count(model.weightCount)) in "
    text += "\(Figures.bytes(model.byteCount)), \(encodings)\n"
    let files = model.files.checkpoint.files.count + (model.files.projector?.files.count ?? 0)
    text += "  container    \(model.files.checkpoint.container.rawValue), "
    text += "\(files) \(files == 1 ? "file" : "files")\n"
    let vocabulary = model.tokenizer.vocabulary
    text += "  tokenizer    \(vocabulary.model.rawValue), \(vocabulary.pieces.count) tokens\n"
    if let token = architecture.imageToken, let spelling = architecture.imageText {
      text += "  image token  \(token), '\(spelling)' in prompts\n"
    }
    if let note = model.positionNote { text += "  note: \(note)\n" }
    text += "\n"
    for part in architecture.parts {
      text += "  \(part.kind.rawValue): \(part.declaration.name)\n"
      text += wrapped(part) + "\n"
    }
    for dropped in model.census.dropped {
      text += "  not needed: \(dropped.tensor) (\(dropped.reason))\n"
    }
    if showsTensors { text += "\n" + tensorTable }
    return text
  }

  /// The hyperparameters of a part, several a line.
  private func wrapped(_ part: Part) -> String {
    var lines: [String] = []
    var line = "   "
    for (name, value) in part.values.sorted(by: { $0.key < $1.key }) {
      let item = " \(name) \(InspectionReport.text(of: value))"
      if line.count + item.count > 96 {
        lines.append(line)
        line = "   "
      }
      line += item + ","
    }
    lines.append(line)
    return lines.joined(separator: "\n").dropLast() + "\n"
  }

  private static func text(of value: Expression.Value) -> String {
    switch value {
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .bool(let bool): "\(bool)"
    case .text(let text): text
    }
  }

  private static func json(of value: Expression.Value) -> JSON {
    switch value {
    case .number(let number): Int(exactly: number).map(JSON.integer) ?? .number(number)
    case .bool(let bool): .bool(bool)
    case .text(let text): .string(text)
    }
  }

  /// How many tensors have which encoding.
  private var counts: [(encoding: String, tensors: Int, bytes: Int)] {
    var counts: [String: (Int, Int)] = [:]
    for tensor in model.parameters.flatMap(\.tensors) {
      let old = counts[tensor.storage] ?? (0, 0)
      counts[tensor.storage] = (old.0 + 1, old.1 + tensor.totalByteCount)
    }
    return counts.map { ($0.key, $0.value.0, $0.value.1) }
      .sorted { ($0.2, $0.0) > ($1.2, $1.0) }
  }

  private var encodings: String {
    counts.map { "\($0.encoding) (\($0.tensors))" }.joined(separator: ", ")
  }

  private var tensorTable: String {
    var table = TextTable([
      ("tensor", .left), ("role", .left), ("type", .left), ("shape", .left), ("bytes", .right),
    ])
    for source in model.parameters {
      for tensor in source.tensors {
        table.append([
          tensor.name, source.parameter.role, tensor.storage,
          tensor.shape.description, "\(tensor.totalByteCount)",
        ])
      }
    }
    return table.text
  }

  package var json: JSON {
    var parts: [JSON] = []
    for part in model.architecture.parts {
      var values = JSON.Object()
      for (name, value) in part.values.sorted(by: { $0.key < $1.key }) {
        values[name] = InspectionReport.json(of: value)
      }
      parts.append([
        "part": .string(part.kind.rawValue), "declaration": .string(part.declaration.name),
        "hyperparameters": .object(values),
      ])
    }
    var types = JSON.Object()
    for count in counts {
      types[count.encoding] = [
        "tensors": .integer(count.tensors), "bytes": .integer(count.bytes),
      ]
    }
    var object: JSON = [
      "schemaVersion": .integer(JSON.reportVersion), "name": .string(model.name),
      "path": .string(model.path),
      "architecture": .string(model.architecture.name),
      "container": .string(model.files.checkpoint.container.rawValue),
      "weights": .integer(model.weightCount), "bytes": .integer(model.byteCount),
      "types": .object(types), "parts": .array(parts),
      "tokens": .integer(model.tokenizer.vocabulary.pieces.count),
      "dropped": .array(
        model.census.dropped.map {
          ["tensor": .string($0.tensor), "reason": .string($0.reason)]
        }),
    ]
    if let note = model.positionNote { object = object.adding("note", .string(note)) }
    if showsTensors { object = object.adding("tensors", .array(tensors)) }
    return object
  }

  private var tensors: [JSON] {
    model.parameters.flatMap { source in
      source.tensors.map { tensor in
        [
          "name": .string(tensor.name), "role": .string(source.parameter.role),
          "type": .string(tensor.storage),
          "shape": .array(tensor.shape.dimensions.map(JSON.integer)),
          "file": .string(tensor.file.path), "offset": .integer(tensor.offset),
          "bytes": .integer(tensor.totalByteCount),
        ]
      }
    }
  }
}

extension JSON {
  /// Changes whenever a member of a report is removed, or means something else.
  static let reportVersion = 1

  /// The object with one more member.
  func adding(_ key: String, _ value: JSON) -> JSON {
    guard case .object(var object) = self else { return self }
    object[key] = value
    return .object(object)
  }
}
