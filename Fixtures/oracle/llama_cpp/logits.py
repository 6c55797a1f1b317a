# SPDX-License-Identifier: Apache-2.0
"""Compares llama.cpp's logits of a GGUF, unmodified, with golden ones, and prints the relative error.

Keys and values are kept in F32; what is left is mostly the order of summation.
"""

import argparse

import llama_cpp
import numpy as np
from safetensors.numpy import load_file


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("golden", help="a safetensors file with tokens and logits")
    options = parser.parse_args()
    golden = load_file(options.golden)
    tokens = golden["tokens"].tolist()
    model = llama_cpp.Llama(
        options.model, n_ctx=64, n_batch=64, n_ubatch=64, n_threads=1, logits_all=True,
        type_k=llama_cpp.GGML_TYPE_F32, type_v=llama_cpp.GGML_TYPE_F32, verbose=False)
    model.eval(tokens)
    logits = np.array(model.scores[:len(tokens)], np.float64)
    expected = golden["logits"].astype(np.float64)
    print(f"{np.linalg.norm(logits - expected) / np.linalg.norm(expected):.2e}")


if __name__ == "__main__":
    main()
