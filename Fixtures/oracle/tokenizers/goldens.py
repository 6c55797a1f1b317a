# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/tokenizers/*.json with the Python packages tokenizers and sentencepiece."""

import json
import pathlib

import sentencepiece
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

from corpus import BYTES, TEXTS

FIXTURES = pathlib.Path(__file__).parents[2]
OUT = FIXTURES / "tokenizers"


def write(name, value):
    (OUT / name).write_text(
        "[\n" + ",\n".join(json.dumps(v, ensure_ascii=True) for v in value) + "\n]\n")


def texts():
    for text in TEXTS:
        yield text, {"text": text}
    for data in BYTES:
        yield data.decode("utf-8", errors="replace"), {"bytes": list(data)}


def hugging_face(name, path):
    tokenizer = tokenizers.Tokenizer.from_file(str(FIXTURES / path))
    rows = []
    for text, row in texts():
        tokenizer.encode_special_tokens = False
        row["special"] = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        if plain != row["special"]:
            row["plain"] = plain
        rows.append(row)
    write(name, rows)


def sentence_piece(name, path):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(FIXTURES / path))
    rows = []
    for text, row in texts():
        row["plain"] = processor.encode(text)
        row["decoded"] = processor.decode(row["plain"])
        rows.append(row)
    write(name, rows)


def split(name, pattern):
    splitter = pre_tokenizers.Split(Regex(pattern), "isolated")
    rows = [[pattern]]
    for text in TEXTS:
        if text:
            rows.append([piece for piece, _ in splitter.pre_tokenize_str(text)])
    write(name, rows)


def normalized(name):
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    extra = [chr(0x1E00 + i) + chr(0x300 + i % 64) for i in range(0, 256, 3)]
    write(name, [[t, nfc.normalize_str(t), nfd.normalize_str(t)] for t in TEXTS + extra])


CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

hugging_face("mm1-tiny.tokens.json", "mm1-tiny/tokenizer.json")
hugging_face("smolvlm.tokens.json", "tokenizers/smolvlm/tokenizer.json")
sentence_piece("llava-tiny.tokens.json", "llava-tiny/tokenizer.model")
sentence_piece("stories260K.tokens.json", "stories260K/tokenizer.model")
hugging_face("bytefallback.tokens.json", "tokenizers/bytefallback/tokenizer.json")
sentence_piece("nfkc.tokens.json", "tokenizers/nfkc/tokenizer.model")
split("gpt-2.words.json",
      r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
split("llama-bpe.words.json",
      CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES)
split("qwen2.words.json",
      CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES)
split("gpt-4o.words.json",
      rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
      rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
      r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES)
normalized("normalized.json")
