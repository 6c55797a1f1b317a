// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation

extension HyperparameterDeclaration {
  /// The name under which the value of one layer is kept among those of the part.
  func key(ofLayer layer: Int) -> String { "\(name)[\(layer)]" }
}

extension HyperparameterSource {
  /// The values of a hyperparameter that each layer has for itself, such as its kind of attention.
  ///
  /// - Throws: ``ModelError`` for a list that does not have one entry a layer.
  func layerValues(
    of parameter: HyperparameterDeclaration, known: [String: Expression.Value],
    in declaration: PartDeclaration
  ) throws(ModelError) -> [Expression.Value] {
    func failure(_ error: Expression.Failure) -> ModelError {
      .declaration(name: declaration.name, sentence: "\(parameter.name): \(error)")
    }
    var count = 0
    do throws(Expression.Failure) { count = try parameter.perLayer?.integer(known) ?? 0 } catch {
      throw failure(error)
    }
    guard (0...Part.maximumRepetitions).contains(count) else {
      throw .configuration(
        path: path, key: parameter.perLayer?.description ?? parameter.name,
        sentence: "expected 0 to \(Part.maximumRepetitions), found \(count)")
    }
    if let values = try listedValues(
      of: parameter, count: count, known: known, in: declaration)
    {
      return values
    }
    var values: [Expression.Value] = []
    for layer in 0..<count {
      let names = Part.layerValues(known, of: layer, in: declaration)
      if let own = try ownValue(of: parameter, known: names, in: declaration.name) {
        values.append(own)
        continue
      }
      do throws(Expression.Failure) { values.append(try parameter.fallback.value(names)) } catch {
        throw failure(error)
      }
    }
    return values
  }

  /// The value under a path of the configuration that a formula puts together for the layer.
  private func ownValue(
    of parameter: HyperparameterDeclaration, known: [String: Expression.Value],
    in declaration: String
  ) throws(ModelError) -> Expression.Value? {
    guard case .config(let config) = origin else { return nil }
    for path in parameter.config where path.contains("{") {
      let key = try resolved(path, known: known, in: declaration)
      guard let value = config.value(at: key), !value.isNull else { continue }
      guard let own = Expression.Value(value) else {
        throw .configuration(path: self.path, key: key, sentence: "expected a number or a text")
      }
      return own
    }
    return nil
  }

  /// The values that a GGUF gives, as a list or as one for all layers; nil if it does not.
  private func ggufValues(
    of parameter: HyperparameterDeclaration, count: Int, _ metadata: GGUFMetadata,
    known: [String: Expression.Value], in declaration: PartDeclaration
  ) throws(ModelError) -> [Expression.Value]? {
    for template in parameter.gguf {
      let key: String
      do throws(Expression.Failure) { key = try template.name(known) } catch {
        throw .declaration(name: declaration.name, sentence: "\(parameter.name): \(error)")
      }
      guard let value = metadata[key] else { continue }
      guard value.array != nil else {
        return Expression.Value(value).map { Array(repeating: $0, count: count) }
      }
      if let bools = value.array?.bools, bools.count == count {
        let layers = bools.indices.filter { bools[$0] }
        return HyperparameterSource.values(
          of: count, among: layers, isRanked: !parameter.ranked.isEmpty)
      }
      guard let numbers = value.numbers, numbers.count == count else {
        throw .configuration(
          path: path, key: key, sentence: "expected a value for each of \(count) layers")
      }
      return numbers.map { .number($0) }
    }
    return nil
  }

  /// The values that a container lists; nil if it does not.
  private func listedValues(
    of parameter: HyperparameterDeclaration, count: Int, known: [String: Expression.Value],
    in declaration: PartDeclaration
  ) throws(ModelError) -> [Expression.Value]? {
    if case .gguf(let metadata, _, _) = origin {
      return try ggufValues(
        of: parameter, count: count, metadata, known: known, in: declaration)
    }
    guard case .config(let config) = origin else { return nil }
    for key in parameter.config {
      guard let list = config.value(at: key), !list.isNull else { continue }
      let values = (list.array ?? []).compactMap(Expression.Value.init)
      guard values.count == count, list.array?.count == count else {
        throw .configuration(
          path: path, key: key,
          sentence: "expected a list of \(count), found "
            + (list.array.map { "\($0.count) entries" } ?? "none"))
      }
      return values
    }
    for key in parameter.listed + parameter.ranked {
      guard let list = config.value(at: key), !list.isNull else { continue }
      let numbers = (list.array ?? []).compactMap(\.integer)
      guard numbers.count == list.array?.count, numbers.allSatisfy((0..<count).contains) else {
        throw .configuration(
          path: path, key: key, sentence: "expected a list of numbers of layers below \(count)")
      }
      let isRanked = !parameter.ranked.isEmpty
      guard !isRanked || zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw .configuration(
          path: path, key: key, sentence: "expected numbers of layers that ascend")
      }
      return HyperparameterSource.values(of: count, among: numbers, isRanked: isRanked)
    }
    return nil
  }

  /// For each layer whether it is among the given ones, or its place among them and -1 for others.
  private static func values(
    of count: Int, among layers: [Int], isRanked: Bool
  ) -> [Expression.Value] {
    guard isRanked else {
      let listed = Set(layers)
      return (0..<count).map { .bool(listed.contains($0)) }
    }
    var places = [Expression.Value](repeating: .number(-1), count: count)
    for (place, layer) in layers.enumerated() { places[layer] = .number(Double(place)) }
    return places
  }
}

extension Part {
  /// What the formulas of one layer may use: its own values in the place of all layers' ones.
  static func layerValues(
    _ values: [String: Expression.Value], of layer: Int, in declaration: PartDeclaration
  ) -> [String: Expression.Value] {
    var inner = values
    inner["layer"] = .number(Double(layer))
    for parameter in declaration.hyperparameters where parameter.perLayer != nil {
      if let own = values[parameter.key(ofLayer: layer)] { inner[parameter.name] = own }
    }
    return inner
  }
}
