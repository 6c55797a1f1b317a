# SPDX-License-Identifier: Apache-2.0
"""Quantizes a GGUF with llama.cpp. Usage: quantize.py INPUT.gguf TYPE OUTPUT.gguf THREADS"""

import json
import sys
import time

import llama_cpp

source, kind, output, threads = sys.argv[1:]
llama_cpp.llama_backend_init()
parameters = llama_cpp.llama_model_quantize_default_params()
parameters.nthread = int(threads)
parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
start = time.perf_counter()
status = llama_cpp.llama_model_quantize(source.encode(), output.encode(), parameters)
seconds = time.perf_counter() - start
if status != 0:
    sys.exit(f"{source}: llama.cpp does not quantize it to {kind}")
print(json.dumps({"seconds": seconds}))
