// SPDX-License-Identifier: Apache-2.0

import BinaryIO
import Notation

/// Reads `vocab.json` and `merges.txt`, the files of GPT-2 and of Qwen before `tokenizer.json`.
///
/// The way to cut words stands in no file but follows from the tokenizer's class.
struct MergesFile {
  private let path: String
  private let pieces: [String]
  private let merges: [String]

  init(pieces file: MappedFile, merges mergesFile: MappedFile) throws(TokenizerError) {
    path = file.path
    let root = try TokenizerFiles.json(of: file)
    var pieces = [String?](repeating: nil, count: root.object?.count ?? 0)
    for (piece, number) in root.object ?? .init() {
      guard let id = number.integer, pieces.indices.contains(id), pieces[id] == nil else {
        throw .malformed(
          source: file.path,
          reason: "'\(piece)': expected an id of its own below \(pieces.count)")
      }
      pieces[id] = piece
    }
    self.pieces = pieces.compactMap(\.self)
    let lines = try TokenizerFiles.text(of: mergesFile).utf8.split(separator: 0x0A)
      .map { String($0) ?? "" }
    let hasHeader = lines.first?.hasPrefix("#version") ?? false
    merges = Array(lines.dropFirst(hasHeader ? 1 : 0))
  }

  func tokenizer(_ settings: TokenizerSettings) throws(TokenizerError) -> any Tokenizer {
    var vocabulary = Vocabulary(
      model: .byteLevelBPE, pieces: pieces,
      kinds: Array(repeating: .normal, count: pieces.count))
    vocabulary.merges = merges
    let isQwen = settings.tokenizerClass?.hasPrefix("Qwen2") ?? false
    vocabulary.preTokenizer = isQwen ? "qwen2" : "gpt-2"
    try settings.addTokens(to: &vocabulary, source: path)
    settings.apply(to: &vocabulary)
    try vocabulary.validate(source: path)
    var pipeline = try Pipeline(
      named: vocabulary.preTokenizer, of: vocabulary, source: path)
    if isQwen { pipeline.normalizers = [.composed] }
    let own = AddedTokens.marked(in: vocabulary)
    let known = Set(settings.addedTokens.map(\.id))
    let model = try BytePairModel(
      vocabulary, ignoresMerges: pipeline.ignoresMerges, source: path)
    return PipelineTokenizer(
      vocabulary, pipeline: pipeline, model: model, decoder: PieceDecoder(spelling: .bytes),
      added: settings.addedTokens + own.filter { !known.contains($0.id) })
  }
}
