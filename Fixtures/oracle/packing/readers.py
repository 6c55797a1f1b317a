# SPDX-License-Identifier: Apache-2.0
"""Opens folders that `pare` wrote with the stock readers and compares what they compute.

    PARE=.build/release/pare python readers.py

- mlx-lm's `load` on stories260K: the greedy tokens of `pare run`, from every MLX type.
- mlx-vlm's loader on llava-tiny: the logits of `pare trace`, an image included, with all numbers in
  Float32; left out where mlx-vlm is not installed.
- transformers with compressed-tensors on both: the logits of `pare trace`.
- compressed-tensors' own unpacking of every module against `pare convert --to safetensors`.
- A GPTQ and an AWQ checkpoint made here, carried over to MLX: `mx.dequantize` gives the values of
  the original, bit for bit.

Needs numpy, torch, transformers, safetensors, sentencepiece, protobuf, mlx, mlx-lm, and
compressed-tensors; mlx-vlm if it is there.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationConfig
from mlx.utils import tree_map
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

FIXTURES = Path(__file__).resolve().parents[2]
PARE = os.environ.get("PARE", "pare")
PROMPT = "Once upon a time"
IMAGE = FIXTURES / "llava-tiny/evaluation/images/002.png"
failures = []


def pare(*arguments):
    result = subprocess.run([PARE, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def check(name, holds, detail=""):
    print(("ok     " if holds else "FAILED ") + name, detail, flush=True)
    if not holds:
        failures.append(name)


def quantize(model, folder, to, kind, *options):
    target = tempfile.mkdtemp(dir=folder)
    pare("quantize", FIXTURES / model, "--to", to, "--type", kind, "-o", target, "--quiet", *options)
    return Path(target) / os.listdir(target)[0]


def greedy(model, tokens, count):
    tokens, made = list(tokens), []
    while len(made) < count and made[-1:] != [2]:
        made.append(int(mx.argmax(model(mx.array([tokens]))[0, -1])))
        tokens.append(made[-1])
    return made


def trace(folder, *options):
    path = Path(folder) / "trace.safetensors"
    pare("trace", folder, "--prompt", "what is at the left?", "-o", path, "--force", *options)
    tensors = load_file(path)
    path.unlink()
    return tensors


def mlx(folder):
    for kind in ("2bit", "3bit", "4bit", "5bit", "6bit", "8bit", "mxfp4", "nvfp4"):
        path = quantize("stories260K", folder, "mlx", kind)
        model, tokenizer = mlx_lm.load(str(path))
        made = tokenizer.decode(greedy(model, tokenizer.encode(PROMPT), 40)).strip()
        own = pare("run", path, "--prompt", PROMPT, "--limit", 40, "--quiet").strip()
        check(f"mlx-lm, stories260K {kind}", made == own, repr(own[:40]))


def mlx_vlm(folder):
    try:
        from mlx_vlm.utils import load_model
    except ImportError as error:
        print("left out: mlx-vlm,", error)
        return
    for kind in ("4bit", "8bit", "mxfp4", "nvfp4"):
        path = quantize("llava-tiny", folder, "mlx", kind)
        model = load_model(path)
        model.update(tree_map(
            lambda x: x.astype(mx.float32) if mx.issubdtype(x.dtype, mx.floating) else x,
            model.parameters()))
        own = trace(path, "--image", IMAGE)
        output = model(mx.array([own["tokens"].astype(int).tolist()]),
                       mx.array(own["pixels"][None]), None)
        logits = np.array(getattr(output, "logits", output)[0])
        error = np.linalg.norm(logits - own["logits"]) / np.linalg.norm(own["logits"])
        # Without a scale in Float32 MLX expands embeddings to bfloat16.
        check(f"mlx-vlm, llava-tiny {kind}", error < (1e-4 if "bit" in kind else 4e-3),
              f"{error:.1e}")


def transformers(folder):
    from transformers import AutoModelForCausalLM, LlavaForConditionalGeneration
    for model, loader in (("stories260K", AutoModelForCausalLM),
                          ("llava-tiny", LlavaForConditionalGeneration)):
        for kind in ("int4", "int8"):
            path = quantize(model, folder, "compressed-tensors", kind, "--group-size", "64")
            own = trace(path, *(["--image", IMAGE] if model == "llava-tiny" else []))
            loaded, info = loader.from_pretrained(
                path, output_loading_info=True, dtype=torch.float32)
            inputs = {"input_ids": torch.tensor(own["tokens"].astype(int))[None]}
            if "pixels" in own:
                inputs["pixel_values"] = torch.tensor(own["pixels"])[None]
            with torch.no_grad():
                logits = loaded(**inputs).logits[0].float().numpy()
            error = np.linalg.norm(logits - own["logits"]) / np.linalg.norm(own["logits"])
            check(f"transformers, {model} {kind}",
                  error < 1e-4 and not info["missing_keys"] and not info["unexpected_keys"],
                  f"{error:.1e}")


def unpacking(folder):
    for kind in ("int4", "int8"):
        for options in ((), ("--asymmetric",)):
            path = quantize("stories260K", folder, "compressed-tensors", kind, "--group-size", "32",
                            *options)
            config = json.loads((path / "config.json").read_text())["quantization_config"]
            scheme = QuantizationConfig.model_validate(config).config_groups["group_0"]
            pare("convert", path, "--to", "safetensors", "--type", "f32", "-o", f"{path}-plain",
                 "--quiet")
            plain = load_file(f"{path}-plain/stories260K-F32/model.safetensors")
            packed = safe_open(path / "model.safetensors", "pt")
            modules = [name[:-len(".weight_packed")] for name in packed.keys()
                       if name.endswith(".weight_packed")]
            same = 0
            for module in modules:
                state = {name[len(module) + 1:]: packed.get_tensor(name) for name in packed.keys()
                         if name.startswith(module + ".weight_")}
                weight = BaseCompressor.get_value_from_registry("pack-quantized").decompress(
                    state, scheme)["weight"]
                same += np.array_equal(weight.float().numpy(), plain[module + ".weight"])
            check(f"compressed-tensors, stories260K {kind} {' '.join(options)}",
                  same == len(modules) > 0, f"{same} of {len(modules)} modules")


def carried(folder):
    """AWQ made of random codes: everything that a conversion could get wrong shows."""
    random = np.random.default_rng(5)
    source = Path(folder) / "awq"
    shutil.copytree(FIXTURES / "stories260K", source)
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    tensors, expected = load_file(source / "model.safetensors"), {}
    for name in list(tensors):
        rows, columns = (tensors[name].shape + (0, 0))[:2]
        if "_proj.weight" not in name or columns % 32 or rows % 8:
            continue
        module = name[:-len(".weight")]
        codes = random.integers(0, 16, (columns, rows), dtype=np.int64)
        zeros = random.integers(0, 16, (columns // 32, rows), dtype=np.int64)
        scales = random.uniform(0.001, 0.05, (columns // 32, rows)).astype(np.float16)
        expected[module] = ((codes - zeros.repeat(32, 0)).astype(np.float32)
                            * scales.astype(np.float32).repeat(32, 0)).T

        def packed(fields):
            groups = fields.reshape(fields.shape[0], -1, 8)[:, :, order]
            return (groups << (4 * np.arange(8))).sum(-1).astype(np.uint32).view(np.int32)

        del tensors[name]
        tensors[module + ".qweight"], tensors[module + ".qzeros"] = packed(codes), packed(zeros)
        tensors[module + ".scales"] = scales
    save_file(tensors, source / "model.safetensors", {"format": "pt"})
    config = json.loads((source / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "awq", "bits": 4, "group_size": 32,
                                     "zero_point": True, "version": "gemm"}
    (source / "config.json").write_text(json.dumps(config))
    pare("convert", source, "--to", "mlx", "-o", folder, "--quiet")
    result = mx.load(f"{folder}/awq-4bit/model.safetensors")
    same = sum(np.array_equal(np.array(mx.dequantize(
        result[m + ".weight"], result[m + ".scales"].astype(mx.float32),
        result[m + ".biases"].astype(mx.float32), group_size=32, bits=4)), values)
               for m, values in expected.items())
    check("AWQ to MLX, identical values", same == len(expected) > 0, f"{same} modules")
    mlx_lm.load(f"{folder}/awq-4bit")


if __name__ == "__main__":
    for step in (mlx, mlx_vlm, transformers, unpacking, carried):
        with tempfile.TemporaryDirectory() as folder:
            step(folder)
    raise SystemExit(len(failures))
