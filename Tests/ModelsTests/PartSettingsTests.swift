// SPDX-License-Identifier: Apache-2.0

import Fixtures
import Models
import Notation
import TestSupport
import Testing

struct PartSettingsTests {
  @Test("what containers say in other words is left out for what follows from it")
  func vision() throws {
    let model = try Model(path: Fixtures.path("llava-tiny"), library: try DeclarationLibrary())
    let vision = try #require(model.architecture.part(.vision)).settings
    let names = Set(vision.map(\.name))
    for name in ["layerCount", "featureLayer", "usesGELU", "usesSiLU"] {
      #expect(!names.contains(name))
    }
    // Four layers, of which the connector takes the output before the last.
    #expect(vision.first { $0.name == "usedLayerCount" }?.value == .number(3))
    #expect(vision.first { $0.name == "activation" }?.value == .text("quick_gelu"))
    let language = try #require(model.architecture.part(.language)).settings
    #expect(!language.contains { $0.name == "tied" })
    #expect(language.first { $0.name == "ropeBase" }?.isDefault == true)
    #expect(language.first { $0.name == "headCount" }?.isDefault == false)
  }
}
