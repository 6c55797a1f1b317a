// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct TypesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "types",
    abstract: "Lists what weights can be quantized to.")

  @OptionGroup var shared: SharedOptions

  func run() throws { shared.show(PareTypes()) }
}
