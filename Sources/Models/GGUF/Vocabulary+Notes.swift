// SPDX-License-Identifier: Apache-2.0

import Tokenizers

extension Vocabulary {
  /// What a GGUF cannot say of it, and llama.cpp therefore does otherwise.
  var ggufNotes: [String] {
    func names(_ ids: [Int]) -> String {
      ids.map { "'\(pieces.indices.contains($0) ? pieces[$0] : "\($0)")'" }.joined(separator: " ")
    }
    func note(_ ids: [Int], _ verb: String, _ named: Int?) -> String {
      "sequences \(verb) with \(names(ids)), but a GGUF names one piece there; llama.cpp puts "
        + "\(named.map { names([$0]) } ?? "none") around texts that no chat template encloses"
    }
    var notes: [String] = []
    if addsBeginningOfSequence, !opening.isEmpty {
      notes.append(note(opening, "begin", beginningOfSequence))
    }
    if addsEndOfSequence, !closing.isEmpty { notes.append(note(closing, "end", endOfSequence)) }
    if model == .byteLevelBPE, preTokenizer == nil {
      notes.append(
        "llama.cpp has no name for the way in which this tokenizer cuts text into words, and cuts it in its "
          + "default way; some texts become other tokens there")
    }
    return notes
  }
}
