// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Notation
import Tokenizers

/// The tokens that end an answer.
///
/// A tokenizer names one end of sequence. What engines stop at is said elsewhere as well: chat
/// models often have an end of turn besides.
package struct AnswerEnds: Sendable {
  /// The ids that the model's files name, in their order.
  ///
  /// In a folder, those of `generation_config.json`, else of `config.json`, else the tokenizer's.
  package let named: [Int]
  /// All ids at which engines stop: those that are named, and in GGUF the pieces that llama.cpp
  /// knows by their spelling.
  package let all: Set<Int>

  /// - Throws: ``ModelError`` for a `generation_config.json` that is no JSON object.
  init(of files: ModelFiles, vocabulary: Vocabulary) throws(ModelError) {
    let ends = [vocabulary.endOfSequence, vocabulary.endOfTurn]
    switch files.checkpoint.container {
    case .gguf:
      named = AnswerEnds.valid(
        ends + [files.checkpoint.metadata["tokenizer.ggml.eom_token_id"]?.integer], in: vocabulary)
      all = Set(named).union(
        vocabulary.pieces.indices.filter { AnswerEnds.isSpelled(vocabulary.pieces[$0]) })
    case .safetensors:
      let generation = try JSONFile.readIfPresent(files.folder + "/generation_config.json")
      let values = [
        generation?["eos_token_id"], files.config?["eos_token_id"],
        files.config?.value(at: "text_config.eos_token_id"),
      ]
      named = AnswerEnds.valid(
        values.compactMap(AnswerEnds.ids).first ?? ends, in: vocabulary)
      all = Set(named)
    }
  }

  /// One id or several; nil for a value that says nothing.
  private static func ids(_ value: JSON?) -> [Int?]? {
    value?.integer.map { [$0] } ?? value?.array?.map(\.integer)
  }

  /// The ids of pieces, each once.
  private static func valid(_ ids: [Int?], in vocabulary: Vocabulary) -> [Int] {
    ids.compactMap(\.self).reduce(into: []) { known, id in
      if vocabulary.pieces.indices.contains(id), !known.contains(id) { known.append(id) }
    }
  }

  /// - Source: llama.cpp, `src/llama-vocab.cpp`.
  private static let spellings: Set = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>",
    "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>", "<|end_of_text|>", "<end_of_utterance>",
  ]

  /// Whether engines that read GGUF take a piece for an end whatever the file names.
  static func isSpelled(_ piece: String) -> Bool { spellings.contains(piece) }
}
