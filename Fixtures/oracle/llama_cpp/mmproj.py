# SPDX-License-Identifier: Apache-2.0
"""Checks an mmproj GGUF of a CLIP encoder with an MLP projector (`mlp`, as LLaVA-1.5 has).

First that it carries what llama.cpp's loader reads, with the right shapes; then, given a text
model, that llama.cpp loads both and encodes an image. Exit status 1 if something is missing.
"""

import argparse
import ctypes
import sys

import gguf
import llama_cpp
import numpy as np
from llama_cpp import mtmd_cpp
from PIL import Image

UNSIGNED, FLOAT = gguf.GGUFValueType.UINT32, gguf.GGUFValueType.FLOAT32
STRING, BOOL = gguf.GGUFValueType.STRING, gguf.GGUFValueType.BOOL
KEYS = {
    "general.architecture": STRING, "general.file_type": UNSIGNED, "clip.has_vision_encoder": BOOL,
    "clip.projector_type": STRING, "clip.vision.image_size": UNSIGNED, "clip.vision.patch_size": UNSIGNED,
    "clip.vision.embedding_length": UNSIGNED, "clip.vision.feed_forward_length": UNSIGNED,
    "clip.vision.block_count": UNSIGNED, "clip.vision.projection_dim": UNSIGNED,
    "clip.vision.attention.head_count": UNSIGNED, "clip.vision.attention.layer_norm_epsilon": FLOAT,
    "clip.vision.image_mean": [FLOAT, 3], "clip.vision.image_std": [FLOAT, 3],
}
# Without one of the first two the activation is quick GELU.
OPTIONAL_KEYS = {"clip.use_gelu": BOOL, "clip.use_silu": BOOL, "general.type": STRING, "general.name": STRING}


def key_problems(fields):
    for key, kind in (KEYS | OPTIONAL_KEYS).items():
        if key not in fields:
            if key in KEYS:
                yield f"{key}: missing"
            continue
        expected = [gguf.GGUFValueType.ARRAY, kind[0]] if isinstance(kind, list) else [kind]
        if fields[key].types != expected:
            yield f"{key}: expected {expected}, found {fields[key].types}"
        elif isinstance(kind, list) and len(fields[key].data) < kind[1]:
            yield f"{key}: expected {kind[1]} values, found {len(fields[key].data)}"
    for key, value in (("general.architecture", "clip"), ("clip.projector_type", "mlp")):
        if key in fields and fields[key].contents() != value:
            yield f"{key}: expected '{value}', found '{fields[key].contents()}'"


def layer_problems(fields):
    """Without `feature_layer` llama.cpp leaves out the last layer; with it, it runs that many."""
    stored = fields["clip.vision.block_count"].contents()
    key = "clip.vision.feature_layer"
    if key not in fields:
        yield f"{key}: missing, so llama.cpp runs {stored - 1} of the {stored} layers; write [{stored}]"
    elif fields[key].contents() != [stored]:
        yield f"{key}: expected [{stored}], the number of layers, found {fields[key].contents()}"


def expected_tensors(fields):
    """Name to shape as GGUF has it, rows last; None stands for any size."""
    value = lambda key: fields["clip.vision." + key].contents()
    width, hidden, patch = value("embedding_length"), value("feed_forward_length"), value("patch_size")
    positions = (value("image_size") // patch) ** 2 + 1
    tensors = {"v.class_embd": [width], "v.patch_embd.weight": [patch, patch, 3, width],
               "v.position_embd.weight": [width, positions]}

    def add(name, inputs, outputs):
        tensors.update({name + ".weight": [inputs, outputs], name + ".bias": [outputs]})

    def norm(name):
        tensors.update({name + ".weight": [width], name + ".bias": [width]})

    norm("v.pre_ln")
    for i in range(value("block_count")):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            add(f"v.blk.{i}.{name}", width, width)
        norm(f"v.blk.{i}.ln1")
        norm(f"v.blk.{i}.ln2")
        add(f"v.blk.{i}.ffn_up", width, hidden)
        add(f"v.blk.{i}.ffn_down", hidden, width)
    add("mm.0", width, None)
    add("mm.2", None, None)
    return tensors


def tensor_problems(reader):
    found = {tensor.name: tensor for tensor in reader.tensors}
    expected = expected_tensors(reader.fields)
    for name, shape in expected.items():
        if name not in found:
            yield f"{name}: missing"
            continue
        own = [int(n) for n in found[name].shape]
        if len(own) != len(shape) or any(e not in (None, n) for e, n in zip(shape, own)):
            yield f"{name}: expected {shape}, found {own}"
        if len(own) == 1 and found[name].tensor_type != gguf.GGMLQuantizationType.F32:
            yield f"{name}: expected F32, found {found[name].tensor_type.name}"
    for name in sorted(found.keys() - expected.keys()):
        yield f"{name}: llama.cpp would not use it for this projector"


def encode(mmproj, text_model, path, width=None):
    """What llama.cpp makes of an image: `[tokens, width]`, the text model's width unless given, in f32."""
    model = llama_cpp.Llama(text_model, n_ctx=512, verbose=False)
    parameters = mtmd_cpp.mtmd_context_params_default()
    parameters.use_gpu = False
    parameters.warmup = False
    context = mtmd_cpp.mtmd_init_from_file(mmproj.encode(), model.model, parameters)
    if not context:
        sys.exit(f"{mmproj}: llama.cpp does not load it with {text_model}")
    print(f"{mmproj}: llama.cpp loads it with {text_model}")
    if not path:
        return None
    image = Image.open(path).convert("RGB")
    pixels = (ctypes.c_uint8 * (image.width * image.height * 3)).from_buffer_copy(image.tobytes())
    bitmap = mtmd_cpp.mtmd_bitmap_init(image.width, image.height, pixels)
    marker = mtmd_cpp.mtmd_default_marker()
    text = mtmd_cpp.mtmd_input_text(text=marker, text_len=len(marker), add_special=False, parse_special=True)
    chunks = mtmd_cpp.mtmd_input_chunks_init()
    bitmaps = (mtmd_cpp.mtmd_bitmap_p_ctypes * 1)(bitmap)
    if mtmd_cpp.mtmd_tokenize(context, chunks, ctypes.byref(text), bitmaps, 1) != 0:
        sys.exit(f"{path}: llama.cpp does not take it")
    for i in range(mtmd_cpp.mtmd_input_chunks_size(chunks)):
        chunk = mtmd_cpp.mtmd_input_chunks_get(chunks, i)
        if mtmd_cpp.mtmd_input_chunk_get_type(chunk) != mtmd_cpp.MTMD_INPUT_CHUNK_TYPE_IMAGE:
            continue
        if mtmd_cpp.mtmd_encode_chunk(context, chunk) != 0:
            sys.exit(f"{path}: llama.cpp fails to encode it")
        tokens = mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk)
        values = mtmd_cpp.mtmd_get_output_embd(context)
        return np.ctypeslib.as_array(values, (tokens, width or model.n_embd())).copy()
    sys.exit(f"{path}: llama.cpp makes no image of it")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mmproj", help="a GGUF file")
    parser.add_argument("--model", help="the GGUF of the text model")
    parser.add_argument("--image", help="an image to encode; needs --model")
    parser.add_argument("--output", help="write what the image becomes as a .npy file")
    options = parser.parse_args()
    reader = gguf.GGUFReader(options.mmproj)
    problems = list(key_problems(reader.fields))
    if not problems:
        problems = [*layer_problems(reader.fields), *tensor_problems(reader)]
    for problem in problems:
        print(f"{options.mmproj}: {problem}")
    print(f"{options.mmproj}: {len(reader.fields)} keys, {len(reader.tensors)} tensors, {len(problems)} problems")
    if options.model:
        embeddings = encode(options.mmproj, options.model, options.image)
        if embeddings is not None:
            print(f"{options.image}: {embeddings.shape[0]} tokens of {embeddings.shape[1]}")
            if options.output:
                np.save(options.output, embeddings)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
