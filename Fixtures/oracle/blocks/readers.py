# SPDX-License-Identifier: Apache-2.0
"""Reads what `pare quantize` wrote, in every mix, with the stock readers.

    PARE=.build/release/pare python readers.py [TYPE ...]

- The `gguf` package opens both files and decodes every tensor; its relative error from the F32 file
  is the one that pare reported.
- llama.cpp loads the language model and computes finite logits.

Needs numpy, gguf and llama_cpp. The package opens no file with Q1_0 or Q2_0: there llama.cpp alone is asked.
"""

import json
import os
import subprocess
import sys
import tempfile

import gguf
import llama_cpp
import numpy as np

import make_blocks

PARE = os.environ.get("PARE", "pare")
MODEL = os.path.join(make_blocks.FIXTURES, "mm1-tiny")


def pare(*arguments):
    result = subprocess.run([PARE, *arguments, "--quiet"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def decode(kind, data):
    """Rows of Float32 from what the reader gives: numbers, or rows of bytes."""
    if data.dtype != np.uint8:
        return data.astype(np.float32)
    return gguf.quants.dequantize(data, gguf.GGMLQuantizationType[kind])


def tensors(path):
    for tensor in gguf.GGUFReader(path).tensors:
        yield tensor.name, tensor.tensor_type.name, tensor.data


def check(report, exact):
    count = 0
    for file in report["files"]:
        reported = {t["name"]: t for t in file["tensors"]}
        for name, kind, data in tensors(file["path"]):
            assert kind == reported[name]["type"], (name, kind)
            x, y = exact[name].astype(np.float64).ravel(), decode(kind, data).astype(np.float64).ravel()
            norm = np.linalg.norm(x)
            error = np.linalg.norm(x - y) / norm if norm else np.linalg.norm(y)
            wanted = reported[name]["relativeError"]
            assert abs(error - wanted) <= 1e-6 * max(error, 1e-3), (name, kind, error, wanted)
            count += 1
        assert count
    return count


def logits(path):
    model = llama_cpp.Llama(model_path=path, n_ctx=64, logits_all=True, verbose=False)
    model.eval(list(range(1, 33)))
    return np.array(model.scores[:32], np.float64)


def main(kinds):
    with tempfile.TemporaryDirectory() as folder:
        pare("convert", MODEL, "--to", "gguf", "--type", "f32", "-o", folder)
        names = [os.path.join(folder, name) for name in os.listdir(folder)]
        exact = {name: np.array(data) for path in names for name, _, data in tensors(path)}
        expected = logits(next(n for n in names if "mmproj" not in n))
        for kind in kinds or [t["name"] for t in json.loads(pare("types", "--json"))["types"] if t["container"] == "gguf"]:
            output = os.path.join(folder, kind)
            report = json.loads(pare("quantize", MODEL, "--type", kind, "--vision-type", kind,
                                     "-o", output, "--json"))
            count = 0 if kind in make_blocks.ONLY_GGML else check(report, exact)
            path = next(f["path"] for f in report["files"] if "mmproj" not in f["path"])
            found = logits(path)
            assert np.isfinite(found).all(), kind
            far = np.linalg.norm(found - expected) / np.linalg.norm(expected)
            print(f"{kind:10} {count} tensors as reported; llama.cpp's logits are {100 * far:.2f} % from F32's", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
