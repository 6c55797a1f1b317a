# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/checkpoints/every-type.gguf with the `gguf` package.

Usage: python every_type_gguf.py OUTPUT
"""

import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType

writer = gguf.GGUFWriter(sys.argv[1], "every-type")

scalars = [
    (GGUFValueType.UINT8, 255),
    (GGUFValueType.INT8, -128),
    (GGUFValueType.UINT16, 65535),
    (GGUFValueType.INT16, -32768),
    (GGUFValueType.UINT32, 4294967295),
    (GGUFValueType.INT32, -2147483648),
    (GGUFValueType.FLOAT32, 0.5),
    (GGUFValueType.BOOL, True),
    (GGUFValueType.STRING, "naïve \U0001f600"),
    (GGUFValueType.UINT64, 18446744073709551615),
    (GGUFValueType.INT64, -9223372036854775808),
    (GGUFValueType.FLOAT64, 0.1),
]
arrays = [
    (GGUFValueType.UINT8, [0, 255]),
    (GGUFValueType.INT8, [-128, 127]),
    (GGUFValueType.UINT16, [0, 65535]),
    (GGUFValueType.INT16, [-32768, 32767]),
    (GGUFValueType.UINT32, [0, 4294967295]),
    (GGUFValueType.INT32, [-2147483648, 2147483647]),
    (GGUFValueType.FLOAT32, [-1.5, 0.25]),
    (GGUFValueType.BOOL, [True, False, True]),
    (GGUFValueType.STRING, ["a", "", "\u00e9", "e\u0301"]),
    (GGUFValueType.UINT64, [0, 18446744073709551615]),
    (GGUFValueType.INT64, [-9223372036854775808, 9223372036854775807]),
    (GGUFValueType.FLOAT64, [0.1, -0.0]),
]
for kind, value in scalars:
    writer.add_key_value("scalar." + kind.name.lower(), value, kind)
for kind, value in arrays:
    writer.add_key_value("array." + kind.name.lower(), value, GGUFValueType.ARRAY, sub_type=kind)

# Every tensor type that the package knows, one row of two blocks, bytes counting up. Three
# dimensions of different sizes show a swapped axis.
for kind in GGMLQuantizationType:
    # The package gives Q8_1 the 40 bytes that it had in 2023; llama.cpp has 36. No file holds it.
    if kind == GGMLQuantizationType.Q8_1:
        continue
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = 2 * size
    data = (np.arange(count) * 7 + kind.value).astype(np.uint8)
    writer.add_tensor("t." + kind.name, data.reshape(1, count), raw_dtype=kind)
writer.add_tensor("shape.2.3.5", np.arange(30, dtype=np.float32).reshape(2, 3, 5))

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
