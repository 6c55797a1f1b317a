// SPDX-License-Identifier: Apache-2.0

import BinaryIO
package import Models
import Notation

/// What the tensors of a conversion cost, each alone and all together, as far as it has been measured; kept
/// in a file, so that an interrupted measurement goes on, and another budget needs none.
///
/// Layout: Formats/costs.md.
package struct MeasuredCosts {
  /// All tensors together.
  package struct Whole: Sendable {
    /// In nats.
    package let cost: Double
    /// Bytes of the conversion's files that are no tensors.
    package let overhead: Int

    package init(cost: Double, overhead: Int) { (self.cost, self.overhead) = (cost, overhead) }
  }

  private let path: String?
  private let plan: String
  /// In nats, each tensor alone.
  package private(set) var tensors: [TensorPlace: Double] = [:]
  package private(set) var whole: Whole?

  /// Begins with what a file keeps.
  ///
  /// - Parameters:
  ///   - path: The file, which need not be there yet; nil: nothing is kept.
  ///   - plan: All that decides what is measured.
  /// - Throws: ``ModelError/input(_:)`` for a file that is something else, or of another plan.
  package init(keptIn path: String?, plan: String) throws(ModelError) {
    self.path = path
    self.plan = plan
    guard let path, Folder.isSameFile(path, path) else { return }
    let json = try MeasuredCosts.converting { () throws(FileError) in
      let file = try MappedFile(path: path)
      return withExtendedLifetime(file) { try? JSON(parsing: file.bytes) }
    }
    guard let json, json["measured"]?.string != nil, let tensors = json["tensors"]?.array else {
      throw .input("\(path): these are no measured costs; name another file for them")
    }
    guard json["measured"]?.string == plan else {
      throw .input(
        "\(path): the costs were measured of another model, container, data or statistics, or by another "
          + "version; name another file, or remove it")
    }
    for tensor in tensors {
      guard let part = tensor["part"]?.string.flatMap(PartDeclaration.Kind.init),
        let key = tensor["name"]?.string, let cost = tensor["cost"]?.number, cost >= 0
      else { throw .input("\(path): a cost makes no sense; remove the file") }
      self.tensors[TensorPlace(part: part, key: key)] = cost
    }
    guard let cost = json["whole"]?["cost"]?.number,
      let overhead = json["whole"]?["overhead"]?.integer, cost >= 0, overhead >= 0
    else { return }
    whole = Whole(cost: cost, overhead: overhead)
  }

  /// Notes what a tensor costs.
  ///
  /// - Throws: ``ModelError/file(_:)`` if it cannot be kept.
  package mutating func note(_ cost: Double, of place: TensorPlace) throws(ModelError) {
    tensors[place] = cost
    try keep()
  }

  /// Notes what all tensors cost together.
  ///
  /// - Throws: ``ModelError/file(_:)`` if it cannot be kept.
  package mutating func note(_ whole: Whole) throws(ModelError) {
    self.whole = whole
    try keep()
  }

  private static func converting<Result>(
    _ body: () throws(FileError) -> Result
  ) throws(ModelError) -> Result {
    do throws(FileError) { return try body() } catch { throw .file(error) }
  }

  private func keep() throws(ModelError) {
    guard let path else { return }
    let ordered = tensors.sorted {
      ($0.key.part.rawValue, $0.key.key) < ($1.key.part.rawValue, $1.key.key)
    }
    let json: JSON = [
      "measured": .string(plan),
      "tensors": .array(
        ordered.map { place, cost in
          [
            "part": .string(place.part.rawValue), "name": .string(place.key),
            "cost": .number(cost),
          ]
        }),
      "whole": whole.map { ["cost": .number($0.cost), "overhead": .integer($0.overhead)] } ?? .null,
    ]
    try MeasuredCosts.converting { () throws(FileError) in
      let writer = try AtomicFileWriter(path: path)
      try writer.write(Array((json.text() + "\n").utf8))
      try writer.commit()
    }
  }
}
