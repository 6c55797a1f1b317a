# SPDX-License-Identifier: Apache-2.0
"""What MM1's image processor does, in Pillow and NumPy: Formats/images.md describes it.

Run as a program it writes Fixtures/preprocessing/mm1.json.
"""

import json
import math
import pathlib
import random
import zlib
from fractions import Fraction

import numpy as np
from PIL import Image

FIXTURES = pathlib.Path(__file__).parents[2]
MEAN = [0.48145466, 0.4578275, 0.40821073]
DEVIATION = [0.26862954, 0.26130258, 0.27577711]


def grids(least, most):
    """Columns and rows of all arrangements of so many tiles, from few to many and narrow to wide."""
    return [(columns, count // columns) for count in range(least, most + 1)
            for columns in range(1, count + 1) if count % columns == 0]


def choice(size, canvases):
    """The canvas that takes an image with the least border, without making it smaller if one can."""
    width, height = size

    def scale(canvas):
        return min(Fraction(canvas[0], width), Fraction(canvas[1], height))

    def border(canvas):
        return canvas[0] * canvas[1] - scale(canvas) ** 2 * width * height

    covering = [canvas for canvas in canvases if scale(canvas) >= 1]
    if covering:
        return min(covering, key=border)
    largest = max(map(scale, canvases))
    return min((canvas for canvas in canvases if scale(canvas) == largest), key=border)


def fitted_size(size, canvas):
    (width, height), (across, down) = size, canvas
    if across / width < down / height:
        return across, min(math.ceil(height * (across / width)), down)
    return min(math.ceil(width * (down / height)), across), down


def fit(image, canvas, stretches):
    size = canvas if stretches else fitted_size(image.size, canvas)
    whole = Image.new("RGB", canvas)
    place = ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2)
    whole.paste(image.resize(size, Image.Resampling.BICUBIC), place)
    return whole


def numbers(image):
    levels = (np.asarray(image).astype(np.float64) * (1 / 255)).astype(np.float32)
    return ((levels - np.float32(MEAN)) / np.float32(DEVIATION)).transpose(2, 0, 1)


def processed(image, configuration):
    """`[tiles, 3, side, side]`, and the rows and columns of tiles; None for one tile."""
    tile = configuration["size"]["height"]
    canvases = [(tile, tile)]
    if configuration.get("do_image_splitting", True):
        if "image_grid_pinpoints" in configuration:
            canvases = [(width, height) for height, width in configuration["image_grid_pinpoints"]]
        else:
            bounds = configuration.get("min_patches", 4), configuration.get("max_patches", 9)
            canvases = [(tile * columns, tile * rows) for columns, rows in grids(*bounds)]
    stretches = not configuration.get("do_pad", True)
    canvas = choice(image.size, canvases)
    whole = fit(image, canvas, stretches)
    columns, rows = canvas[0] // tile, canvas[1] // tile
    if rows * columns == 1:
        return numbers(whole)[None], None
    tiles = [whole.crop((x * tile, y * tile, (x + 1) * tile, (y + 1) * tile))
             for y in range(rows) for x in range(columns)]
    overview = [fit(image, (tile, tile), stretches)]
    tiles = overview + tiles if configuration.get("overview") == "first" else tiles + overview
    return np.stack([numbers(tile) for tile in tiles]), (rows, columns)


def configuration(side, **settings):
    return {"image_processor_type": "MM1ImageProcessor", "size": {"height": side, "width": side}, **settings}


def main():
    random.seed(1344)
    sizes = [(1, 1), (1, 4000), (4000, 1), (672, 672), (673, 672), (1344, 1344), (1345, 1344), (2016, 2016),
             (2017, 2016), (6048, 672), (6049, 672), (640, 480), (480, 640), (1920, 1080), (4032, 3024),
             (300, 300), (2688, 2688), (336, 1008)]
    sizes += [(random.randint(1, 5000), random.randint(1, 5000)) for _ in range(40)]
    choices = []
    for bounds in [(4, 9), (4, 16), (1, 6)]:
        canvases = [(672 * columns, 672 * rows) for columns, rows in grids(*bounds)]
        for size in sizes:
            canvas = choice(size, canvases)
            choices.append({"bounds": bounds, "size": size, "canvas": canvas, "fitted": fitted_size(size, canvas)})
    cases = []
    static = dict(image_grid_pinpoints=[[56, 56]], overview="first")
    for settings in [static, dict(static, do_pad=False), dict(), dict(max_patches=16),
                     dict(min_patches=1, max_patches=4), dict(do_image_splitting=False),
                     dict(do_image_splitting=False, do_pad=False)]:
        own = configuration(28, **settings)
        for file in ["preprocessing/one.png", "preprocessing/tall.png", "preprocessing/wide.png",
                     "preprocessing/noise.png", "images/chelsea.png", "images/astronaut-tall.png"]:
            pixels, layout = processed(Image.open(FIXTURES / file).convert("RGB"), own)
            cases.append({"configuration": own, "file": file, "tiles": layout, "shape": pixels.shape,
                          "crc": zlib.crc32(np.ascontiguousarray(pixels).tobytes())})
    # Published sizes.
    own = configuration(672, image_grid_pinpoints=[[1344, 1344]], overview="first")
    pixels, layout = processed(Image.open(FIXTURES / "images/coffee.png").convert("RGB"), own)
    cases.append({"configuration": own, "file": "images/coffee.png", "tiles": layout, "shape": pixels.shape,
                  "crc": zlib.crc32(np.ascontiguousarray(pixels).tobytes())})
    lines = ["{", ' "choices": [']
    lines += ["  " + json.dumps(entry) + "," for entry in choices[:-1]] + ["  " + json.dumps(choices[-1])]
    lines += [" ],", ' "processed": [']
    lines += ["  " + json.dumps(entry) + "," for entry in cases[:-1]] + ["  " + json.dumps(cases[-1])]
    lines += [" ]", "}"]
    (FIXTURES / "preprocessing/mm1.json").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
