# SPDX-License-Identifier: Apache-2.0
"""Times llama.cpp's forward passes of GGUFs over a text. Usage: passes.py TEXT.txt WINDOW THREADS MODEL.gguf...

Only decoding counts: neither loading nor what is made of the logits, which llama-perplexity writes to disk and reads again.
"""

import ctypes
import json
import math
import sys
import time

import llama_cpp
import numpy

path, window, threads, models = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
llama_cpp.llama_backend_init()
silence = llama_cpp.llama_log_callback(lambda *_: None)  # kept: llama.cpp calls it later
llama_cpp.llama_log_set(silence, ctypes.c_void_p())
with open(path, "rb") as file:
    text = file.read()


def run(name):
    """Seconds, tokens and perplexity."""
    model = llama_cpp.llama_model_load_from_file(name.encode(), llama_cpp.llama_model_default_params())
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = window
    parameters.n_threads = parameters.n_threads_batch = threads
    context = llama_cpp.llama_init_from_model(model, parameters)
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    columns = llama_cpp.llama_vocab_n_tokens(vocabulary)
    room = (llama_cpp.llama_token * len(text))()
    count = llama_cpp.llama_tokenize(vocabulary, text, len(text), room, len(text), False, False)
    begin = llama_cpp.llama_vocab_bos(vocabulary)
    seconds, tokens, losses = 0, 0, []
    for start in range(0, count, window - 1):
        own = [begin] + list(room[start:min(count, start + window - 1)])
        batch = llama_cpp.llama_batch_init(window, 0, 1)
        batch.n_tokens = len(own)
        for place, token in enumerate(own):
            batch.token[place], batch.pos[place], batch.logits[place] = token, place, 1
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        begun = time.perf_counter()
        if llama_cpp.llama_decode(context, batch) != 0:
            sys.exit(f"{name}: llama.cpp does not run it")
        llama_cpp.llama_synchronize(context)
        seconds += time.perf_counter() - begun
        tokens += len(own)
        logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits(context), (len(own), columns)).astype(numpy.float64)
        peak = logits.max(axis=1)
        log_sum = peak + numpy.log(numpy.exp(logits - peak[:, None]).sum(axis=1))
        losses += [log_sum[i] - logits[i, own[i + 1]] for i in range(len(own) - 1)]
        llama_cpp.llama_batch_free(batch)
    return seconds, tokens, math.exp(sum(losses) / len(losses))


results = [run(name) for name in models]
print(json.dumps({"seconds": sum(r[0] for r in results), "tokens": sum(r[1] for r in results),
                  "each": [r[0] for r in results], "perplexities": [r[2] for r in results]}))
