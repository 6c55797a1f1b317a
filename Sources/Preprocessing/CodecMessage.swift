// SPDX-License-Identifier: Apache-2.0

import CImageCodecs

/// Room for the one phrase with which a C decoder says why it failed.
struct CodecMessage {
  var characters = [CChar](repeating: 0, count: Int(IC_MESSAGE_CAPACITY))

  var text: String {
    let bytes = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
