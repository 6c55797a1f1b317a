# SPDX-License-Identifier: Apache-2.0
"""Writes Sources/Tokenizers/CompatibilityMappings.swift from Python's Unicode data.

An entry is `CODE=FIRST+SECOND...` in base 36, or `CODE*COUNT=FIRST` for COUNT codes in a row whose
mappings follow each other, too. Entries are in the order of CODE; CODE is written as the distance
from the one before.
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


runs = []
for code in range(sys.maxunicode + 1):
    decomposition = unicodedata.decomposition(chr(code))
    if not decomposition.startswith("<"):
        continue
    parts = [int(p, 16) for p in decomposition.split()[1:]]
    if runs:
        first, count, before = runs[-1]
        if len(parts) == len(before) == 1 and (first + count, before[0] + count) == (code, parts[0]):
            runs[-1][1] += 1
            continue
    runs.append([code, 1, parts])

entries, last = [], 0
for code, count, parts in runs:
    times = "*" + base36(count) if count > 1 else ""
    entries.append(base36(code - last) + times + "=" + "+".join(map(base36, parts)))
    last = code

lines = textwrap.wrap(" ".join(entries), 94, break_long_words=False, break_on_hyphens=False)
body = "\n".join("    " + line for line in lines)
out = pathlib.Path(__file__).parents[3] / "Sources/Tokenizers/CompatibilityMappings.swift"
out.write_text(f'''// SPDX-License-Identifier: Apache-2.0

/// Compatibility decompositions of Unicode {unicodedata.unidata_version}, one step of each.
///
/// Made by Fixtures/oracle/tokenizers/compatibility_mappings.py from the Unicode Character Database,
/// © Unicode, Inc., Unicode License v3.
enum CompatibilityMappings {{
  static let decompositions: [Unicode.Scalar: [Unicode.Scalar]] = {{
    var result: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var code: UInt32 = 0
    for entry in table.split(whereSeparator: \\.isWhitespace) {{
      let sides = entry.split(separator: "=")
      let place = sides.first?.split(separator: "*") ?? []
      guard sides.count == 2, let distance = place.first.flatMap({{ UInt32($0, radix: 36) }})
      else {{ continue }}
      code += distance
      let count = place.count == 2 ? UInt32(place[1], radix: 36) ?? 1 : 1
      let parts = sides[1].split(separator: "+").compactMap {{ UInt32($0, radix: 36) }}
      for i in 0..<count {{
        guard let whole = Unicode.Scalar(code + i) else {{ continue }}
        result[whole] = parts.compactMap {{ Unicode.Scalar($0 + i) }}
      }}
    }}
    return result
  }}()

  /// `DISTANCE=PART+PART...` in base 36, from the code before; `DISTANCE*COUNT=PART` for codes in a
  /// row that map to characters in a row.
  private static let table = """
{body}
    """
}}
''')
print(len(entries), len(lines))
