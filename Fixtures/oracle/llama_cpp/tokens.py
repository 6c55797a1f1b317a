# SPDX-License-Identifier: Apache-2.0
"""Compares llama.cpp's tokens of texts with golden ones, and prints the texts that differ.

VOCABULARY is a GGUF, with or without tensors; GOLDEN a file of `Fixtures/tokenizers`, `NAME.tokens.json`.
"""
import argparse
import ctypes
import json
import os

os.environ["GGML_NO_BACKTRACE"] = "1"
import llama_cpp  # noqa: E402


@llama_cpp.llama_log_callback
def silent(*_):
    """llama.cpp's messages go nowhere."""


def tokens(vocabulary, data, parse_special):
    """Ids; none where llama.cpp ends the program, as it does for text that is no UTF-8."""
    size = len(data) + 64
    ids = (llama_cpp.llama_token * size)()
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(2)
        count = llama_cpp.llama_tokenize(vocabulary, data, len(data), ids, size, False, parse_special)
        os.write(sender, json.dumps(list(ids[:count])).encode())
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as file:
        result = file.read()
    os.waitpid(child, 0)
    return json.loads(result) if result else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vocabulary", help="a GGUF file")
    parser.add_argument("golden", help="texts with their ids")
    parser.add_argument("--show", type=int, default=5, help="how many texts that differ are printed")
    options = parser.parse_args()
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(options.vocabulary.encode(), parameters)
    if not model:
        raise SystemExit(f"{options.vocabulary}: llama.cpp does not load it")
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    with open(options.golden, encoding="utf-8") as file:
        rows = json.load(file)
    counts = {"plain": [0, 0], "special": [0, 0]}
    different = []
    for row in rows:
        if "text" not in row:
            continue
        data = row["text"].encode()
        for kind, parse_special in [("plain", False), ("special", True)]:
            expected = row.get(kind, row.get("special") if kind == "plain" else None)
            if expected is None:
                continue
            found = tokens(vocabulary, data, parse_special)
            counts[kind][1] += 1
            counts[kind][0] += found == expected
            if found != expected:
                different.append((kind, data, expected, found))
    for kind, (same, all_of_them) in counts.items():
        print(f"{kind}: {same} of {all_of_them} texts have the same tokens")
    for kind, data, expected, found in different[:options.show]:
        print(f"  {kind} {data!r}: expected {expected}, found {found}")


if __name__ == "__main__":
    main()
