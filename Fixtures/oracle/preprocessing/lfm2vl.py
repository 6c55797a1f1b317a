# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing/lfm2vl.json: what transformers' image processor of LFM2-VL makes of
images, and how it cuts images of many sizes.

    pip install torch==2.13.0 torchvision==0.28.0 transformers==5.23.0 pillow
    python Fixtures/oracle/preprocessing/lfm2vl.py

The processor resamples bytes as PyTorch does on a processor with AVX2; elsewhere torchvision goes
by way of floating point, and levels may differ by one.
"""

import json
import pathlib
import zlib

import numpy as np
import torch
import torchvision
import transformers
from PIL import Image
from transformers import Lfm2VlImageProcessor

FIXTURES = pathlib.Path(__file__).parents[2]
assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")

FILES = [f"preprocessing/{name}.png" for name in ["one", "tall", "wide", "noise"]]
FILES += [f"images/{name}.png" for name in ["chelsea", "astronaut-tall", "camera", "horse"]]
SMALL = dict(encoder_patch_size=8, tile_size=64, min_image_tokens=4, max_image_tokens=16)
CONFIGURATIONS = [
    {},
    dict(SMALL, max_pixels_tolerance=4.0),
    dict(SMALL, max_tiles=6, max_pixels_tolerance=0.5, image_mean=[0.48, 0.45, 0.4], image_std=[0.27, 0.26, 0.28]),
    dict(SMALL, resample=3, do_normalize=False),
    dict(SMALL, do_image_splitting=False, downsample_factor=3),
    dict(SMALL, min_tiles=1, max_tiles=1, do_rescale=False),
]


def parts(inputs, patch):
    """Each tile, overview or whole image as `[3, height, width]`."""
    for values, (rows, columns) in zip(inputs["pixel_values"], inputs["spatial_shapes"].tolist()):
        own = values[:rows * columns].reshape(rows, columns, patch, patch, 3)
        yield own.permute(4, 0, 2, 1, 3).reshape(3, rows * patch, columns * patch)


def processed(file, settings):
    processor = Lfm2VlImageProcessor(**settings)
    image = Image.open(FIXTURES / file).convert("RGB")
    try:
        inputs = processor(image, return_row_col_info=True, return_tensors="pt")
    except RuntimeError:
        # The overview of a long strip has more patches than the processor allows.
        return None
    images = list(parts(inputs, processor.encoder_patch_size))
    rows, columns = inputs["image_rows"][0], inputs["image_cols"][0]
    crc = 0
    for values in images:
        crc = zlib.crc32(values.contiguous().numpy().astype("<f4").tobytes(), crc)
    return {"file": file, "configuration": {"image_processor_type": "Lfm2VlImageProcessor", **settings},
            "tiles": [int(rows), int(columns)] if len(images) > 1 else None,
            "sizes": [list(values.shape[1:]) for values in images], "crc": crc}


def sizes(rng):
    """Sizes of any kind, and such as come equally close to two arrangements of tiles."""
    arrangements = [(w, h) for w in range(1, 11) for h in range(1, 11) if 2 <= w * h <= 10]
    for a in arrangements:
        for b in arrangements:
            width, height = a[0] * b[1] + b[0] * a[1], 2 * a[1] * b[1]
            yield 128 * width, 128 * height
    for edges in np.exp(rng.uniform(0, 9, (150, 2))):
        yield tuple(int(edge) for edge in edges)
    for length in [1, 15, 16, 17, 47, 48, 49, 704, 720, 736, 4000]:
        yield length, length
        yield 1, length
        yield length, 1


def choice(processor, width, height):
    numbers = [processor.max_image_tokens, processor.encoder_patch_size, processor.downsample_factor]
    large = processor._is_image_too_large(height, width, *numbers, processor.max_pixels_tolerance)
    grid = processor._get_grid_layout(height, width, 2, 10, processor.tile_size)[:2] if large else None
    whole = processor.smart_resize(
        height, width, processor.downsample_factor, processor.min_image_tokens, *numbers[:2])
    return [width, height, *(grid or (0, 0)), *whole]


results = {
    "transformers": transformers.__version__, "torch": torch.__version__.split("+")[0],
    "torchvision": torchvision.__version__.split("+")[0],
    "processed": [entry for settings in CONFIGURATIONS for file in FILES
                  if (entry := processed(file, settings))],
    # Width, height, tiles across and down (0 for an image that is not cut), width and height of what is not cut.
    "choices": [choice(Lfm2VlImageProcessor(), *size)
                for size in dict.fromkeys(sizes(np.random.default_rng(2)))]}
with open(FIXTURES / "preprocessing/lfm2vl.json", "w") as file:
    lines = [f" {json.dumps(key)}: " + (
        "[\n" + ",\n".join("  " + json.dumps(entry) for entry in value) + "\n ]" if isinstance(value, list)
        else json.dumps(value)) for key, value in results.items()]
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
print(len(results["processed"]), len(results["choices"]))
