# SPDX-License-Identifier: Apache-2.0
"""Quantizes a GGUF with llama.cpp and statistics of pare calibrate.

Usage: imatrix.py INPUT.gguf STATISTICS.gguf TYPE OUTPUT.gguf

The statistics are read as llama-quantize reads them: sums of squares over counts, 1 for what nothing went into.
"""

import ctypes
import sys

import gguf
import llama_cpp
import numpy

source, statistics, kind, output = sys.argv[1:]
tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(statistics).tensors}
kept = []  # what llama.cpp points to
entries = (llama_cpp.llama_model_imatrix_data * (sum(name.endswith(".in_sum2") for name in tensors) + 1))()
place = 0
for name, squares in tensors.items():
    if not name.endswith(".in_sum2"):
        continue
    counts = tensors[name.removesuffix(".in_sum2") + ".counts"]
    means = numpy.where(counts > 0, squares / numpy.maximum(counts, 1), 1).astype(numpy.float32).ravel()
    values = (ctypes.c_float * means.size)(*means)
    text = name.removesuffix(".in_sum2").encode()
    kept += [values, text]
    entries[place].name, entries[place].data, entries[place].size = text, values, means.size
    place += 1
llama_cpp.llama_backend_init()
parameters = llama_cpp.llama_model_quantize_default_params()
parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
parameters.imatrix = entries
if llama_cpp.llama_model_quantize(source.encode(), output.encode(), parameters) != 0:
    sys.exit(f"{source}: llama.cpp does not quantize it to {kind}")
print(f"{output}: quantized with {place} weights' statistics")
