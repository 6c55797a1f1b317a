// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PareKit

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Gathers what goes into each weight of a model, so that quantize keeps what counts.",
    discussion: """
      Runs the model over DATA, images and text, and writes for each column of each linear layer the sum \
      of squares, the sum and the count, for the vision encoder and the connector as well. The file is \
      an importance matrix of llama.cpp: GGUF, or .dat if the name ends so. Use samples that are not \
      those you verify with; some ten thousand tokens are enough.
        pare calibrate MODEL --data train.jsonl -o model.imatrix.gguf
        pare quantize MODEL --type Q4_K_M --calibration model.imatrix.gguf -o out

      Interrupted after more than ten seconds, even by a power cut, it leaves .NAME.partial and a journal, \
      or .NAME.sums.partial; the same command goes on from there. Remove \
      them to begin anew.
      """)

  @Argument(help: "The original; with --merge, statistics of one model.")
  var inputs: [String]

  @OptionGroup var input: SampleOptions

  @Flag(help: "Make one file of several; with --hessian also of how columns go together.")
  var merge = false

  @Flag(
    help: ArgumentHelp(
      "Also how columns go together, for codes that make up for each other's errors: 8·n² bytes for each layer of n "
        + "inputs. Every eighth sample is held out, to judge by."))
  var hessian = false

  @Option(
    help: ArgumentHelp(
      "How often a sample with an image counts, beside one of text.", valueName: "x"))
  var imageWeight = 1.0

  @Option(
    help: ArgumentHelp(
      "How often a token that predicts one of an answer counts, beside those of prompts and texts.",
      valueName: "x"))
  var answerWeight = 1.0

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "With --hessian: the type that the model will have. Each block sees what the blocks before it "
        + "give once they are quantized, and makes up for that; two to three times as long, and of use for "
        + "this type alone.",
      valueName: "type"))
  var followedType: String?

  @OptionGroup var destination: DestinationOptions
  @OptionGroup var target: OutputFileOptions
  @OptionGroup var projector: ProjectorOption
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if hessian, target.output.hasSuffix(".dat") {
      throw ValidationError("--hessian: .dat cannot hold it; give a name ending in .gguf with -o")
    }
    if followedType == nil, destination.isGiven {
      throw ValidationError("--to, --vision-type and --group-size say what --for is for; add it")
    }
    if merge {
      if followedType != nil { throw ValidationError("--merge runs no model; leave --for out") }
      if !input.data.isEmpty { throw ValidationError("--merge runs no model; leave --data out") }
      return
    }
    if inputs.count > 1 {
      throw ValidationError("expected one model, found \(inputs.count); --merge takes statistics")
    }
    if followedType != nil, !hessian {
      throw ValidationError("--for: it is for feedback; give --hessian as well")
    }
    for (name, weight) in [("--image-weight", imageWeight), ("--answer-weight", answerWeight)]
    where !(weight > 0 && weight <= 1e6) {
      throw ValidationError("\(name): expected a number from 0 to 1000000, not 0 itself")
    }
    if input.data.isEmpty { throw ValidationError("--data: expected a file, found none") }
  }

  func run() throws {
    try target.check()
    let result = try shared.show { progress in
      if merge { return try PareCalibration(merging: inputs, hessian: hessian) }
      let model = try shared.open(inputs[0], projector: projector.mmproj)
      return try model.calibrate(
        data: input.data, window: input.window, sampleLimit: input.samples,
        imageWeight: imageWeight, answerWeight: answerWeight, hessian: hessian,
        following: followedType.map(destination.target), output: target.output, progress: progress)
    }
    try result.write(to: target.output)
  }
}
