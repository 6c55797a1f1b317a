# SPDX-License-Identifier: Apache-2.0
"""Makes Fixtures/packing: small packed weights of each family with the values that the families'
own packages decode them to.

Needs numpy, torch, safetensors, mlx, compressed-tensors, and the unpacked sources of gptqmodel
(7.7.0) and autoawq (0.2.9), from which only the functions that unpack are run:

    GPTQMODEL=.../gptqmodel-7.7.0 AUTOAWQ=.../autoawq-0.2.9 python make_packing.py
"""

import ast
import functools
import importlib.util
import json
import os
import textwrap
from types import SimpleNamespace

import compressed_tensors.compressors.nvfp4.base as nvfp4
import mlx.core as mx
import numpy as np
import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from safetensors.torch import save_file

FIXTURES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.join(FIXTURES, "packing")
ROWS, COLUMNS = 16, 256
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

unpack_fp4_from_uint8 = nvfp4.unpack_fp4_from_uint8
random = np.random.default_rng(2024)
cases = []


def words(*shape):
    return torch.from_numpy(random.integers(-2**31, 2**31, shape, dtype=np.int64).astype(np.int32))


def numbers(*shape, dtype="F16"):
    return torch.from_numpy(random.normal(0, 0.01, shape).astype(np.float32)).to(DTYPES[dtype])


def add(name, config, planes, values):
    planes = {f"m.{key}": value.contiguous() for key, value in planes.items()}
    planes["expected"] = values.to(torch.float32).contiguous()
    save_file(planes, os.path.join(TARGET, name + ".safetensors"), {"format": "pt"})
    cases.append({"name": name, "config": config})


# MLX: in Float32, so that nothing is rounded to the dtype of the scales.

def mlx_array(tensor):
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return mx.array(tensor.numpy())


def mlx(name, bits, size, dtype, mode="affine", shape=(ROWS,), global_scale=None):
    count = int(np.prod(shape))
    codes = words(*shape, COLUMNS * bits // 32)
    if mode == "mxfp8":  # no NaN
        codes = codes & 0x7DFDFDFD | codes & -0x7F7F7F80
    codes = codes.view(torch.uint32)
    planes = {"weight": codes}
    groups = (*shape, COLUMNS // size)
    arguments = [mlx_array(codes)]
    if mode == "affine":
        planes["scales"], planes["biases"] = numbers(*groups, dtype=dtype), numbers(
            *groups, dtype=dtype)
        arguments += [mlx_array(planes["scales"].float()), mlx_array(planes["biases"].float())]
    else:
        low, high = (0, 127) if size == 16 else (100, 140)
        planes["scales"] = torch.from_numpy(random.integers(low, high, groups, dtype=np.uint8))
        arguments.append(mlx_array(planes["scales"]))
    extra = {}
    if global_scale is not None:
        planes["global_scale"] = torch.tensor(global_scale)
        extra["global_scale"] = mx.array(global_scale)
    values = mx.dequantize(*arguments, group_size=size, bits=bits, mode=mode, dtype=mx.float32,
                           **extra)
    assert values.dtype == mx.float32 and values.size == count * COLUMNS
    module = {"group_size": size, "bits": bits}
    if mode != "affine":
        module["mode"] = mode
    # Another default, so that the module's own entry must be found.
    config = {"quantization": {"group_size": 64, "bits": 3, "m": module}}
    add(name, config, planes, torch.from_numpy(np.array(values)))


def every_mlx():
    for bits in (2, 3, 4, 5, 6, 8):
        mlx(f"mlx-{bits}bit-64", bits, 64, "BF16")
    mlx("mlx-4bit-32", 4, 32, "F16")
    mlx("mlx-4bit-128", 4, 128, "F32")
    mlx("mlx-4bit-experts", 4, 64, "F16", shape=(3, 5))
    mlx("mlx-mxfp4", 4, 32, None, "mxfp4")
    mlx("mlx-nvfp4", 4, 16, None, "nvfp4")
    mlx("mlx-nvfp4-global", 4, 16, None, "nvfp4", global_scale=37.5)
    mlx("mlx-mxfp8", 8, 32, None, "mxfp8")


# compressed-tensors

def compressed(name, bits, size, symmetric, dtype="BF16", kind="int", order=False, columns=COLUMNS,
               format="pack-quantized"):
    strategy = "group" if size else "channel"
    if kind == "float" and size == 16:
        strategy = "tensor_group"
    settings = {"num_bits": bits, "type": kind, "symmetric": symmetric, "strategy": strategy}
    if size:
        settings["group_size"] = size
    groups = -(-columns // size) if size else 1
    planes = {}
    if kind == "int":
        planes["weight_packed"] = words(ROWS, -(-columns * bits // 32))
        planes["weight_scale"] = numbers(ROWS, groups, dtype=dtype)
        planes["weight_shape"] = torch.tensor([ROWS, columns])
        if not symmetric:
            planes["weight_zero_point"] = words(-(-ROWS * bits // 32), groups)
    else:
        planes["weight_packed"] = torch.from_numpy(
            random.integers(0, 256, (ROWS, columns // 2), dtype=np.uint8))
        if size == 16:
            scale = torch.from_numpy(random.integers(0, 127, (ROWS, groups), dtype=np.uint8))
            planes["weight_scale"] = scale.view(torch.float8_e4m3fn)
            planes["weight_global_scale"] = torch.tensor([411.25])
        else:
            planes["weight_scale"] = torch.from_numpy(
                random.integers(100, 140, (ROWS, groups), dtype=np.uint8))
    scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**settings))
    state = {key: value.clone() for key, value in planes.items()}
    if kind == "int":  # in Float32: the package computes in the dtype of the scales
        state["weight_scale"] = state["weight_scale"].float()
    elif nvfp4.unpack_fp4_from_uint8 is unpack_fp4_from_uint8:
        nvfp4.unpack_fp4_from_uint8 = functools.partial(unpack_fp4_from_uint8, dtype=torch.float32)
    compressor = BaseCompressor.get_value_from_registry(format)
    values = compressor.decompress(state, scheme)["weight"].float()
    config = {"quantization_config": {
        "quant_method": "compressed-tensors", "format": format,
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": settings}}}}
    add(name, config, planes, values)


def every_compressed():
    compressed("ct-int4", 4, 64, True)
    compressed("ct-int4-asymmetric", 4, 128, False)
    compressed("ct-int8", 8, 64, True, "F16")
    compressed("ct-int8-asymmetric", 8, 32, False, "F32")
    compressed("ct-int4-channel", 4, None, True, columns=250)
    compressed("ct-int3-asymmetric", 3, 64, False)
    compressed("ct-nvfp4", 4, 16, True, kind="float", format="nvfp4-pack-quantized")
    compressed("ct-mxfp4", 4, 32, True, kind="float", format="mxfp4-pack-quantized")


# GPTQ and AWQ: random words are valid codes.

def functions(path, names, scope):
    """Runs the definitions of functions out of a file, without the file."""
    tree = ast.parse(open(path).read())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            exec(textwrap.dedent(ast.unparse(node)), scope)


def gptq(name, bits, size, version, order=None):
    scope = {"t": torch, "torch": torch,
             "_torch_right_shift": torch.bitwise_right_shift,
             "_torch_left_shift": torch.bitwise_left_shift}
    folder = os.path.join(os.environ["GPTQMODEL"], "gptqmodel")
    functions(os.path.join(folder, "nn_modules/qlinear/__init__.py"),
              {"dequantize_weight", "_dequantize_from_codes"}, scope)
    groups = COLUMNS // size
    planes = {"qweight": words(COLUMNS * bits // 32, ROWS),
              "qzeros": words(groups, -(-ROWS * bits // 32)),
              "scales": numbers(groups, ROWS),
              "g_idx": torch.arange(COLUMNS, dtype=torch.int32) // size}
    if order:
        planes["g_idx"] = planes["g_idx"][torch.from_numpy(random.permutation(COLUMNS))]
    zeros = planes["qzeros"].clone()
    if version == 1 and bits != 3:
        zeros += {2: 0x55555555, 4: 0x11111111, 8: 0x01010101}[bits]
    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    if bits == 3:
        # ROWS fill no whole 96 bits: the function wants them, and more rows than there are.
        padded = torch.zeros(groups, 3, dtype=torch.int32)
        padded[:, :zeros.shape[1]] = zeros
        zeros = padded
        shifts = torch.tensor([[0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0],
                               [0, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31],
                               [0, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0]],
                              dtype=torch.int32).reshape(1, 3, 12)
    rows = 32 if bits == 3 else ROWS
    scales = planes["scales"].float()
    weight = planes["qweight"]
    if rows > ROWS:
        scales = torch.nn.functional.pad(scales, (0, rows - ROWS))
        weight = torch.nn.functional.pad(weight, (0, rows - ROWS))
    module = SimpleNamespace(
        planar=False, bits=bits, maxq=2**bits - 1, pack_factor=32 // bits, qzeros=zeros,
        qweight=weight, scales=scales, g_idx=planes["g_idx"], in_features=COLUMNS,
        dequant_dtype=torch.int16 if bits == 8 else torch.int8,
        wf_unsqueeze_zero=shifts.reshape(1, 3, 12) if bits == 3 else shifts.view(1, 1, -1),
        wf_unsqueeze_neg_one=shifts.reshape(1, 3, 12, 1) if bits == 3 else shifts.view(1, -1, 1),
        _init_wf_unsqueeze_buffers=lambda: None)
    module._dequantize_from_codes = lambda *a, **k: scope["_dequantize_from_codes"](module, *a, **k)
    values = scope["dequantize_weight"](module).float()[:, :ROWS].T
    config = {"quantization_config": {
        "quant_method": "gptq", "bits": bits, "group_size": size, "desc_act": bool(order),
        "sym": False, "checkpoint_format": "gptq_v2" if version == 2 else "gptq"}}
    add(name, config, planes, values)


def every_gptq():
    gptq("gptq-v1-4bit", 4, 64, 1)
    gptq("gptq-v2-4bit", 4, 128, 2)
    gptq("gptq-v1-4bit-order", 4, 32, 1, order=True)
    gptq("gptq-v1-2bit", 2, 64, 1)
    gptq("gptq-v2-3bit", 3, 64, 2)
    gptq("gptq-v1-8bit", 8, 64, 1)


def awq():
    path = os.path.join(os.environ["AUTOAWQ"], "awq/utils/packing_utils.py")
    spec = importlib.util.spec_from_file_location("packing_utils", path)
    package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    size = 64
    planes = {"qweight": words(COLUMNS, ROWS // 8), "qzeros": words(COLUMNS // size, ROWS // 8),
              "scales": numbers(COLUMNS // size, ROWS)}
    values = package.dequantize_gemm(
        planes["qweight"], planes["qzeros"], planes["scales"].float(), 4, size).T
    config = {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": size,
                                      "zero_point": True, "version": "gemm"}}
    add("awq-4bit", config, planes, values)


def main():
    os.makedirs(TARGET, exist_ok=True)
    every_mlx()
    every_compressed()
    every_gptq()
    awq()
    with open(os.path.join(TARGET, "cases.json"), "w") as file:
        json.dump({"cases": cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
