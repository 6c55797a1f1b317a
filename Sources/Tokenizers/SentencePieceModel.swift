// SPDX-License-Identifier: Apache-2.0

import BinaryIO

/// Reads `tokenizer.model`, SentencePiece's model file, into a vocabulary.
///
/// Source: sentencepiece_model.proto's field numbers; Formats/tokenizers.md.
enum SentencePieceModel {
  /// - Throws: ``TokenizerError`` for a broken file, and for models of words or characters.
  static func vocabulary(of file: MappedFile) throws(TokenizerError) -> Vocabulary {
    var contents = Contents()
    do throws(WireError) {
      try withExtendedLifetime(file) { () throws(WireError) in try contents.read(file.bytes) }
    } catch {
      throw .malformed(
        source: file.path,
        reason: "byte \(error.byteOffset): expected a SentencePiece model, found \(error.found)")
    }
    return try contents.vocabulary(source: file.path)
  }

  private struct Contents {
    var pieces: [String] = []
    var scores: [Float] = []
    var kinds: [UInt64] = []
    var modelType: UInt64 = 1
    var treatsSpaceAsSuffix = false
    var unknown = 0
    var beginning = 1
    var end = 2
    var padding = -1
    var characterMap: [UInt8] = []
    var addsDummyPrefix = true
    var removesExtraSpaces = true
    var escapesSpaces = true

    mutating func read(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
      var reader = ProtobufReader(bytes)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .bytes(let range)): try readPiece(bytes, range)
        case (2, .bytes(let range)): try readTrainer(bytes, range)
        case (3, .bytes(let range)): try readNormalizer(bytes, range)
        default: break
        }
      }
    }

    private mutating func readPiece(
      _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireError) {
      var reader = ProtobufReader(bytes, range)
      var (piece, score, kind): (String, Float, UInt64) = ("", 0, 1)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .bytes(let text)): piece = String(decoding: bytes[text], as: UTF8.self)
        case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
        case (3, .integer(let number)): kind = number
        default: break
        }
      }
      pieces.append(piece)
      scores.append(score)
      kinds.append(kind)
    }

    private mutating func readTrainer(
      _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireError) {
      var reader = ProtobufReader(bytes, range)
      while let (field, value) = try reader.next() {
        guard case .integer(let number) = value else { continue }
        switch field {
        case 3: modelType = number
        case 24: treatsSpaceAsSuffix = number != 0
        case 40: unknown = Int(truncatingIfNeeded: number)
        case 41: beginning = Int(truncatingIfNeeded: number)
        case 42: end = Int(truncatingIfNeeded: number)
        case 43: padding = Int(truncatingIfNeeded: number)
        default: break
        }
      }
    }

    private mutating func readNormalizer(
      _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireError) {
      var reader = ProtobufReader(bytes, range)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (2, .bytes(let range)): characterMap = Array(bytes[range])
        case (3, .integer(let number)): addsDummyPrefix = number != 0
        case (4, .integer(let number)): removesExtraSpaces = number != 0
        case (5, .integer(let number)): escapesSpaces = number != 0
        default: break
        }
      }
    }

    func vocabulary(source: String) throws(TokenizerError) -> Vocabulary {
      let names = [3: "word", 4: "character"]
      guard let model: Vocabulary.Model = [1: .unigram, 2: .sentencePiece][modelType] else {
        throw .unsupported(
          source: source,
          feature: "SentencePiece's \(names[Int(clamping: modelType)] ?? "\(modelType)") model",
          remedy: "use a model of type unigram or BPE")
      }
      guard escapesSpaces, !treatsSpaceAsSuffix else {
        throw .unsupported(
          source: source,
          feature: escapesSpaces ? "white space as a suffix" : "unescaped white space",
          remedy: "use a model with escape_whitespaces and without treat_whitespace_as_suffix")
      }
      var kinds: [Vocabulary.Kind] = []
      for (id, number) in self.kinds.enumerated() {
        guard let kind = Vocabulary.Kind(rawValue: Int32(clamping: number)) else {
          throw .malformed(
            source: source, reason: "piece \(id): expected a type of 1 to 6, found \(number)")
        }
        kinds.append(kind)
      }
      var vocabulary = Vocabulary(model: model, pieces: pieces, kinds: kinds)
      vocabulary.scores = scores
      vocabulary.preTokenizer = "default"
      func id(_ number: Int) -> Int? { pieces.indices.contains(number) ? number : nil }
      vocabulary.unknown = id(unknown)
      vocabulary.beginningOfSequence = id(beginning)
      vocabulary.endOfSequence = id(end)
      vocabulary.padding = id(padding)
      vocabulary.addsSpacePrefix = addsDummyPrefix
      vocabulary.removesExtraSpaces = removesExtraSpaces
      vocabulary.characterMap = characterMap
      // Llama's own tokenizer class does so, and T5's, which has no beginning, puts the end;
      // tokenizer_config.json may say otherwise.
      vocabulary.addsBeginningOfSequence = vocabulary.beginningOfSequence != nil
      vocabulary.addsEndOfSequence =
        vocabulary.beginningOfSequence == nil && vocabulary.endOfSequence != nil
      return vocabulary
    }
  }
}
