// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

extension VerifyCommand {
  /// Data and limits belong to a forward pass; one of data and `--structure` is needed.
  func validateStructure() throws {
    guard structure else {
      if input.data.isEmpty { throw ValidationError("--data: expected a file, found none") }
      return
    }
    if !input.data.isEmpty || limits.isGiven || input.samples != nil || noiseFloor {
      throw ValidationError("--structure runs no model; leave data and limits out")
    }
    if candidates.count > 1 {
      throw ValidationError("--structure compares two models; name one conversion")
    }
  }

  func compareStructure(_ reference: PareModel, _ candidate: PareModel) throws {
    let result = try shared.show { progress in
      try reference.compareStructure(with: candidate, progress: progress)
    }
    if let report { try result.write(to: report) }
    if !result.errors.isEmpty { throw PareCommand.LimitNotKept() }
  }
}
