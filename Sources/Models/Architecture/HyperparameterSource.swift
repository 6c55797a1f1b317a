// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation

/// Where the hyperparameters of a part are read from.
struct HyperparameterSource {
  enum Origin {
    /// The part of `config.json` that is the model part's own.
    case config(JSON)
    /// GGUF metadata, with the names of the file's tensors.
    case gguf(GGUFMetadata, architecture: String, hasTensor: (String) -> Bool)
  }

  let origin: Origin
  /// The file, for messages.
  let path: String

  /// The values of all hyperparameters in their order.
  ///
  /// - Parameters:
  ///   - declaration: The part whose hyperparameters are read.
  ///   - overrides: Values that count before everything else.
  /// - Returns: The values by their names.
  /// - Throws: ``ModelError`` for a value of the wrong kind, or a formula that fails.
  func values(
    of declaration: PartDeclaration, overrides: [String: Expression.Value]
  ) throws(ModelError) -> [String: Expression.Value] {
    var values: [String: Expression.Value] = [:]
    if case .gguf(let metadata, let architecture, _) = origin {
      values = try metadata.wholeSettings(of: declaration.kind, path: path)
      values["architecture"] = .text(architecture)
    }
    for parameter in declaration.hyperparameters where values[parameter.name] == nil {
      if let value = overrides[parameter.name] {
        values[parameter.name] = value
      } else if parameter.perLayer != nil {
        let layers = try layerValues(of: parameter, known: values, in: declaration)
        for (layer, value) in layers.enumerated() {
          values[parameter.key(ofLayer: layer)] = value
        }
        // The whole of them in one text, to be compared.
        values[parameter.name] = .text(layers.map(\.description).joined(separator: " "))
      } else {
        values[parameter.name] = try value(of: parameter, known: values, in: declaration.name)
      }
    }
    return values
  }

  /// A path with the formulas in it filled in.
  func resolved(
    _ path: String, known: [String: Expression.Value], in declaration: String
  ) throws(ModelError) -> String {
    guard path.contains("{") else { return path }
    let template = try NameTemplate(DeclarationReader(.string(path), name: declaration, path: path))
    do throws(Expression.Failure) { return try template.name(known) } catch {
      throw .declaration(name: declaration, sentence: "\(path): \(error)")
    }
  }

  func value(
    of parameter: HyperparameterDeclaration, known: [String: Expression.Value],
    in declaration: String
  ) throws(ModelError) -> Expression.Value {
    func failure(_ error: Expression.Failure) -> ModelError {
      .declaration(name: declaration, sentence: "\(parameter.name): \(error)")
    }
    func malformed(_ key: String) -> ModelError {
      .configuration(path: path, key: key, sentence: "expected a number, a text, true or false")
    }
    switch origin {
    case .config(let config):
      for path in parameter.config {
        let key = try resolved(path, known: known, in: declaration)
        guard let value = config.value(at: key) else { continue }
        if value.isNull {
          guard let null = parameter.null else { continue }
          do throws(Expression.Failure) { return try null.value(known) } catch {
            throw failure(error)
          }
        }
        guard let known = Expression.Value(value) else { throw malformed(key) }
        return known
      }
      for key in parameter.length {
        guard let list = config.value(at: key), !list.isNull else { continue }
        guard let elements = list.array else {
          throw .configuration(path: path, key: key, sentence: "expected a list")
        }
        return .number(Double(elements.count))
      }
    case .gguf(let metadata, _, let hasTensor):
      func found(_ template: NameTemplate) throws(ModelError) -> Expression.Value? {
        let key: String
        do throws(Expression.Failure) { key = try template.name(known) } catch {
          throw failure(error)
        }
        guard let value = metadata.value(at: key) else { return nil }
        guard let known = Expression.Value(value) else { throw malformed(key) }
        return known
      }
      for template in parameter.gguf {
        guard let value = try found(template) else { continue }
        guard case .number(var number) = value else { return value }
        for template in parameter.ggufLess {
          if case .number(let less)? = try found(template) { number -= less }
        }
        return .number(number)
      }
      if let name = parameter.present { return .bool(hasTensor(name)) }
      if let name = parameter.absent { return .bool(!hasTensor(name)) }
      if let fallback = parameter.ggufFallback {
        do throws(Expression.Failure) { return try fallback.value(known) } catch {
          throw failure(error)
        }
      }
    }
    do throws(Expression.Failure) { return try parameter.fallback.value(known) } catch {
      throw failure(error)
    }
  }
}

extension GGUFMetadata {
  /// The value of a key, or an element of a list: `sections.1` is the second of `sections`.
  fileprivate func value(at key: String) -> GGUFValue? {
    if let value = self[key] { return value }
    guard let dot = key.lastIndex(of: "."), let index = Int(key[key.index(after: dot)...]),
      let numbers = self[String(key[..<dot])]?.numbers, numbers.indices.contains(index)
    else { return nil }
    return .float64(numbers[index])
  }
}

extension JSON {
  /// A value as `config.json` has it, whole numbers without a fraction.
  init(_ value: Expression.Value) {
    switch value {
    case .number(let number): self = Int(exactly: number).map(JSON.integer) ?? .number(number)
    case .bool(let bool): self = .bool(bool)
    case .text(let text): self = .string(text)
    }
  }
}

extension Expression.Value {
  /// A value of `config.json`, or nil for lists and objects.
  init?(_ json: JSON) {
    switch json {
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .number(Double(value))
    case .number(let value): self = .number(value)
    case .string(let value): self = .text(value)
    case .null, .array, .object: return nil
    }
  }

  /// A value of GGUF metadata; a list of texts counts as its length, one of numbers as
  /// its first.
  init?(_ value: GGUFValue) {
    if let number = value.number {
      self = .number(number)
    } else if let bool = value.bool {
      self = .bool(bool)
    } else if let text = value.string {
      self = .text(text)
    } else if let array = value.array, array.elementType == .string {
      self = .number(Double(array.count))
    } else if let first = value.numbers?.first {
      self = .number(first)
    } else {
      return nil
    }
  }
}
