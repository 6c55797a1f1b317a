# SPDX-License-Identifier: Apache-2.0
"""Writes small tokenizers of kinds that no other fixture has, trained on the corpus.

`nfkc/`: SentencePiece BPE with compiled NFKC rules, user-defined pieces and no byte pieces.
`bytefallback/`: stories260K's pieces as a `tokenizer.json` in Llama's manner.
"""
import io
import json
import pathlib

import sentencepiece
import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers

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
