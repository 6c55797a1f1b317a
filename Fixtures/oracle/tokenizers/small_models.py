# SPDX-License-Identifier: Apache-2.0
"""Writes small tokenizers of kinds that no other fixture has, trained on the corpus.

`nfkc/`: SentencePiece BPE with compiled NFKC rules, user-defined pieces and no byte pieces.
`bytefallback/`: stories260K's pieces as a `tokenizer.json` in Llama's manner.
`unigram/`, `unigram-identity/`: SentencePiece unigram models, with compiled NFKC rules and byte pieces,
and with neither. `t5/`: the first one's pieces as a `tokenizer.json` in T5's manner.
`bert/`, `bert-cased/`: WordPiece models in BERT's manner. `wordlevel/`, `wordlevel-bytes/`: whole words.
"""
import collections
import io
import json
import pathlib

import sentencepiece
import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers

from corpus import TEXTS

FIXTURES = pathlib.Path(__file__).parents[2]
OUT = FIXTURES / "tokenizers"

(OUT / "nfkc").mkdir(exist_ok=True)
model = io.BytesIO()
lines = [t for t in TEXTS if t.strip() and "\0" not in t and "\n" not in t]
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(lines * 3), model_writer=model, model_type="bpe", vocab_size=600,
    normalization_rule_name="nmt_nfkc", user_defined_symbols=["<image>", "ab"],
    control_symbols=["<|user|>"], character_coverage=0.98, minloglevel=2)
(OUT / "nfkc/tokenizer.model").write_bytes(model.getvalue())

processor = sentencepiece.SentencePieceProcessor(
    model_file=str(FIXTURES / "stories260K/tokenizer.model"))
pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
ids = {piece: i for i, piece in enumerate(pieces)}
pairs = []
for i, piece in enumerate(pieces):
    if i < 259:
        continue
    for cut in range(1, len(piece)):
        left, right = piece[:cut], piece[cut:]
        if left in ids and right in ids:
            pairs.append((-processor.get_score(i), ids[left], ids[right], left, right))
pairs.sort()
tokenizer = tokenizers.Tokenizer(models.BPE(
    vocab=ids, merges=[(p[3], p[4]) for p in pairs], unk_token="<unk>", fuse_unk=True,
    byte_fallback=True))
tokenizer.normalizer = normalizers.Sequence(
    [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
tokenizer.decoder = decoders.Sequence([
    decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
    decoders.Strip(" ", 1, 0)])
tokenizer.add_special_tokens([
    AddedToken(t, special=True, normalized=False) for t in ("<unk>", "<s>", "</s>")])
tokenizer.add_tokens([
    AddedToken("<image>", lstrip=True, rstrip=True, normalized=False),
    AddedToken("world", single_word=True, normalized=True), AddedToken("<|user|>", normalized=False)])
tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
    single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
(OUT / "bytefallback").mkdir(exist_ok=True)
tokenizer.save(str(OUT / "bytefallback/tokenizer.json"))

# A unigram model, as SentencePiece and as Hugging Face's tokenizers have it.
def protobuf(data):
    """Fields of a message: (number, bytes or integer)."""
    position = 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = varint() if key & 7 == 2 else {1: 8, 5: 4}[key & 7]
            yield key >> 3, data[position:position + size]
            position += size


for name, options in {
    "unigram": dict(byte_fallback=True, bos_id=-1, pad_id=0, eos_id=1, unk_id=2,
                    normalization_rule_name="nmt_nfkc"),
    "unigram-identity": dict(normalization_rule_name="identity", add_dummy_prefix=False,
                             remove_extra_whitespaces=False),
}.items():
    model = io.BytesIO()
    size = 256 if options.get("byte_fallback") else 0
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 3), model_writer=model, model_type="unigram",
        vocab_size=size + 330, user_defined_symbols=["<image>", "ab", "ell"],
        control_symbols=["<|user|>"], character_coverage=0.98, minloglevel=2, **options)
    (OUT / name).mkdir(exist_ok=True)
    (OUT / name / "tokenizer.model").write_bytes(model.getvalue())

(OUT / "t5").mkdir(exist_ok=True)
data = (OUT / "unigram/tokenizer.model").read_bytes()
processor = sentencepiece.SentencePieceProcessor(model_proto=data)
rules = next(value for field, value in protobuf(dict(protobuf(data))[3]) if field == 2)
pieces = [(processor.id_to_piece(i), processor.get_score(i))
          for i in range(processor.get_piece_size()) if not processor.is_byte(i)]
tokenizer = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
tokenizer.normalizer = normalizers.Sequence([
    normalizers.Precompiled(rules), normalizers.Strip(left=False, right=True),
    normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("\u2581", prepend_scheme="always")
tokenizer.decoder = decoders.Metaspace("\u2581", prepend_scheme="always")
tokenizer.add_special_tokens([
    AddedToken(t, special=True, normalized=False) for t in ("<pad>", "</s>", "<unk>", "<|user|>")])
tokenizer.add_tokens([AddedToken("<image>", normalized=False)])
tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
    single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
tokenizer.save(str(OUT / "t5/tokenizer.json"))

# WordPiece: the usual characters, and the usual beginnings and ends of words. (The trainer of the
# package gives another vocabulary each time.)
for name, lowercase in {"bert": True, "bert-cased": False}.items():
    normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    counts = collections.Counter()
    for line in lines:
        for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(line)):
            for cut in range(1, len(word) + 1):
                counts[word[:cut]] += 1
                if cut < len(word):
                    counts["##" + word[-cut:]] += 1
                    counts["##" + word[cut]] += 1
    usual = sorted((-count, piece) for piece, count in counts.items() if count > 1)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]"]
    vocabulary = special + [piece for _, piece in usual[:700]]
    tokenizer = tokenizers.Tokenizer(models.WordPiece(
        {piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]",
        max_input_chars_per_word=100))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.WordPiece(cleanup=lowercase)
    tokenizer.add_special_tokens([
        AddedToken(t, special=True, normalized=False) for t in special[:5]])
    tokenizer.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)) \
        if lowercase else tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    (OUT / name).mkdir(exist_ok=True)
    tokenizer.save(str(OUT / f"{name}/tokenizer.json"))

# Whole words: as they are written, and as letters of GPT-2's byte alphabet.
for name in ["wordlevel", "wordlevel-bytes"]:
    is_bytes = name.endswith("bytes")
    normalizer = normalizers.NFC() if is_bytes else normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase()])
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True) if is_bytes \
        else pre_tokenizers.Whitespace()
    counts = collections.Counter(
        word for text in TEXTS
        for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text)))
    usual = [word for _, word in sorted((-count, word) for word, count in counts.items())]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # Every third word is left out, so that there are unknown ones.
    vocabulary = special + [word for i, word in enumerate(usual) if i % 3 != 1]
    tokenizer = tokenizers.Tokenizer(models.WordLevel(
        {word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    if is_bytes:
        tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([
        AddedToken(t, special=True, normalized=False) for t in special])
    tokenizer.add_tokens([AddedToken("<image>", normalized=False)])
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="$A $B", special_tokens=[
            ("[CLS]", 2), {"id": "[SEP]", "ids": [3, 0], "tokens": ["[SEP]", "[PAD]"]}])
    (OUT / name).mkdir(exist_ok=True)
    tokenizer.save(str(OUT / f"{name}/tokenizer.json"))
