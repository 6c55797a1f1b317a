// SPDX-License-Identifier: Apache-2.0

import Conversion
import Layers
import Models
import Quantization
import Tensors
import TestSupport
import Testing

struct BiasCorrectionTests {
  /// The mean that is taken to go into a column: of either sign, so that nothing cancels.
  private static func means(columns: Int) -> [Float] {
    (0..<columns).map { Float(($0 * 37) % 11 - 4) / 8 }
  }

  /// Statistics that know the mean of what goes into all matrices, or into none.
  private static func importance(_ model: Model, knowsMeans: Bool) -> Importance {
    var columns: [String: [[Float]?]] = [:]
    var means: [String: [[Float]?]] = [:]
    for parameter in model.parameters.map(\.parameter) {
      let width =
        (parameter.shape.elementCount ?? 0) / max(1, parameter.shape.dimensions.first ?? 1)
      columns[parameter.ggufName] = [[Float](repeating: 1, count: width)]
      means[parameter.ggufName] = [BiasCorrectionTests.means(columns: width)]
    }
    return Importance(label: "test", columns: columns, means: knowsMeans ? means : [:])
  }

  private enum Container: CaseIterable {
    case gguf, mlx, compressedTensors

    /// A model whose biases stand beside weights that the container has in few bits.
    func fixture() throws -> FixtureCopy {
      self == .gguf ? try FixtureCopy("llava-tiny") : try FixtureCopy(family: "qwen2")
    }
  }

  /// All values of a model, by role and layer, as its computation takes them.
  private static func values(_ model: Model) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for source in model.parameters {
      let parameter = source.parameter
      let rows = parameter.shape.dimensions.first ?? 1
      guard parameter.isUsed, parameter.expertCount == nil,
        let matrix = try source.matrices(rows: rows, order: .model).first
      else { continue }
      var room = [Float](repeating: 0, count: matrix.rows * matrix.columns)
      room.withUnsafeMutableBufferPointer { matrix.decode(rows: 0..<matrix.rows, into: $0) }
      values["\(parameter.role) \(parameter.layer ?? -1)"] = room
    }
    return values
  }

  private static func convert(
    _ model: Model, to container: Container, _ importance: Importance, into folder: TemporaryFolder
  ) throws -> (Model, ConversionSummary) {
    let plan: ConversionPlan
    switch container {
    case .gguf:
      let recipe = try Recipe(named: "Q4_0")
      plan = try ConversionPlan(
        gguf: model, recipe: recipe, projectorRecipe: recipe, importance: importance,
        folder: folder.path)
    case .mlx:
      plan = try ConversionPlan(
        packed: model, recipe: PackedRecipe(.mlx(type: "4bit", groupSize: 32)),
        importance: importance,
        folder: folder.path)
    case .compressedTensors:
      plan = try ConversionPlan(
        packed: model, recipe: PackedRecipe(.compressedTensors(type: "int4", groupSize: 32)),
        importance: importance,
        folder: folder.path)
    }
    let summary = try Converter(plan, of: model).run()
    let path = summary.files[0].path
    let isFolder = container != .gguf
    let target =
      isFolder ? String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)) : path
    return (try Model(path: target, library: try DeclarationLibrary()), summary)
  }

  @Test("a bias takes back what its weight loses in the mean", arguments: Container.allCases)
  private func law(container: Container) throws {
    let (plainFolder, folder) = (try TemporaryFolder(), try TemporaryFolder())
    let copy = try container.fixture()
    let original = try Model(path: copy.path, library: try DeclarationLibrary())
    let (plain, _) = try BiasCorrectionTests.convert(
      original, to: container, BiasCorrectionTests.importance(original, knowsMeans: false),
      into: plainFolder)
    let (corrected, summary) = try BiasCorrectionTests.convert(
      original, to: container, BiasCorrectionTests.importance(original, knowsMeans: true),
      into: folder)
    let before = try BiasCorrectionTests.values(original)
    let without = try BiasCorrectionTests.values(plain)
    var count = 0
    for (name, stored) in try BiasCorrectionTests.values(corrected) {
      let parts = name.split(separator: " ")
      let own = try #require(without[name])
      let weight = "\(parts[0].dropLast(".bias".count)) \(parts[1])"
      guard parts[0].hasSuffix(".bias"), let w = before[weight], let y = without[weight], w != y,
        w.count > own.count
      else {
        #expect(stored == own, "\(name) has no weight with errors")
        continue
      }
      count += 1
      let bias = try #require(before[name])
      let columns = w.count / bias.count
      let means = BiasCorrectionTests.means(columns: columns)
      for row in bias.indices {
        let lost = (0..<columns).reduce(0.0) {
          let place = row * columns + $1
          return $0 + (Double(w[place]) - Double(y[place])) * Double(means[$1])
        }
        let wanted = Double(bias[row]) + lost
        // Folders keep BF16, with 8 bits of significand; GGUF has F32.
        let rounding = container == .gguf ? 0x1p-24 : 0x1p-8
        #expect(abs(Double(stored[row]) - wanted) <= rounding * abs(wanted), "\(name) \(row)")
      }
    }
    #expect(count > 0)
    #expect(summary.corrected.count == count)
  }
}
