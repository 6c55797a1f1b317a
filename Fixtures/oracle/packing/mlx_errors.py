# SPDX-License-Identifier: Apache-2.0
"""Makes Fixtures/packing/mlx_errors.tsv: the squared error that `mx.quantize` leaves on sample rows
and on the matrices of llava-tiny's language model, plain and weighted by importance.

Needs numpy and mlx. Run from anywhere.
"""

import json
import os
import struct

import mlx.core as mx
import numpy as np

FIXTURES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {"F32": mx.float32, "F16": mx.float16, "BF16": mx.bfloat16}


def importance(columns):
    """The same numbers as in the test: exact in Float32."""
    return (((np.arange(columns) * 37) % 101 + 8) / 128).astype(np.float32)


def errors(rows, dtype, mode, bits, size):
    weight = mx.array(rows).astype(TYPES[dtype])
    parts = mx.quantize(weight, group_size=size, bits=bits, mode=mode)
    if mode == "affine":  # decoded in Float32, as an engine accumulates
        parts = [parts[0]] + [part.astype(mx.float32) for part in parts[1:]]
    decoded = np.array(mx.dequantize(*parts, group_size=size, bits=bits, mode=mode,
                                     dtype=mx.float32)).astype(np.float64)
    original = np.array(weight.astype(mx.float32)).astype(np.float64)
    square = (original - decoded) ** 2
    return square.sum(), (square * importance(rows.shape[1])).sum()


def matrices(folder):
    path = os.path.join(FIXTURES, folder, "model.safetensors")
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        for name, entry in sorted(header.items()):
            if not name.startswith("language_model.") or len(entry.get("shape", [])) != 2:
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            raw = np.frombuffer(file.read(end - begin), "<u2").astype(np.uint32) << 16
            yield (f"{folder}/model.safetensors", 8 + length + begin, name,
                   raw.view(np.float32).reshape(entry["shape"]))


def main():
    lines = ["# file\toffset\tstored\trows\tcolumns\tdtype\tmode\tbits\tgroup\terror\tweighted\tname"]

    def measure(file, offset, stored, rows, dtype, mode, bits, size, name):
        plain, weighted = errors(rows, dtype, mode, bits, size)
        lines.append(f"{file}\t{offset}\t{stored}\t{rows.shape[0]}\t{rows.shape[1]}\t{dtype}\t{mode}\t"
                     f"{bits}\t{size}\t{plain:.7g}\t{weighted:.7g}\t{name}")

    for name in ("gaussian", "student-5"):
        path = f"blocks/{name}.f32"
        rows = np.fromfile(os.path.join(FIXTURES, path), "<f4").reshape(40, 512)
        for dtype in TYPES:
            for bits in (2, 3, 4, 5, 6, 8):
                for size in (32, 64, 128):
                    measure(path, 0, "F32", rows, dtype, "affine", bits, size, name)
        measure(path, 0, "F32", rows, "F32", "mxfp4", 4, 32, name)
        measure(path, 0, "F32", rows, "F32", "nvfp4", 4, 16, name)
    for path, offset, name, rows in matrices("llava-tiny"):
        for mode, bits, size in (("affine", 4, 64), ("affine", 8, 64), ("mxfp4", 4, 32),
                                 ("nvfp4", 4, 16)):
            measure(path, offset, "BF16", rows, "BF16", mode, bits, size, name)
    with open(os.path.join(FIXTURES, "packing", "mlx_errors.tsv"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
