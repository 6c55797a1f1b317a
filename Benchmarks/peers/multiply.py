# SPDX-License-Identifier: Apache-2.0
"""Times a linear layer in PyTorch. Usage: multiply.py ROWS COLUMNS INNER THREADS REPEATS"""

import json
import statistics
import sys
import time

import torch

rows, columns, inner, threads, repeats = map(int, sys.argv[1:])
torch.set_num_threads(threads)
layer = torch.nn.Linear(inner, columns, bias=False)
inputs = torch.rand(rows, inner) * 2 - 1


def timed():
    start = time.perf_counter()
    layer(inputs)
    return time.perf_counter() - start


with torch.inference_mode():
    layer(inputs)
    print(json.dumps({"seconds": statistics.median(timed() for _ in range(repeats))}))
