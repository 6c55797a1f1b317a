// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Fixtures
import Models
import TestSupport
import Testing
import Verification

struct TensorSensitivityTests {
  @Test(
    "only a tensor that changed costs, as much as the whole conversion, and data that says nothing is refused"
  )
  func oneTensor() throws {
    let library = try DeclarationLibrary()
    let reference = try Model(path: Fixtures.path("llava-tiny"), library: library)
    let copy = try FixtureCopy("llava-tiny")
    try copy.rewrite { tensors in
      let index = try #require(
        tensors.firstIndex {
          $0.description.name.hasSuffix("language_model.model.layers.1.mlp.down_proj.weight")
            || $0.description.name.hasSuffix("language_model.layers.1.mlp.down_proj.weight")
        })
      for place in tensors[index].bytes.indices.prefix(tensors[index].bytes.count / 4) {
        tensors[index].bytes[place] = 0
      }
    }
    let conversion = try Model(path: copy.path, library: library)
    let folder = try TemporaryFolder()
    let text = try TemporaryFolder.read(Fixtures.path("llava-tiny/evaluation/text.txt"))
    let data = try Dataset(path: try folder.write(text.prefix(1_500), to: "a.txt"))
    let sensitivity = try TensorSensitivity(of: reference, on: data, half: .even)
    #expect(sensitivity.tokenCount > 0 && !sensitivity.seesImages)
    #expect(try sensitivity.cost(of: reference) == 0)
    let changed = reference.parameters.map(\.parameter).filter {
      $0.layer == 1 && $0.role.hasPrefix("language.feedForward.")
    }
    let file = folder.file("costs.json")
    var costs = try MeasuredCosts(keptIn: file, plan: "a")
    try sensitivity.measure(changed.map(TensorPlace.init), of: conversion, into: &costs)
    let down = try #require(changed.first { $0.role == "language.feedForward.down" })
    let whole = try sensitivity.cost(of: conversion)
    #expect(whole > 0 && costs.tensors[TensorPlace(down)] == whole)
    for (place, cost) in costs.tensors where place != TensorPlace(down) { #expect(cost == 0) }
    // What is kept is the same to the last bit, and is not measured again.
    var kept = try MeasuredCosts(keptIn: file, plan: "a")
    #expect(kept.tensors == costs.tensors && kept.whole == nil)
    try sensitivity.measure(changed.map(TensorPlace.init), of: reference, into: &kept)
    #expect(kept.tensors == costs.tensors)
    #expect(throws: ModelError.self) { try MeasuredCosts(keptIn: file, plan: "b") }
    let empty = try Dataset(path: try folder.write(Array("a".utf8), to: "b.txt"))
    #expect(throws: ModelError.self) {
      try TensorSensitivity(of: reference, on: empty, half: .odd)
    }
  }
}
