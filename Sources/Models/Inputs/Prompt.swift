// SPDX-License-Identifier: Apache-2.0

import Tokenizers

/// Turns questions into the tokens that a model was taught to answer.
package struct PromptBuilder: Sendable {
  private let model: Model
  private let template: ChatTemplate?

  package init(_ model: Model) throws(ModelError) {
    self.model = model
    template = try model.tokenizer.vocabulary.chatTemplate.map { (text) throws(ModelError) in
      try convertingErrors { () throws(TokenizerError) in try ChatTemplate(text) }
    }
  }

  /// The tokens up to where the answer begins.
  ///
  /// - Parameters:
  ///   - question: What the user says; the model's spelling of an image marks a place for one. Where
  ///     there is none, all images come before it.
  ///   - images: What the model sees, in the order of their places.
  /// - Returns: Ids, with the token of images as often as each image takes.
  /// - Throws: ``ModelError/input(_:)`` if places and images do not match.
  package func tokens(
    question: String, images: [ImageEmbedding]
  ) throws(ModelError) -> [Int] {
    let text = try rendered(question, imageCount: images.count)
    let tokenizer = model.tokenizer
    let prompt = model.architecture.imagePrompt
    let segments = prompt.map { split(text, at: $0.text) } ?? [text]
    guard segments.count - 1 == images.count else {
      throw mismatch(places: segments.count - 1, images: images.count)
    }
    var tokens: [Int] = []
    var rest = ""
    func flush() throws(ModelError) {
      if !rest.isEmpty {
        tokens += try convertingErrors { () throws(TokenizerError) in
          try tokenizer.encode(rest, parsingSpecial: true)
        }
      }
      rest = ""
    }
    for (index, segment) in segments.enumerated() {
      rest += segment
      guard index < images.count, let prompt, let token = model.architecture.imageToken else {
        continue
      }
      for piece in try prompt.pieces(of: images[index], number: index, of: images.count) {
        switch piece {
        case .text(let text): rest += text
        case .image(let count):
          try flush()
          tokens += [Int](repeating: token, count: count)
        }
      }
    }
    try flush()
    // A layout of its own says where the text begins.
    let beginning = template == nil && prompt?.question != nil ? [] : tokenizer.beginning
    return tokens.starts(with: beginning) ? tokens : beginning + tokens
  }

  private func mismatch(places: Int, images: Int) -> ModelError {
    let found = "\(places) \(places == 1 ? "place" : "places") for images"
    let given = images == 0 ? "no image was" : images == 1 ? "one image was" : "\(images) were"
    let spelling = model.architecture.imagePrompt?.text ?? ""
    let remedy =
      images > places
      ? "leave the others out"
      : images == 0
        ? "give an image for each"
        : "give an image for each, or do not write '\(spelling)' in the prompt"
    return .input("\(model.path): the prompt has \(found), \(given) given; \(remedy)")
  }

  /// The tokens of an answer, with the one that ends it.
  ///
  /// - Throws: ``ModelError/tokenizer(_:)`` for a text that the tokenizer's patterns fail on.
  package func tokens(answer: String) throws(ModelError) -> [Int] {
    let vocabulary = model.tokenizer.vocabulary
    return try convertingErrors { () throws(TokenizerError) in
      try model.tokenizer.encode(answer)
    }
      + [vocabulary.endOfTurn ?? vocabulary.endOfSequence].compactMap(\.self)
  }

  private func rendered(_ question: String, imageCount: Int) throws(ModelError) -> String {
    guard let template else {
      let prompt = model.architecture.imagePrompt
      let image = prompt?.text ?? ""
      if prompt?.question == nil, saysPlaces(of: imageCount, question) { return question }
      if let layout = prompt?.question {
        return String(repeating: image, count: imageCount) + layout.before + question
          + layout.after
      }
      return String(repeating: image + "\n", count: imageCount) + question
    }
    let content: ChatMessage.Content =
      takesParts
      ? .parts(parts(of: question, imageCount: imageCount))
      : .text(question)
    let vocabulary = model.tokenizer.vocabulary
    func piece(_ id: Int?) -> String { id.map { vocabulary.pieces[$0] } ?? "" }
    return try convertingErrors { () throws(TokenizerError) in
      try template.render(
        [ChatMessage(role: "user", content: content)], addsGenerationPrompt: true,
        beginningOfSequence: piece(vocabulary.beginningOfSequence),
        endOfSequence: piece(vocabulary.endOfSequence))
    }
  }

  /// Whether a question itself says where images stand in it.
  private func saysPlaces(of imageCount: Int, _ question: String) -> Bool {
    guard imageCount > 0, let text = model.architecture.imagePrompt?.text else { return false }
    return question.firstRange(of: text) != nil
  }

  /// The parts of a message: images first, unless the question says where they stand.
  private func parts(of question: String, imageCount: Int) -> [ChatMessage.Part] {
    guard let text = model.architecture.imagePrompt?.text, saysPlaces(of: imageCount, question)
    else {
      return [ChatMessage.Part](repeating: .image, count: imageCount) + [.text(question)]
    }
    var parts: [ChatMessage.Part] = []
    for (index, segment) in split(question, at: text).enumerated() {
      if index > 0 { parts.append(.image) }
      if !segment.isEmpty { parts.append(.text(segment)) }
    }
    return parts
  }

  /// Whether the template goes through a message's content part by part.
  private var takesParts: Bool {
    let text = model.tokenizer.vocabulary.chatTemplate ?? ""
    return text.split(separator: "{%").contains { statement in
      let words = statement.prefix { $0 != "%" }.drop { $0 == "-" || $0 == " " }
      return words.hasPrefix("for ") && words.contains("content")
    }
  }

  private func split(_ text: String, at separator: String) -> [String] {
    var segments: [String] = []
    var rest = text[...]
    while let range = rest.firstRange(of: separator) {
      segments.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return segments + [String(rest)]
  }
}
