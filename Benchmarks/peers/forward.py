# SPDX-License-Identifier: Apache-2.0
"""Times forward passes in transformers, f32. Usage: forward.py MODEL TEXT.txt WINDOW THREADS

The text is cut into windows as pare cuts it, and four of them go together, as in pare.
"""

import json
import math
import os
import sys
import time

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

import sentencepiece
import torch
from transformers import LlamaForCausalLM

folder, text, window, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
tokenizer = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
with open(text) as file:
    tokens = tokenizer.encode(file.read())
windows = [[1] + tokens[i:i + window - 1] for i in range(0, len(tokens), window - 1)]
start = time.perf_counter()
model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
loaded = time.perf_counter() - start


@torch.inference_mode()
def loss(batch):
    """The sum of the negative log probabilities of all tokens but the first of each window."""
    length = max(map(len, batch))
    ids = torch.tensor([own + [0] * (length - len(own)) for own in batch])
    losses = torch.nn.functional.cross_entropy(
        model(ids, use_cache=False).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    mask = torch.tensor([[i < len(own) for i in range(1, length)] for own in batch])
    return losses[mask.flatten()].double().sum().item()


start = time.perf_counter()
total = sum(loss(windows[i:i + 4]) for i in range(0, len(windows), 4))
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "tokens": sum(map(len, windows)), "loading": loaded,
                  "perplexity": math.exp(total / sum(len(own) - 1 for own in windows))}))
