// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The command `pare`.
@main
struct PareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pare",
    abstract: "Converts and quantizes multimodal models, and measures what that cost.",
    discussion: """
      MODEL is a Hugging Face folder, a .safetensors file, or a .gguf file; a .gguf finds its \
      mmproj-*.gguf beside it.

      A first round:
        pare quantize MODEL --type Q4_K_M -o out
        pare verify MODEL out/NAME-Q4_K_M.gguf --data questions.jsonl --max-kl 0.05

      Exit status: 0 done and every limit kept, 1 a limit not kept or an error in the files of a \
      conversion, 2 bad input or I/O, 64 wrong usage.
      """,
    version: Pare.version,
    subcommands: [
      InspectCommand.self, ConvertCommand.self, CalibrateCommand.self, QuantizeCommand.self,
      VerifyCommand.self, RunCommand.self, TraceCommand.self, TypesCommand.self,
    ])

  /// A limit that was not kept; the report has said so.
  struct LimitNotKept: Error {}

  /// Tells what stays of unfinished work.
  private static func tell(_ sentences: [String]) {
    // A signal may have cut a line of progress short.
    if Terminal.showsProgress, !sentences.isEmpty { Terminal.writeError("\r\u{1B}[K") }
    for sentence in sentences { Terminal.writeError("pare: \(sentence)\n") }
  }

  static func main() {
    Terminal.occupyStandardDescriptors()
    Pare.endCleanlyOnSignals(tell: tell)
    Pare.keepFreedMemory()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as PareError {
      Terminal.writeError("pare: \(error)\n")
      tell(Pare.keptWork)
      _exit(2)
    } catch is LimitNotKept {
      _exit(1)
    } catch {
      exit(withError: error)
    }
  }
}
