# SPDX-License-Identifier: Apache-2.0
"""Embeddings of texts by llama.cpp. Usage: embed.py MODEL.gguf TEXTS.json OUTPUT.npz THREADS

TEXTS is a list of texts. Prints the tokens of each, with its marks.
"""

import json
import sys

import llama_cpp
import numpy

path, texts, output, threads = sys.argv[1:]
with open(texts) as file:
    texts = json.load(file)
model = llama_cpp.Llama(path, embedding=True, n_ctx=512, n_batch=512, n_ubatch=512, n_threads=int(threads),
                        n_threads_batch=int(threads), n_gpu_layers=0, verbose=False)
numpy.savez(output, embeddings=numpy.array([model.embed(text) for text in texts]))
print(json.dumps({"tokens": [model.tokenize(text.encode(), add_bos=True, special=False) for text in texts]}))
