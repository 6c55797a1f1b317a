// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parallelism
import Tensors

/// Measures the encoders and decoders alone: `speed` on one thread, `errors` on data that others
/// are measured on, too. Prints JSON.
@main
struct Encodings {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    switch arguments.first {
    case "speed" where arguments.count >= 2:
      guard let seconds = Double(arguments[1]) else { usage() }
      let kinds = Subject.all.filter { arguments.count == 2 || arguments[2...].contains($0.name) }
      for subject in kinds {
        for set in InstructionSet.allCases where set.isSupported {
          let speed = Speed.measure(subject, on: set, seconds: seconds)
          print(String(decoding: try encoder.encode(speed), as: UTF8.self))
        }
      }
    case "errors" where arguments.count >= 2:
      let sets = try JSONDecoder().decode(
        [DataSet].self, from: Data(contentsOf: URL(fileURLWithPath: arguments[1])))
      for set in sets {
        for subject in Subject.all where arguments.count == 2 || arguments[2...].contains(subject.name)
        {
          guard let errors = try set.errors(of: subject) else { continue }
          print(String(decoding: try encoder.encode(errors), as: UTF8.self))
        }
      }
    default: usage()
    }
  }

  private static func usage() -> Never {
    print("usage: Encodings speed SECONDS [TYPE ...] | Encodings errors SETS.json [TYPE ...]")
    exit(64)
  }
}
