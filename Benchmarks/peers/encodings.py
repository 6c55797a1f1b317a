# SPDX-License-Identifier: Apache-2.0
"""Errors that the encoders of llama.cpp and MLX leave, and their speed on one thread.

Usage: encodings.py data FIXTURES FOLDER     writes the rows that all are measured on, and sets.json
       encodings.py errors FOLDER            prints a line of JSON for each set and type
       encodings.py speed SECONDS            llama.cpp's encoders alone, million weights a second
"""

import ctypes
import glob
import json
import os
import statistics
import struct
import sys
import time

import numpy as np

ROWS, COLUMNS = 256, 4096
TYPES = {"Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12,
         "Q5_K": 13, "Q6_K": 14, "IQ2_XXS": 16, "IQ2_XS": 17, "IQ3_XXS": 18, "IQ1_S": 19, "IQ4_NL": 20,
         "IQ3_S": 21, "IQ2_S": 22, "IQ4_XS": 23, "IQ1_M": 29, "TQ1_0": 34, "TQ2_0": 35, "MXFP4": 39,
         "NVFP4": 40, "Q1_0": 41, "Q2_0": 42}
# These do not encode without importance: ones, then.
NEED_IMPORTANCE = ["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS"]


# Data

def fixture(folder):
    """The matrices of a trained model whose rows are multiples of 32."""
    for path in sorted(glob.glob(os.path.join(folder, "model*.safetensors"))):
        with open(path, "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            for name, entry in sorted(json.loads(file.read(length)).items()):
                if name == "__metadata__" or len(entry["shape"]) != 2 or entry["shape"][-1] % 32:
                    continue
                assert entry["dtype"] == "BF16"
                begin, end = entry["data_offsets"]
                file.seek(8 + length + begin)
                raw = np.frombuffer(file.read(end - begin), "<u2").astype(np.uint32) << 16
                yield raw.view(np.float32).reshape(entry["shape"])


def write_data(fixtures, folder):
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(20240311)
    sets = {"gaussian": [random.normal(0, 0.02, (ROWS, COLUMNS))],
            "student-5": [random.standard_t(5, (ROWS, COLUMNS)) * 0.02]}
    for name in ("mm1-tiny", "llava-tiny"):
        sets[name] = list(fixture(os.path.join(fixtures, name)))
    listed = []
    for name, matrices in sets.items():
        entries = []
        for i, values in enumerate(matrices):
            # Mean squares of activations differ between columns by orders of magnitude.
            files = [os.path.join(folder, f"{name}-{i}.{kind}") for kind in ("values", "importance")]
            values.astype("<f4").tofile(files[0])
            np.exp(random.normal(0, 1, values.shape[1])).astype("<f4").tofile(files[1])
            entries.append({"values": files[0], "importance": files[1], "rows": values.shape[0],
                            "columns": values.shape[1]})
        listed.append({"name": name, "matrices": entries})
    with open(os.path.join(folder, "sets.json"), "w") as file:
        json.dump(listed, file, indent=1)


# llama.cpp

class Traits(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("elements", ctypes.c_int64), ("interleave", ctypes.c_int64),
                ("bytes", ctypes.c_size_t), ("quantized", ctypes.c_bool),
                ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64))]


def load_ggml():
    import llama_cpp
    library = os.path.join(os.path.dirname(llama_cpp.__file__), "lib", "libggml-base.*")
    ggml = ctypes.CDLL(sorted(glob.glob(library))[0])
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64,
                                         ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    ggml.ggml_get_type_traits.restype = ctypes.POINTER(Traits)
    return ggml


class LlamaCpp:
    def __init__(self):
        self.ggml = load_ggml()

    def traits(self, name):
        return self.ggml.ggml_get_type_traits(TYPES[name]).contents

    def encode(self, name, rows, importance, out=None):
        if importance is None and name in NEED_IMPORTANCE:
            importance = np.ones(rows.shape[1], np.float32)
        if out is None:
            out = np.zeros(rows.size // self.traits(name).elements * self.traits(name).bytes, np.uint8)
        self.ggml.ggml_quantize_chunk(
            TYPES[name], rows.ctypes.data, out.ctypes.data, 0, rows.shape[0], rows.shape[1],
            None if importance is None else importance.ctypes.data)
        return out

    def rounded(self, name, rows):
        return rows

    def decoded(self, name, rows, importance):
        if rows.shape[1] % self.traits(name).elements:
            return None
        self.ggml.ggml_quantize_init(TYPES[name])
        blocks = self.encode(name, rows, importance)
        values = np.zeros(rows.shape, np.float32)
        self.traits(name).to_float(blocks.ctypes.data, values.ctypes.data, rows.size)
        return values


# MLX

def mlx_types():
    for bits in (2, 3, 4, 5, 6, 8):
        for size in (32, 64, 128):
            for dtype in ("F32", "F16", "BF16"):
                yield f"mlx-{bits}bit-{size}-{dtype}", ("affine", bits, size, dtype)
    yield "mlx-mxfp4", ("mxfp4", 4, 32, "F32")
    yield "mlx-nvfp4", ("nvfp4", 4, 16, "F32")


class MLX:
    """MLX stores scales in the dtype of the weights, which are rounded to it first, for all sides."""

    def __init__(self):
        import mlx.core as mx
        self.mx = mx
        self.types = dict(mlx_types())
        self.dtypes = {"F32": mx.float32, "F16": mx.float16, "BF16": mx.bfloat16}

    def rounded(self, name, rows):
        dtype = self.dtypes[self.types[name][3]]
        return np.array(self.mx.array(rows).astype(dtype).astype(self.mx.float32))

    def decoded(self, name, rows, importance):
        mode, bits, size, dtype = self.types[name]
        if rows.shape[1] % size:
            return None
        mx = self.mx
        weight = mx.array(rows).astype(self.dtypes[dtype])
        parts = mx.quantize(weight, group_size=size, bits=bits, mode=mode)
        if mode == "affine":  # decoded in Float32, as an engine accumulates
            parts = [parts[0]] + [part.astype(mx.float32) for part in parts[1:]]
        return np.array(mx.dequantize(*parts, group_size=size, bits=bits, mode=mode, dtype=mx.float32))


def norms(rows, decoded, importance):
    """Σ w·x² and Σ w·(x − y)²."""
    x = rows.astype(np.float64)
    scale = 1.0 if importance is None else importance.astype(np.float64)
    return np.array([(scale * x * x).sum(), (scale * (x - decoded) ** 2).sum()])


def print_errors(folder):
    with open(os.path.join(folder, "sets.json")) as file:
        sets = json.load(file)
    for peer, names in ((LlamaCpp(), list(TYPES)), (MLX(), [name for name, _ in mlx_types()])):
        for entry in sets:
            matrices = [(np.fromfile(m["values"], "<f4").reshape(m["rows"], m["columns"]),
                         np.fromfile(m["importance"], "<f4")) for m in entry["matrices"]]
            for name in names:
                sums = np.zeros((2, 2))
                for stored, importance in matrices:
                    rows = peer.rounded(name, stored)
                    for i, weights in enumerate((None, importance)):
                        decoded = peer.decoded(name, rows, weights)
                        if decoded is not None:
                            sums[i] += norms(rows, decoded, weights)
                if sums[0, 0] > 0:
                    plain, weighted = np.sqrt(sums[:, 1] / sums[:, 0])
                    print(json.dumps({"set": entry["name"], "type": name, "plain": plain,
                                      "weighted": weighted}), flush=True)


def print_speed(seconds):
    random = np.random.default_rng(1)
    rows = random.normal(0, 0.02, (64, 2048)).astype(np.float32)
    importance = np.exp(random.normal(0, 1, rows.shape[1])).astype(np.float32)
    peer = LlamaCpp()
    for name in TYPES:
        peer.ggml.ggml_quantize_init(TYPES[name])
        out = peer.encode(name, rows, None)
        rates = []
        for weights in (None, importance):
            times, start = [], time.perf_counter()
            while len(times) < 3 or time.perf_counter() - start < seconds:
                begin = time.perf_counter()
                peer.encode(name, rows, weights, out)
                times.append(time.perf_counter() - begin)
            rates.append(rows.size / statistics.median(times) / 1e6)
        print(json.dumps({"type": name, "encode": rates[0], "encodeWeighted": rates[1]}), flush=True)


def main():
    match sys.argv[1:]:
        case ["data", fixtures, folder]:
            write_data(fixtures, folder)
        case ["errors", folder]:
            print_errors(folder)
        case ["speed", seconds]:
            print_speed(float(seconds))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
