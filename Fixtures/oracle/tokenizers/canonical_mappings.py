# SPDX-License-Identifier: Apache-2.0
"""Writes Sources/Tokenizers/CanonicalMappings.swift from Python's Unicode data.

An entry is `CODE=FIRST` or `CODE=FIRST+SECOND` in base 36, `!` after it if excluded from
composition. Entries are in the order of CODE; CODE is written as the distance from the one before.
"""
import pathlib
import sys
import textwrap
import unicodedata


def base36(n):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        n, d = divmod(n, 36)
        text = digits[d] + text
        if n == 0:
            return text


entries, last = [], 0
for code in range(sys.maxunicode + 1):
    decomposition = unicodedata.decomposition(chr(code))
    if not decomposition or decomposition.startswith("<") or 0xAC00 <= code < 0xD7A4:
        continue
    parts = [int(p, 16) for p in decomposition.split()]
    excluded = unicodedata.normalize("NFC", chr(code)) != chr(code)
    entries.append(
        base36(code - last) + "=" + "+".join(map(base36, parts))
        + ("!" if excluded and len(parts) == 2 else ""))
    last = code

lines = textwrap.wrap(" ".join(entries), 94, break_long_words=False, break_on_hyphens=False)
body = "\n".join("    " + line for line in lines)
out = pathlib.Path(__file__).parents[3] / "Sources/Tokenizers/CanonicalMappings.swift"
out.write_text(f'''// SPDX-License-Identifier: Apache-2.0

/// Canonical decompositions of Unicode {unicodedata.unidata_version}, Hangul syllables left out.
///
/// Made by Fixtures/oracle/tokenizers/canonical_mappings.py from the Unicode Character Database,
/// © Unicode, Inc., Unicode License v3.
enum CanonicalMappings {{
  static let decompositions: [Unicode.Scalar: (Unicode.Scalar, Unicode.Scalar?)] = {{
    var result: [Unicode.Scalar: (Unicode.Scalar, Unicode.Scalar?)] = [:]
    for entry in entries where !entry.parts.isEmpty {{
      result[entry.whole] = (entry.parts[0], entry.parts.dropFirst().first)
    }}
    return result
  }}()

  private static let compositions: [UInt64: Unicode.Scalar] = {{
    var result: [UInt64: Unicode.Scalar] = [:]
    for entry in entries where entry.parts.count == 2 && !entry.isExcluded {{
      result[key(entry.parts[0], entry.parts[1])] = entry.whole
    }}
    return result
  }}()

  /// What two characters compose to, or nil.
  static func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {{
    Hangul.composition(first, second) ?? compositions[key(first, second)]
  }}

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {{
    UInt64(first.value) << 32 | UInt64(second.value)
  }}

  private struct Entry {{
    var whole: Unicode.Scalar
    var parts: [Unicode.Scalar]
    /// Whether the parts stay apart in NFC.
    var isExcluded: Bool
  }}

  private static let entries: [Entry] = {{
    var code: UInt32 = 0
    return table.split(whereSeparator: \\.isWhitespace).compactMap {{ entry in
      let sides = entry.split(separator: "=")
      guard sides.count == 2, let distance = UInt32(sides[0], radix: 36) else {{ return nil }}
      code += distance
      let isExcluded = sides[1].hasSuffix("!")
      let parts = (isExcluded ? sides[1].dropLast() : sides[1]).split(separator: "+")
        .compactMap {{ UInt32($0, radix: 36).flatMap(Unicode.Scalar.init) }}
      return Unicode.Scalar(code).map {{
        Entry(whole: $0, parts: parts, isExcluded: isExcluded)
      }}
    }}
  }}()

  /// `DISTANCE=FIRST` or `DISTANCE=FIRST+SECOND` in base 36, from the code before; `!` if excluded
  /// from composition.
  private static let table = """
{body}
    """
}}
''')
print(len(entries), len(lines))
