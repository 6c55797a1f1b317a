# SPDX-License-Identifier: Apache-2.0
"""Measures the perplexity of a GGUF in llama.cpp, unmodified, and prints it as JSON.

The text is tokenized whole and cut into windows, each with the token that begins a sequence if the
model wants one; the last window may be shorter. Every token but a window's first is predicted from
those before it. `pare verify --window N` cuts in the same way.
"""

import argparse
import json
import math

import llama_cpp
import numpy as np


def windows_of(model, text, size):
    tokens = model.tokenize(text.encode(), add_bos=False, special=False)
    vocabulary = llama_cpp.llama_model_get_vocab(model.model)
    begins = llama_cpp.llama_vocab_get_add_bos(vocabulary)
    beginning = [model.token_bos()] if begins else []
    step = size - len(beginning)
    cut = [beginning + tokens[i:i + step] for i in range(0, len(tokens), step)]
    return [window for window in cut if len(window) >= 2]


def loss(model, window):
    """The sum of the negative log probabilities of a window's tokens, and their number."""
    model.reset()
    model.eval(window)
    logits = np.array(model.scores[:len(window) - 1], np.float64)
    logits -= logits.max(-1, keepdims=True)
    chosen = logits[np.arange(len(logits)), window[1:]]
    return float((np.log(np.exp(logits).sum(-1)) - chosen).sum()), len(logits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("text", nargs="?", help="a plain text file")
    parser.add_argument("--tokens", help="a JSON file with a list of windows of token ids, instead of a text")
    parser.add_argument("--window", type=int, default=512, help="tokens of a window (512)")
    parser.add_argument("--windows", type=int, help="only the first windows")
    parser.add_argument("--save", help="write the windows as JSON, for --tokens")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if (options.text is None) == (options.tokens is None):
        parser.error("expected either a text or --tokens")

    given = None
    if options.tokens:
        with open(options.tokens) as file:
            given = json.load(file)
    size = max(map(len, given)) if given else options.window
    model = llama_cpp.Llama(
        options.model, n_ctx=size, n_batch=size, n_ubatch=size, n_threads=options.threads,
        n_threads_batch=options.threads, logits_all=True, verbose=False)
    if given is None:
        with open(options.text) as file:
            given = windows_of(model, file.read(), size)
    given = given[:options.windows]
    if options.save:
        with open(options.save, "w") as file:
            json.dump(given, file)
    total, count = map(sum, zip(*(loss(model, window) for window in given)))
    print(json.dumps({"perplexity": math.exp(total / count), "nll": total / count,
                      "predicted": count, "windows": len(given)}))


if __name__ == "__main__":
    main()
