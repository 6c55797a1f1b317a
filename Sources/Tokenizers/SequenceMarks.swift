// SPDX-License-Identifier: Apache-2.0

import Notation

/// What a `post_processor` puts around a single sequence.
struct SequenceMarks {
  var first: Int?
  var last: Int?

  /// Reads the first processor, of a sequence of them, that puts something around a text.
  init(_ processor: JSON, added: [AddedToken]) {
    for stage in (processor["processors"]?.array ?? []) + [processor] {
      switch stage["type"]?.string {
      case "TemplateProcessing": read(template: stage, added)
      case "BertProcessing", "RobertaProcessing":
        first = stage["cls"]?.array?.last?.integer
        last = stage["sep"]?.array?.last?.integer
      default: continue
      }
      return
    }
  }

  private mutating func read(template: JSON, _ added: [AddedToken]) {
    guard let parts = template["single"]?.array,
      let place = parts.firstIndex(where: { $0["Sequence"] != nil })
    else { return }
    func id(_ part: JSON) -> Int? {
      guard let name = part["SpecialToken"]?["id"]?.string else { return nil }
      let ids = template["special_tokens"]?[name]?["ids"]?.array
      return ids?.first?.integer ?? added.first { $0.content == Array(name.utf8) }?.id
    }
    first = place > 0 ? id(parts[place - 1]) : nil
    last = place + 1 < parts.count ? id(parts[place + 1]) : nil
  }
}
