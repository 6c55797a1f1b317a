# SPDX-License-Identifier: Apache-2.0
"""Makes small vocabularies of kinds that only GGUF has, and what llama.cpp cuts texts into with them.

    python engine_vocabularies.py

Writes `Fixtures/tokenizers/rwkv.json` and `plamo2.json`: the vocabulary, and texts with their ids. Needs llama-cpp-python
0.3.36 and gguf.
"""

import json
import random
import tempfile
from pathlib import Path

import gguf
import llama_cpp

FOLDER = Path(__file__).resolve().parents[2] / "tokenizers"
TEXTS = [row["text"] for row in json.loads((FOLDER / "smolvlm.tokens.json").read_text()) if row.get("text")]
WORDS = sorted({word for text in TEXTS for word in text.split(" ") if 1 < len(word) < 20 and "\0" not in word})
NORMAL, CONTROL, BYTE = 1, 3, 6


def rwkv():
    """Every byte but one, and words, with and without a space before, one with a break in it."""
    pieces = ["<s>"] + [f"\\x{byte:02x}" for byte in range(256) if byte != 0x7E]
    words = [word.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") for word in WORDS[::2]]
    pieces += [" " + word for word in words] + words[::3] + ["\\n\\n", " \\n", "\\xf0\\x9f", "\\xe4\\xbd"]
    pieces = list(dict.fromkeys(pieces))
    return dict(pieces=pieces, kinds=[CONTROL] + [NORMAL] * (len(pieces) - 1), unknown=0)


def plamo2():
    """The four pieces with names, every byte, letters, and words and parts of them with scores."""
    random.seed(7)
    named = ["<|plamo:unk|>", "<|plamo:bos|>", "<|plamo:eos|>", "<|plamo:pad|>"]
    letters = sorted({letter for text in TEXTS for letter in text.replace("\0", "") if letter < "\u0250" or random.random() < 0.5})
    parts = {word[start:end] for word in WORDS for start in range(0, len(word), 2) for end in (start + 2, start + 3)}
    words = sorted({" " + word for word in WORDS[::2]} | set(WORDS[::3]) | {part for part in parts if len(part) > 1})
    pieces = list(dict.fromkeys([*named, *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *words]))
    kinds = [CONTROL] * 4 + [BYTE] * 256 + [NORMAL] * (len(pieces) - 260)
    scores = [0.0] * 260 + [round(-1 - 3 * random.random() - 2 / len(piece), 2) for piece in pieces[260:]]
    scores[300] = -5000.0
    return dict(pieces=pieces, kinds=kinds, scores=scores, unknown=0)


def make(name, vocabulary):
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/vocabulary.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        for key, value in dict(context_length=64, embedding_length=32, block_count=1, feed_forward_length=32,
                               head_count=2, layer_norm_rms_eps=1e-5).items():
            getattr(writer, "add_" + key)(value)
        writer.add_tokenizer_model(name)
        writer.add_token_list(vocabulary["pieces"])
        writer.add_token_types(vocabulary["kinds"])
        if "scores" in vocabulary:
            writer.add_token_scores(vocabulary["scores"])
        writer.add_unk_token_id(vocabulary["unknown"])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        model = llama_cpp.Llama(path, vocab_only=True, verbose=False)
        rows = [{"text": text, "ids": model.tokenize(text.encode(), add_bos=False, special=False)} for text in TEXTS]
    text = json.dumps(dict(**vocabulary, texts=rows), ensure_ascii=True, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text + "\n")
    print(name, len(vocabulary["pieces"]), "pieces", len(rows), "texts", len(text), "bytes")


if __name__ == "__main__":
    make("rwkv", rwkv())
    make("plamo2", plamo2())
