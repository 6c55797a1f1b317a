# SPDX-License-Identifier: Apache-2.0
"""Makes Fixtures/blocks: random and adversarial blocks with the values that the `gguf` package
decodes them to, sample rows, and the errors that llama.cpp's own encoders leave on them and on the
weights of the small models.

Needs numpy, gguf and llama_cpp (for libggml-base). Run from anywhere.
"""

import ctypes
import glob
import json
import os
import struct

import gguf
import llama_cpp
import numpy as np
from gguf import GGMLQuantizationType as Type

FIXTURES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.join(FIXTURES, "blocks")
# Where each encoding has its half-precision numbers. That of IQ1_M lies in the high nibbles of four
# bytes.
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
          "IQ1_S": [0], "IQ1_M": [48], "IQ2_XXS": [0], "IQ2_XS": [0], "IQ2_S": [0],
          "IQ3_XXS": [0], "IQ3_S": [0],
          "Q2_K": [80, 82], "Q3_K": [108], "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52],
          "TQ2_0": [64], "MXFP4": [], "NVFP4": [], "Q1_0": [0], "Q2_0": [0]}
# Numbers of types that the package `gguf` cannot decode, or does not know; llama.cpp does.
ONLY_GGML = {"Q1_0": 41, "Q2_0": 42}
ENCODINGS = list(HALVES)
# llama.cpp's encoders of these need importance; where there is none, ones.
NEED_IMPORTANCE = ["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS"]
# 0, -0, least and largest subnormal, least normal, 1, largest, infinities, NaN.
SPECIAL_HALVES = [0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x3C00, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00,
                  0x7E00, 0x7C01]

ggml = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(llama_cpp.__file__), "lib",
                                          "libggml-base.so*"))[0])
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                     ctypes.c_int64, ctypes.c_int64, ctypes.c_int64,
                                     ctypes.c_void_p]


class Traits(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("elements", ctypes.c_int64),
                ("interleave", ctypes.c_int64), ("bytes", ctypes.c_size_t),
                ("quantized", ctypes.c_bool),
                ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p,
                                              ctypes.c_int64))]


ggml.ggml_get_type_traits.restype = ctypes.POINTER(Traits)


def number(name):
    return ONLY_GGML.get(name) or int(Type[name])


def traits(name):
    return ggml.ggml_get_type_traits(number(name)).contents


def sizes(name):
    return traits(name).elements, traits(name).bytes


def decode(name, blocks):
    if name not in ONLY_GGML:
        with np.errstate(all="ignore"):
            return gguf.quants.dequantize(blocks, Type[name])
    block, width = sizes(name)
    count = blocks.size // width * block
    values = np.zeros(count, np.float32)
    traits(name).to_float(np.ascontiguousarray(blocks).ctypes.data, values.ctypes.data, count)
    return values.reshape(blocks.shape[0], -1)


def set_half(name, block, offset, half):
    if name == "IQ1_M":
        for i in range(4):
            place = offset + 2 * i + 1
            block[place] = block[place] & 15 | (half >> 4 * i & 15) << 4
    else:
        block[offset], block[offset + 1] = half & 255, half >> 8


def golden(name):
    random = np.random.default_rng([20240311, *name.encode()])
    _, width = sizes(name)
    count = 40 if width < 64 else 20
    blocks = random.integers(0, 256, (count, width), dtype=np.uint8)
    blocks[0], blocks[1] = 0, 255
    for i in range(2, count):
        for offset in HALVES[name]:
            if i - 2 < len(SPECIAL_HALVES):
                half = SPECIAL_HALVES[(i - 2 + (5 if offset in (2, 82) else 0)) % len(SPECIAL_HALVES)]
            elif i < count - 3:  # ordinary scales
                half = int(np.float16(random.normal(0, 0.01)).view(np.uint16))
            else:
                continue  # whatever the random bytes are
            set_half(name, blocks[i], offset, half)
    blocks.tofile(os.path.join(TARGET, name + ".blocks"))
    decode(name, blocks).astype("<f4").tofile(os.path.join(TARGET, name + ".values"))


def importance(columns):
    """The same numbers as in the test: exact in Float32."""
    return (((np.arange(columns) * 37) % 101 + 8) / 128).astype(np.float32)


def errors(name, rows):
    block, width = sizes(name)
    weights = importance(rows.shape[1])
    result = []
    for w in (None, weights):
        out = np.zeros((rows.shape[0], rows.shape[1] // block * width), np.uint8)
        given = np.ones_like(weights) if w is None and name in NEED_IMPORTANCE else w
        ggml.ggml_quantize_init(number(name))
        ggml.ggml_quantize_chunk(number(name), rows.ctypes.data, out.ctypes.data, 0,
                                 rows.shape[0], rows.shape[1],
                                 None if given is None else given.ctypes.data)
        x = rows.astype(np.float64)
        scale = 1.0 if w is None else w.astype(np.float64)
        wrong = (scale * (x - decode(name, out)) ** 2).sum()
        total = (scale * x * x).sum()
        result.append(np.sqrt(wrong / total) if total > 0 else 0.0)
    return result


def weights(folder):
    """File, name, position of the bytes and rows of each weight of two or more dimensions."""
    for path in sorted(glob.glob(os.path.join(FIXTURES, folder, "model*.safetensors"))):
        with open(path, "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            header = json.loads(file.read(length))
            for name, entry in sorted(header.items()):
                if name == "__metadata__" or len(entry["shape"]) < 2:
                    continue
                assert entry["dtype"] == "BF16"
                begin, end = entry["data_offsets"]
                file.seek(8 + length + begin)
                raw = np.frombuffer(file.read(end - begin), "<u2").astype(np.uint32) << 16
                rows = raw.view(np.float32).reshape(-1, entry["shape"][-1])
                yield os.path.relpath(path, FIXTURES), name, 8 + length + begin, rows


def main():
    os.makedirs(TARGET, exist_ok=True)
    random = np.random.default_rng(20240311)
    for name in ENCODINGS:
        golden(name)

    lines = ["# file\toffset\tdtype\trows\tcolumns\tencoding\terror\tweighted error\tname"]

    def measure(path, name, offset, dtype, rows):
        for encoding in ENCODINGS:
            if rows.shape[1] % sizes(encoding)[0]:
                continue
            plain, weighted = errors(encoding, rows)
            lines.append(f"{path}\t{offset}\t{dtype}\t{rows.shape[0]}\t{rows.shape[1]}\t{encoding}\t"
                         f"{plain:.7g}\t{weighted:.7g}\t{name}")

    for name, rows in (("gaussian", random.normal(0, 0.02, (40, 512))),
                       ("student-5", random.standard_t(5, (40, 512)) * 0.02)):
        rows = rows.astype(np.float32)
        rows.tofile(os.path.join(TARGET, name + ".f32"))
        measure(f"blocks/{name}.f32", name, 0, "F32", rows)
    for folder in ("mm1-tiny", "llava-tiny"):
        for path, name, offset, rows in weights(folder):
            measure(path, name, offset, "BF16", np.ascontiguousarray(rows))
    with open(os.path.join(TARGET, "llama_cpp_errors.tsv"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
