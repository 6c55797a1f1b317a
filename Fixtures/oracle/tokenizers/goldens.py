# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/tokenizers/*.json with the Python packages tokenizers and sentencepiece."""

import json
import pathlib

import sentencepiece
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

from corpus import BYTES, MORE, TEXTS

FIXTURES = pathlib.Path(__file__).parents[2]
OUT = FIXTURES / "tokenizers"


def write(name, value):
    (OUT / name).write_text(
        "[\n" + ",\n".join(json.dumps(v, ensure_ascii=True) for v in value) + "\n]\n")


def texts(more=()):
    for text in TEXTS + list(more):
        yield text, {"text": text}
    for data in BYTES:
        yield data.decode("utf-8", errors="replace"), {"bytes": list(data)}


def hugging_face(name, path, more=()):
    tokenizer = tokenizers.Tokenizer.from_file(str(FIXTURES / path))
    rows = []
    for text, row in texts(more):
        tokenizer.encode_special_tokens = False
        row["special"] = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        if plain != row["special"]:
            row["plain"] = plain
        if more:
            row["decoded"] = tokenizer.decode(plain)
        rows.append(row)
    write(name, rows)


def unspellable(path, specials):
    """A tokenizer whose pieces in `specials` stand in no text: what its plain text becomes."""
    data = json.loads((FIXTURES / path).read_text())
    entries = data["model"]["vocab"]
    for i, name in enumerate(specials):
        entry = next(e for e in entries if e[0] == name)
        entry[0] = f"\U0010fff0{i}"
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] not in specials]
    return tokenizers.Tokenizer.from_str(json.dumps(data))


def unigram(name, path, specials):
    """As `hugging_face`, but for a model that would read special tokens in plain text, too."""
    tokenizer = tokenizers.Tokenizer.from_file(str(FIXTURES / path))
    plain = unspellable(path, specials)
    rows = []
    for text, row in texts(MORE):
        row["special"] = tokenizer.encode(text, add_special_tokens=False).ids
        ids = plain.encode(text, add_special_tokens=False).ids
        if ids != row["special"]:
            row["plain"] = ids
        row["decoded"] = tokenizer.decode(ids)
        rows.append(row)
    write(name, rows)


def sentence_piece(name, path, more=()):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(FIXTURES / path))
    rows = []
    for text, row in texts(more):
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


def patterns(name):
    """What a pattern's parts mean, on one text that has something for each."""
    text = ("a\u00e9 1\u0663\u00b2\u2177_\u180e\u200d\u0301x\u0085y\nSs \u017fKk\u212a stra\u00dfe STRASSE"
            "\n\n  \u6f22\u5b57\u304b\u306a\u30ab\u30ca\u30fc\u3005\u3006\u3001a1b22 \u00a0\u2028z'\tend\n")
    rows = []
    for pattern in [
            "^", "^.", ".$", ".+", r"\w+", r"\W+", r"[\w ]+", r"\s+", r"\S+", r"[\s\d]+",
            r"[^\S\n]+", r"\d+", r"\D+", r"(?<=a)\w", "(?<!a)b", r"\w(?= )", r"\w(?! )", r"\p{Han}+",
            r"\p{Hiragana}+|\p{Katakana}+", "(?i:s+)", "(?i)k", r"[^\w ]+", r"\bs\w*", r"\Bs", r"\x{301}|\u180e",
            r"\x41|\x61", r"\v", r"(a|b)+\d*", "x*", r"(?>\w+)\n", r"\p{^L}+", r"\P{L}+",
            r"\p{Lu}\p{Ll}*", r"\n\Z", r"\n\z", r"\w++", r"\p{N}{1,2}", r"(\w)\1", r"\.|\-|'",
            r"(?:a*)*", "[a-cx]+", r"\A.", "(a*)+b"]:
        pieces = pre_tokenizers.Split(Regex(pattern), "isolated").pre_tokenize_str(text)
        rows.append([pattern] + [piece for piece, _ in pieces])
    write(name, rows)


def normalized(name):
    forms = [normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD()]
    extra = [chr(0x1E00 + i) + chr(0x300 + i % 64) for i in range(0, 256, 3)]
    write(name, [[t] + [f.normalize_str(t) for f in forms] for t in TEXTS + MORE + extra])


def post_processors(name):
    """What processors put around a text, as ids with null in the place of the text; or that they fail."""
    path = OUT / "wordlevel/tokenizer.json"
    data = json.loads(path.read_text())
    text = tokenizers.Tokenizer.from_file(str(path)).encode("hello", add_special_tokens=False).ids

    def piece(name):
        return {"Sequence" if name in ("A", "B") else "SpecialToken": {"id": name, "type_id": 0}}

    def template(single, pair="A B"):
        tokens = {t: {"id": t, "ids": ids, "tokens": [t] * len(ids)} for t, ids in [
            ("[CLS]", [2]), ("[SEP]", [3]), ("[THREE]", [3, 4, 0]), ("[NONE]", [])]}
        return {"type": "TemplateProcessing", "single": [piece(p) for p in single.split()],
                "pair": [piece(p) for p in pair.split()], "special_tokens": tokens}

    def sequence(*processors):
        return {"type": "Sequence", "processors": list(processors)}

    roberta = {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2],
               "trim_offsets": True, "add_prefix_space": True}
    bert = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    bytes_ = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    rows = []
    for processor in [
            None, bytes_, bert, roberta, template("A"), template("[CLS] A"), template("A [THREE]"),
            template("[THREE] A [NONE] [SEP] [CLS]"), template("[CLS] A [SEP] A"),
            template("[CLS] [SEP]"), template("[CLS] B"), template("[WHAT] A"), sequence(),
            sequence(bytes_, template("[CLS] A [THREE]")), sequence(template("[CLS] A [SEP]"), bytes_),
            sequence(sequence(bytes_), sequence(template("[CLS] A"))), sequence(roberta, bert),
            sequence(template("[THREE] A"), roberta), sequence(template("A [CLS]"), bert),
            sequence(roberta, template("[THREE] A")), sequence(template("A"), template("[CLS] A")),
            sequence(template("[CLS] A"), template("A", "B [THREE] A [SEP]")),
            sequence(template("[CLS] A [SEP]"), template("A"))]:
        data["post_processor"] = processor
        try:
            ids = tokenizers.Tokenizer.from_str(json.dumps(data)).encode("hello").ids
        except BaseException:  # A panic of the package's own language is no Exception.
            rows.append({"processor": processor})
            continue
        places = [i for i in range(len(ids)) if ids[i:i + len(text)] == text]
        for i in reversed(places):
            ids[i:i + len(text)] = [None]
        rows.append({"processor": processor, "ids": ids})
    write(name, rows)


CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

hugging_face("mm1-tiny.tokens.json", "mm1-tiny/tokenizer.json")
hugging_face("smolvlm.tokens.json", "tokenizers/smolvlm/tokenizer.json")
sentence_piece("llava-tiny.tokens.json", "llava-tiny/tokenizer.model")
sentence_piece("stories260K.tokens.json", "stories260K/tokenizer.model")
hugging_face("bytefallback.tokens.json", "tokenizers/bytefallback/tokenizer.json")
sentence_piece("nfkc.tokens.json", "tokenizers/nfkc/tokenizer.model")
sentence_piece("unigram.tokens.json", "tokenizers/unigram/tokenizer.model", MORE)
sentence_piece("unigram-identity.tokens.json", "tokenizers/unigram-identity/tokenizer.model", MORE)
unigram("t5.tokens.json", "tokenizers/t5/tokenizer.json", ["<pad>", "</s>", "<unk>", "<|user|>"])
hugging_face("bert.tokens.json", "tokenizers/bert/tokenizer.json", MORE)
hugging_face("bert-cased.tokens.json", "tokenizers/bert-cased/tokenizer.json", MORE)
hugging_face("wordlevel.tokens.json", "tokenizers/wordlevel/tokenizer.json", MORE)
hugging_face("wordlevel-bytes.tokens.json", "tokenizers/wordlevel-bytes/tokenizer.json", MORE)
post_processors("post-processors.json")
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
patterns("patterns.json")
normalized("normalized.json")
