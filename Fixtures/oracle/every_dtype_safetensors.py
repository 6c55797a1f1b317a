# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/checkpoints/every-dtype.safetensors with the `safetensors` package.

Usage: python every_dtype_safetensors.py OUTPUT
"""

import sys

import numpy as np
from safetensors import TensorSpec, serialize

# Name as the package spells it, bits of an element.
dtypes = {
    "bool": 8, "uint8": 8, "int8": 8, "uint16": 16, "int16": 16, "uint32": 32, "int32": 32,
    "uint64": 64, "int64": 64, "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64,
    "complex64": 64, "float8_e4m3fn": 8, "float8_e4m3fnuz": 8, "float8_e5m2": 8,
    "float8_e5m2fnuz": 8, "float8_e8m0fnu": 8, "float4_e2m1fn_x2": 8,
}
tensors = {}
buffers = []


def add(name, dtype, shape, data):
    # The package is given addresses, so the buffers must be kept.
    buffer = np.frombuffer(data + b"\0", dtype=np.uint8)
    buffers.append(buffer)
    tensors[name] = TensorSpec(
        dtype=dtype, shape=shape, data_ptr=buffer.ctypes.data, data_len=len(data)
    )


for dtype, bits in dtypes.items():
    add(dtype, dtype, [2, 3], bytes(i % 2 if dtype == "bool" else i for i in range(6 * bits // 8)))
add("scalar", "float32", [], b"\x00\x00\x00\x3f")
add("empty", "float32", [0, 4], b"")
with open(sys.argv[1], "wb") as file:
    file.write(serialize(tensors, {"format": "pt"}))
