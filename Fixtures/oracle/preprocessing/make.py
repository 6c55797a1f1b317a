# SPDX-License-Identifier: Apache-2.0
"""Writes Fixtures/preprocessing: small images of every kind, and what Pillow and transformers make
of them. Run from the root of the repository with Pillow, numpy, safetensors and transformers."""

import io
import json
import os
import struct
import sys
import zlib

sys.modules.setdefault("torch", None)  # the NumPy path is the reference
os.environ["USE_TORCH"] = "0"

import numpy as np
import PIL
import transformers
from PIL import Image, ImageOps
from transformers import image_transforms, image_utils
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

FILTERS = [Image.Resampling(k) for k in range(6)]
OUT = "Fixtures/preprocessing"
rng = np.random.default_rng(20240314)
os.makedirs(OUT, exist_ok=True)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, width, height, depth, color, bits, extra=b"", tail=b""):
    """A PNG of random samples; `bits` is the number of bits a pixel."""
    stride = (width * bits + 7) // 8
    raw = b"".join(b"\0" + rng.bytes(stride) for _ in range(height))
    data = b"\x89PNG\r\n\x1a\n"
    data += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    data += extra + chunk(b"IDAT", zlib.compress(raw, 9)) + tail + chunk(b"IEND", b"")
    open(f"{OUT}/{name}", "wb").write(data)


def interlaced(name, width, height, depth, color, bits):
    """The same in Adam7: seven smaller images one after the other."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x0, y0, dx, dy in passes:
        w, h = len(range(x0, width, dx)), len(range(y0, height, dy))
        if w:
            raw += b"".join(b"\0" + rng.bytes((w * bits + 7) // 8) for _ in range(h))
    data = b"\x89PNG\r\n\x1a\n"
    data += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 1))
    extra = chunk(b"PLTE", rng.bytes(768)) if color == 3 else b""
    data += extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    open(f"{OUT}/{name}", "wb").write(data)


def tiff(orientation, endian="<", kind=3):
    mark = b"II" if endian == "<" else b"MM"
    value = struct.pack(endian + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    entries = [struct.pack(endian + "HHI", 0x0100, 4, 1) + struct.pack(endian + "I", 7),
               struct.pack(endian + "HHI", 0x0112, kind, 1) + value]
    return mark + struct.pack(endian + "HIH", 42, 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


def xmp(orientation):
    return (f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
            f'tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>').encode()


def smooth(width, height, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 120 * np.sin(x / (3 + c) + y / (7 - c) + c) for c in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def jpeg(name, image, **options):
    image.save(f"{OUT}/{name}", "JPEG", **options)


# Every kind of PNG
png("grey1.png", 19, 11, 1, 0, 1)
png("grey2.png", 19, 11, 2, 0, 2)
png("grey4.png", 19, 11, 4, 0, 4)
png("grey8.png", 19, 11, 8, 0, 8)
png("grey8-transparent.png", 19, 11, 8, 0, 8, chunk(b"tRNS", b"\0\x10"))
png("grey16.png", 19, 11, 16, 0, 16)
levels = b"".join(struct.pack(">H", v) for v in range(0, 512, 2))
open(f"{OUT}/grey16-low.png", "wb").write(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + levels[i * 32:(i + 1) * 32] for i in range(16)), 9))
    + chunk(b"IEND", b""))
png("grey-alpha8.png", 19, 11, 8, 4, 16)
png("grey-alpha16.png", 19, 11, 16, 4, 32)
png("rgb8.png", 19, 11, 8, 2, 24)
png("rgb8-transparent.png", 19, 11, 8, 2, 24, chunk(b"tRNS", b"\0\1\0\2\0\3"))
png("rgb16.png", 19, 11, 16, 2, 48)
png("rgba8.png", 19, 11, 8, 6, 32)
png("rgba16.png", 19, 11, 16, 6, 64)
png("palette1.png", 19, 11, 1, 3, 1, chunk(b"PLTE", rng.bytes(6)))
png("palette2.png", 19, 11, 2, 3, 2, chunk(b"PLTE", rng.bytes(12)))
png("palette4.png", 19, 11, 4, 3, 4, chunk(b"PLTE", rng.bytes(48)))
png("palette8.png", 19, 11, 8, 3, 8, chunk(b"PLTE", rng.bytes(768)))
png("palette8-transparent.png", 19, 11, 8, 3, 8, chunk(b"PLTE", rng.bytes(768)) + chunk(b"tRNS", rng.bytes(200)))
png("palette8-short.png", 19, 11, 8, 3, 8, chunk(b"PLTE", rng.bytes(30)))
for name, depth, color, bits in (("grey1", 1, 0, 1), ("grey16", 16, 0, 16), ("rgb8", 8, 2, 24),
                                 ("palette4", 4, 3, 4), ("rgba8", 8, 6, 32)):
    interlaced(f"{name}-interlaced.png", 19, 11, depth, color, bits)
interlaced("tiny-interlaced.png", 1, 1, 8, 2, 24)
png("exif-before.png", 5, 3, 8, 2, 24, chunk(b"eXIf", tiff(6, ">")))
png("exif-after.png", 5, 3, 8, 2, 24, tail=chunk(b"eXIf", tiff(5)))
png("xmp.png", 5, 3, 8, 2, 24, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(8)))
png("exif-over-xmp.png", 5, 3, 8, 2, 24,
    chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(8)) + chunk(b"eXIf", tiff(3)))

# Every kind of JPEG
photo = Image.fromarray(smooth(45, 31))
jpeg("rgb-444.jpg", photo, quality=90, subsampling=0)
jpeg("rgb-422.jpg", photo, quality=90, subsampling=1)
jpeg("rgb-420.jpg", photo, quality=90, subsampling=2)
jpeg("rgb-progressive.jpg", photo, quality=75, progressive=True)
jpeg("rgb-restart.jpg", photo, quality=85, restart_marker_rows=1)
jpeg("rgb-untransformed.jpg", photo, quality=90, keep_rgb=True)
jpeg("grey.jpg", Image.fromarray(smooth(45, 31, 1)[:, :, 0]), quality=80)
jpeg("grey-progressive.jpg", Image.fromarray(smooth(45, 31, 1)[:, :, 0]), quality=80, progressive=True)
jpeg("noise.jpg", Image.fromarray(rng.integers(0, 256, (17, 33, 3), dtype=np.uint8)), quality=30)
jpeg("tiny.jpg", Image.fromarray(smooth(1, 1)), quality=90)
jpeg("cmyk.jpg", Image.fromarray(smooth(16, 16, 4), "CMYK"), quality=60)
for orientation in range(1, 9):
    endian = "<" if orientation % 2 else ">"
    exif = b"Exif\0\0" + tiff(orientation, endian, 3 if orientation < 7 else 4)
    jpeg(f"orientation{orientation}.jpg", Image.fromarray(smooth(24, 16)), quality=90, subsampling=0, exif=exif)
jpeg("orientation9.jpg", Image.fromarray(smooth(24, 16)), quality=90, exif=b"Exif\0\0" + tiff(9))
jpeg("xmp.jpg", Image.fromarray(smooth(24, 16)), quality=90, subsampling=0, xmp=xmp(7))

# Sources for resizing
for name, (width, height) in {"noise": (37, 23), "one": (1, 1), "tall": (1, 4000), "wide": (4000, 1)}.items():
    Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(f"{OUT}/{name}.png")


def crc(array):
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


def rgb(path):
    return Image.open(path).convert("RGB")


golden = {"pillow": PIL.__version__, "transformers": transformers.__version__}
kinds = sorted(f"preprocessing/{f}" for f in os.listdir(OUT) if f.endswith((".png", ".jpg")) and f != "cmyk.jpg" and ".expected." not in f)
kinds += sorted(f"images/{f}" for f in os.listdir("Fixtures/images") if f.endswith(".png"))
golden["decoded"] = []
for file in kinds:
    plain = rgb(f"Fixtures/{file}")
    upright = ImageOps.exif_transpose(Image.open(f"Fixtures/{file}")).convert("RGB")
    golden["decoded"].append({"file": file, "width": plain.width, "height": plain.height, "crc": crc(plain),
                              "upright": [upright.width, upright.height, crc(upright)]})
# Different versions of libjpeg may round differently, so these are compared by level.
strip = [f for f in kinds if f.endswith(".jpg") and "orientation" not in f]
for file in strip:
    rgb(f"Fixtures/{file}").save(f"{OUT}/{os.path.basename(file)}.expected.png", optimize=True)
rocket = rgb("Fixtures/images/rocket.jpg").crop((256, 160, 384, 256))
rocket.save(f"{OUT}/rocket.jpg.expected.png", optimize=True)
golden["rocket"] = {"x": 256, "y": 160, "width": 128, "height": 96}

sizes = [(37, 23), (1, 1), (74, 46), (36, 22), (13, 9), (5, 3), (200, 7), (7, 200), (37, 10), (11, 23), (111, 69),
         (33, 15), (33, 14), (35, 15), (60, 22), (60, 23)]
golden["resized"] = []
for file, targets in {"noise": sizes, "one": [(1, 1), (2, 1), (7, 5), (64, 64)],
                      "tall": [(1, 1), (1, 400), (3, 1333), (8, 4001)],
                      "wide": [(1, 1), (400, 1), (1333, 3), (4001, 8)]}.items():
    source = rgb(f"{OUT}/{file}.png")
    for width, height in targets:
        for kernel in FILTERS:
            golden["resized"].append({"file": f"preprocessing/{file}.png", "width": width, "height": height,
                                      "filter": int(kernel), "crc": crc(source.resize((width, height), kernel))})
chelsea = rgb("Fixtures/images/chelsea.png")
for kernel in FILTERS:
    golden["resized"].append({"file": "images/chelsea.png", "width": 90, "height": 60, "filter": int(kernel),
                              "crc": crc(chelsea.resize((90, 60), kernel))})

noise = np.moveaxis(np.array(rgb(f"{OUT}/noise.png")), -1, 0)
golden["cropped"] = []
for width, height in [(37, 23), (10, 10), (11, 11), (36, 22), (38, 24), (39, 25), (50, 10), (51, 11), (10, 40),
                      (11, 41), (1, 1), (64, 64)]:
    cropped = image_transforms.center_crop(noise, (height, width), input_data_format="channels_first")
    golden["cropped"].append({"width": width, "height": height, "crc": crc(np.moveaxis(cropped, 0, -1))})

golden["sizes"] = []
for _ in range(300):
    width, height = (int(v) for v in np.exp(rng.uniform(0, 9, 2)))
    width, height = max(width, 1), max(height, 1)
    edge, longest = int(rng.integers(1, 700)), int(rng.integers(1, 1400))
    fake = np.empty((3, height, width), np.uint8) if width * height < 1 << 22 else None
    if fake is None:
        continue
    short = image_transforms.get_resize_output_image_size(fake, edge, default_to_square=False, input_data_format="channels_first")
    within = image_utils.get_image_size_for_max_height_width((height, width), edge, longest)
    edges = image_transforms.get_size_with_aspect_ratio((height, width), edge, longest)
    golden["sizes"].append({"width": width, "height": height, "edge": edge, "longest": longest,
                            "shortestEdge": short[::-1], "within": within[::-1], "edges": edges[::-1]})

clip = json.load(open("Fixtures/mm1-tiny/preprocessor_config.json"))
configurations = [
    (CLIPImageProcessorPil, clip),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "size": 56, "crop_size": 56}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPFeatureExtractor", "size": {"shortest_edge": 40}, "crop_size": {"height": 50, "width": 30}, "resample": 1}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "do_resize": False, "crop_size": [33, 47], "do_normalize": False}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 40, "longest_edge": 60}, "do_center_crop": False, "do_rescale": False}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "size": {"max_height": 48, "max_width": 64}, "do_center_crop": False, "do_pad": True, "pad_size": {"height": 64, "width": 64}}),
    (SiglipImageProcessorPil, {"image_processor_type": "SiglipImageProcessor", "size": {"height": 48, "width": 56}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}),
    (ViTImageProcessorPil, {"image_processor_type": "ViTFeatureExtractor", "size": 64, "image_mean": 0.4, "image_std": 0.3}),
    (BlipImageProcessorPil, {"image_processor_type": "BlipImageProcessor", "size": {"height": 32, "width": 32}}),
    (LlavaImageProcessorPil, {"image_processor_type": "LlavaImageProcessor", "do_pad": True, "size": {"shortest_edge": 56}, "crop_size": {"height": 56, "width": 56}}),
]
golden["processed"] = []
for kind, configuration in configurations:
    processor = kind(**configuration)
    for file in ("mm1-tiny/evaluation/images/000.png", "preprocessing/noise.png", "images/horse.png"):
        pixels = processor(rgb(f"Fixtures/{file}"), return_tensors="np")["pixel_values"][0]
        golden["processed"].append({"file": file, "configuration": configuration, "shape": pixels.shape,
                                    "crc": crc(pixels.astype("<f4"))})
pixels = CLIPImageProcessorPil(**clip)(rgb("Fixtures/mm1-tiny/evaluation/images/000.png"), return_tensors="np")["pixel_values"][0]
pixels.astype("<f4").tofile(f"{OUT}/000.clip.f32")

with open(f"{OUT}/golden.json", "w") as file:
    parts = [f' {json.dumps(k)}: ' + ("[\n" + ",\n".join("  " + json.dumps(e) for e in v) + "\n ]" if isinstance(v, list) else json.dumps(v))
             for k, v in golden.items()]
    file.write("{\n" + ",\n".join(parts) + "\n}\n")
