# SPDX-License-Identifier: Apache-2.0
"""Compares what llama.cpp makes of an image with what `pare trace` does, and prints the relative error.

    pare convert MODEL --to gguf --type f32 -o OUT
    pare trace MODEL --image IMAGE -o trace.safetensors
    python images.py OUT/MODEL-F32.gguf OUT/mmproj-MODEL-F32.gguf IMAGE trace.safetensors

An image that need not be resized shows the encoder and the connector alone.
"""

import argparse

import numpy as np
from mmproj import encode
from safetensors.numpy import load_file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="the GGUF of the text model")
    parser.add_argument("mmproj", help="the GGUF of the vision part")
    parser.add_argument("image")
    parser.add_argument("trace", help="what pare trace wrote for the image")
    parser.add_argument("--row", type=int, help="tokens of a row, behind each of which but the last is a break")
    options = parser.parse_args()
    expected = load_file(options.trace)["connector"].astype(np.float64)
    found = encode(options.mmproj, options.model, options.image, expected.shape[1]).astype(np.float64)
    if options.row:
        found = found[[i for i in range(len(found)) if (i + 1) % (options.row + 1)]]
    if found.shape != expected.shape:
        return print(f"llama.cpp makes {found.shape} of it, pare {expected.shape}")
    print(f"{np.linalg.norm(found - expected) / np.linalg.norm(expected):.2e}")


if __name__ == "__main__":
    main()
