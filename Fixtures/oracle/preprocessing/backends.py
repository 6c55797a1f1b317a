# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing/backends.json: what each image processor of transformers makes of
images, strips and single pixels among them, on each of its two back ends, and how PyTorch resamples.

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.23.0 pillow==13.0.0
    python Fixtures/oracle/preprocessing/backends.py

On a processor with AVX2 torchvision resamples bytes. By way of Float32 it goes on a graphics processor,
and for a bilinear filter on processors without AVX2: here it is told that it cannot do with bytes, and
transformers that it has no Lanczos' filter, as is so there.
"""

import contextlib
import json
import pathlib
import zlib
from unittest import mock

import numpy as np
import torch
import torchvision
import transformers
from PIL import Image
from torchvision.transforms.v2 import functional
from torchvision.transforms.v2.functional import _geometry
from transformers import image_processing_backends
from transformers.image_utils import pil_torch_interpolation_mapping

FIXTURES = pathlib.Path(__file__).parents[2]
assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")

EDGES = [f"preprocessing/{name}.png" for name in ["one", "tall", "wide"]]
FILES = ["images/chelsea.png", "images/astronaut-tall.png", "preprocessing/noise.png"]
SMALL = dict(height=28, width=28)
PINPOINTS = [[28, 56], [56, 28], [56, 56], [84, 28], [28, 84]]
# The type, and settings.
CONFIGURATIONS = [
    ("CLIP", dict(size={"shortest_edge": 14}, crop_size={"height": 14, "width": 14})),
    ("CLIP", dict(size={"shortest_edge": 10}, crop_size={"height": 17, "width": 11}, resample=2)),
    ("CLIP", dict(size={"shortest_edge": 5}, do_center_crop=False, do_normalize=False, resample=0)),
    ("Siglip", dict(size={"height": 48, "width": 56})),
    ("ViT", dict(size={"height": 64, "width": 64})),
    ("DeiT", dict(size={"height": 64, "width": 64}, crop_size={"height": 56, "width": 56})),
    ("Blip", dict(size={"height": 32, "width": 32})),
    ("Bit", dict(size={"shortest_edge": 12}, crop_size={"height": 9, "width": 12})),
    ("Llava", dict(do_pad=True, size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})),
    ("LlavaNext", dict(size={"shortest_edge": 28}, crop_size=SMALL, image_grid_pinpoints=PINPOINTS)),
    ("Gemma3", dict(size={"height": 56, "width": 56})),
    ("Gemma4", dict(patch_size=8, pooling_kernel_size=2, max_soft_tokens=70)),
    ("Qwen2VL", dict(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})),
    ("Qwen2VL", dict(patch_size=16, size={"shortest_edge": 64 * 64, "longest_edge": 160 * 160},
                     image_mean=[0.5] * 3, image_std=[0.5] * 3)),
    ("Idefics3", dict(size={"longest_edge": 128}, max_image_size={"longest_edge": 64})),
    ("SmolVLM", dict(size={"longest_edge": 128}, max_image_size={"longest_edge": 64})),
    ("Pixtral", dict(size={"longest_edge": 128}, patch_size=16)),
    ("GotOcr2", dict(size=SMALL, crop_to_patches=True, max_patches=6)),
    ("GotOcr2", dict(size=SMALL)),
    ("Lfm2Vl", dict(encoder_patch_size=8, tile_size=64, min_image_tokens=4, max_image_tokens=16)),
]
SIZES = [(37, 23), (74, 46), (36, 22), (13, 9), (5, 3), (200, 7), (7, 200), (90, 60), (1, 1), (1, 50)]


def interpolated(image, size, **settings):
    """PyTorch 2.13 mixes up the channels of Float32 images that are one pixel wide, and stay so."""
    if image.shape[-1] == size[1] == 1:
        return torch.nn.functional.interpolate(image.expand(-1, -1, -1, 2), [size[0], 2], **settings)[..., :1]
    return torch.nn.functional.interpolate(image, size, **settings)


@contextlib.contextmanager
def in_floats():
    with mock.patch.object(_geometry, "_do_native_uint8_resize_on_cpu", lambda _: False), \
            mock.patch.object(_geometry, "interpolate", interpolated), \
            mock.patch.object(image_processing_backends, "is_torchvision_greater_or_equal", lambda _: False):
        yield


BACKENDS = {"pil": contextlib.nullcontext, "torchvision": contextlib.nullcontext, "torchvision-float": in_floats}


def crc(arrays):
    result = 0
    for array in arrays:
        result = zlib.crc32(np.ascontiguousarray(array).tobytes(), result)
    return result


def patches_as_image(patches, rows, columns, patch):
    return patches.reshape(rows, columns, patch, patch, 3).transpose(4, 0, 2, 1, 3).reshape(3, rows * patch, columns * patch)


def parts(family, own, inputs):
    """Each tile and the overview behind them, or the whole image, as `[3, height, width]`."""
    inputs = {key: np.asarray(value) for key, value in inputs.items()}
    pixels = inputs["pixel_values"]
    if family == "Qwen2VL":
        _, rows, columns = inputs["image_grid_thw"][0]
        patch, side = own.patch_size, own.merge_size
        own = pixels.reshape(rows // side, columns // side, side, side, 3, -1, patch, patch)[..., 0, :, :]
        return [own.transpose(4, 0, 2, 5, 1, 3, 6).reshape(3, rows * patch, columns * patch)]
    if family == "Lfm2Vl":
        return [patches_as_image(values[:rows * columns], rows, columns, own.encoder_patch_size)
                for values, (rows, columns) in zip(pixels, inputs["spatial_shapes"])]
    if family == "Gemma4":
        columns, rows = inputs["image_position_ids"][0].max(0) + 1
        return [patches_as_image(pixels[0][:rows * columns], rows, columns, own.patch_size)]
    if family == "Pixtral":
        height, width = inputs["image_sizes"][0]
        return [pixels[0][:, :height, :width]]
    if family == "LlavaNext":
        return [*pixels[0][1:], pixels[0][0]]
    if family in ["Idefics3", "SmolVLM"]:
        return list(pixels[0])
    return list(pixels)


def processed(family, settings):
    results = []
    for backend, context in BACKENDS.items():
        suffix = "ImageProcessorPil" if backend == "pil" else "ImageProcessor"
        if not hasattr(transformers, family + suffix):
            continue
        own = getattr(transformers, family + suffix)(**settings)
        # Squares of 4000 pixels are in fastvlm.json.
        for file in FILES + (EDGES[:1] if family == "Llava" else EDGES):
            image = Image.open(FIXTURES / file).convert("RGB")
            result = {"file": file, "backend": backend}
            try:
                with context():
                    images = parts(family, own, own(image, return_tensors="pt" if backend != "pil" else "np"))
                result["sizes"] = [list(values.shape[1:]) for values in images]
                result["crc"] = crc(values.astype("<f4") for values in images)
            except RuntimeError:
                # The overview of LFM2-VL of a strip has more patches than its tiles.
                continue
            except ValueError as error:
                print(family, backend, file, "refused:", str(error)[:60])
                result["sizes"] = None
            results.append(result)
    return {"configuration": {"image_processor_type": family + "ImageProcessor", **settings}, "results": results}


def resized(file, sizes):
    image = torch.from_numpy(np.array(Image.open(FIXTURES / file).convert("RGB"))).permute(2, 0, 1)
    for width, height in sizes:
        for filter in [0, 1, 2, 3]:
            for backend in ["torchvision", "torchvision-float"]:
                mode = pil_torch_interpolation_mapping[3 if filter == 1 and backend.endswith("float") else filter]
                with BACKENDS[backend]():
                    result = functional.resize(image, [height, width], interpolation=mode, antialias=True)
                yield {"file": file, "width": width, "height": height, "filter": filter, "backend": backend,
                       "crc": crc([result.permute(1, 2, 0).numpy()])}


def lines(value):
    return "[\n" + ",\n".join("  " + json.dumps(entry) for entry in value) + "\n ]"


def main():
    torch.set_num_threads(1)
    results = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0],
               "torchvision": torchvision.__version__.split("+")[0]}
    text = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in results.items())
    pictures = [processed(*configuration) for configuration in CONFIGURATIONS]
    levels = [entry for file, sizes in [
        ("preprocessing/noise.png", SIZES), ("preprocessing/one.png", [(2, 1), (7, 5)]),
        ("preprocessing/tall.png", [(1, 1), (1, 400), (3, 1333), (2, 4001)]),
        ("preprocessing/wide.png", [(1, 1), (400, 1), (1333, 3), (4001, 2)]),
        ("images/chelsea.png", [(90, 60), (224, 224), (500, 333)]), ("images/astronaut-tall.png", [(63, 140), (260, 300)]),
        ("images/coffee.png", [(224, 150)]), ("images/camera.png", [(100, 100), (700, 600)]),
    ] for entry in resized(file, sizes)]
    with open(FIXTURES / "preprocessing/backends.json", "w") as file:
        file.write("{\n" + text + f',\n "processed": {lines(pictures)},\n "resized": {lines(levels)}\n}}\n')
    print(sum(len(entry["results"]) for entry in pictures), len(levels))


if __name__ == "__main__":
    main()
