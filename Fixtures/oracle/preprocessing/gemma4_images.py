# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing/gemma4.json: what transformers' processor of Gemma 4 makes of images,
put back together from its patches, and the sizes that it gives. Run from the root of the repository."""

import json
import math
import random
import zlib

import numpy as np
from PIL import Image
from transformers.models.gemma4 import image_processing_pil_gemma4 as gemma4

EDGES = [f"preprocessing/{name}.png" for name in ["one", "tall", "wide"]]
FILES = ["images/chelsea.png", "images/astronaut-tall.png", "images/horse.png",
         *(f"preprocessing/{name}.png" for name in ["noise", "grey8", "rgba8"])]
SETTINGS = [dict(), dict(max_soft_tokens=70), dict(max_soft_tokens=140, patch_size=8, pooling_kernel_size=2)]


def whole(inputs, patch):
    """`[channels, height, width]` of the only image."""
    places = inputs["image_position_ids"][0]
    columns, rows = (int(number) + 1 for number in places.max(0))
    patches = inputs["pixel_values"][0][:rows * columns].reshape(rows, columns, patch, patch, 3)
    return patches.transpose(4, 0, 2, 1, 3).reshape(3, rows * patch, columns * patch)


def main():
    processed = []
    for settings in SETTINGS:
        processor = gemma4.Gemma4ImageProcessorPil(**settings)
        for file in (FILES if settings else FILES[:1]) + EDGES:
            inputs = processor(Image.open(f"Fixtures/{file}").convert("RGB"), return_tensors="np")
            pixels = whole(inputs, settings.get("patch_size", 16)).astype("<f4")
            processed.append({
                "file": file, "shape": pixels.shape,
                "configuration": {"image_processor_type": "Gemma4ImageProcessor", **settings},
                "crc": zlib.crc32(np.ascontiguousarray(pixels).tobytes())})
    generator = random.Random(4)
    sizes = []
    for _ in range(200):
        width, height = (max(1, int(math.exp(generator.uniform(0, 9)))) for _ in range(2))
        patch, side = generator.choice([(16, 3), (8, 2), (14, 2)])
        tokens = generator.choice([70, 140, 280, 1120])
        try:
            found = gemma4.get_aspect_ratio_preserving_size(height, width, patch, tokens * side**2, side)
        except ValueError:
            found = (0, 0)
        sizes.append({"width": width, "height": height, "factor": patch * side, "tokens": tokens,
                      "size": found[::-1]})
    with open("Fixtures/preprocessing/gemma4.json", "w") as file:
        lines = [f' "{name}": [\n' + ",\n".join("  " + json.dumps(entry) for entry in entries) + "\n ]"
                 for name, entries in [("processed", processed), ("sizes", sizes)]]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
