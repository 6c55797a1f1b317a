# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/tokenizers/files/: vocabularies that lie in files without a `tokenizer.json`, and what
Transformers makes of texts with them and with several `tokenizer_config.json`.

Needs the Python packages tokenizers 0.23.3 and transformers 5.23.0.
"""
import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from transformers import AutoTokenizer  # noqa: E402

from corpus import MORE, TEXTS  # noqa: E402

FIXTURES = pathlib.Path(__file__).parents[2]
OUT = FIXTURES / "tokenizers/files"
OUT.mkdir(exist_ok=True)

pieces = json.loads((FIXTURES / "tokenizers/bert/tokenizer.json").read_text())["model"]["vocab"]
lines = sorted(pieces, key=pieces.get)
# Of equal lines the last counts, white space at their ends does not.
(OUT / "vocab.txt").write_bytes(
    "\n".join(lines + ["hello", "##ell", "quick \r", "", "lazy\u3000", "##ell", "Hello", "\u00e9t\u00e9"]).encode())
model = json.loads((FIXTURES / "mm1-tiny/tokenizer.json").read_text())["model"]
(OUT / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False) + "\n")
merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
(OUT / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")

WORDS = [
    {}, {"tokenizer_class": "BertTokenizer", "do_lower_case": False},
    {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True, "strip_accents": False},
    {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False, "strip_accents": True},
    {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None,
     "tokenize_chinese_chars": False, "mask_token": "[unused0]"},
]
BYTES = [
    {}, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True},
    {"tokenizer_class": "Qwen2Tokenizer", "additional_special_tokens": ["<|user|>"],
     "eos_token": "<|assistant|>", "pad_token": None},
    {"tokenizer_class": "CodeGenTokenizerFast", "bos_token": "<|user|>", "add_bos_token": True},
    {"model_type": "qwen2"},
]
texts = [t for i, t in enumerate(TEXTS) if i % 3 == 0 or not t.isascii()] + MORE[::3] + [
    "<|user|>Hello<|endoftext|> a <|assistant|>", "[CLS] a [MASK] [unused0] b[SEP]",
    "The quick lazy hello \u00e9t\u00e9 Hello ell"]
rows = []
for configs, files in [(WORDS, ["vocab.txt"]), (BYTES, ["vocab.json", "merges.txt"])]:
    for config in configs:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for name in files:
                (folder / name).write_bytes((OUT / name).read_bytes())
            config = dict(config)
            kind = config.pop("model_type", "bert" if files == ["vocab.txt"] else "gpt2")
            (folder / "config.json").write_text(json.dumps({"model_type": kind}))
            (folder / "tokenizer_config.json").write_text(json.dumps(config))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            names = ["bos_token", "eos_token", "unk_token", "pad_token", "mask_token"]
            rows.append({
                "files": files, "config": config, "model_type": kind,
                "named": {n: getattr(tokenizer, n + "_id") for n in names},
                "sequence": tokenizer("hello").input_ids,
                "ids": [tokenizer(t, add_special_tokens=False).input_ids for t in texts]})
(OUT / "tokens.json").write_text(
    "[\n" + ",\n".join(json.dumps(v) for v in [texts] + rows) + "\n]\n")
