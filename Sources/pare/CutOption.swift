// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which images are cut into tiles, where the model cuts them.
struct CutOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only so many of the last images are cut into tiles, the others seen as a whole, as MM1's "
        + "examples are (default: all).", valueName: "n"))
  var cutLast: Int?

  func validate() throws {
    if let cutLast, cutLast < 0 {
      throw ValidationError("--cut-last: expected at least 0, found \(cutLast)")
    }
  }
}
