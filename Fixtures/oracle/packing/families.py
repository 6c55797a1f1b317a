# SPDX-License-Identifier: Apache-2.0
"""Opens the folders for MLX of all small families with mlx-lm and mlx-vlm, and compares logits.

    PARE=.build/release/pare python families.py [FAMILY ...]

For each family the relative error of the logits of a text, in F32 and in 8 bits, beside what
`pare trace` computes of the original in F32; or why the folder does not open, with the notes that
`pare` gave before. Needs what readers.py needs; mlx-vlm for families that see images.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map

FIXTURES = Path(__file__).resolve().parents[2]
PARE = os.environ.get("PARE", "pare")
TOKENS = [1, 40, 300, 7, 9, 120, 11, 13]


def pare(*arguments):
    return subprocess.run([PARE, *map(str, arguments)], capture_output=True, text=True)


def logits(folder, sees_images):
    if sees_images:
        from mlx_vlm.utils import load_model
        model = load_model(folder)
    else:
        from mlx_lm.utils import load_model
        model = load_model(folder)[0]
    model.update(tree_map(
        lambda x: x.astype(mx.float32) if mx.issubdtype(x.dtype, mx.floating) else x,
        model.parameters()))
    output = (model.language_model if sees_images else model)(mx.array([TOKENS]))
    return np.array(getattr(output, "logits", output)[0].astype(mx.float32))


def check(source, sees_images, folder):
    model = folder / source.name
    shutil.copytree(source, model, ignore=shutil.ignore_patterns("golden*"))
    shutil.copy(FIXTURES / "stories260K/tokenizer.model", model)
    trace = folder / "trace.safetensors"
    made = pare("trace", model, "--tokens", ",".join(map(str, TOKENS)), "-o", trace, "--quiet")
    if made.returncode:
        return made.stderr.strip()
    expected = np.array(mx.load(str(trace))["logits"])
    results = []
    for arguments in (("convert", model, "--to", "mlx", "--type", "f32"),
                      ("quantize", model, "--to", "mlx", "--type", "8bit", "--group-size", "32")):
        target = folder / arguments[-1]
        made = pare(*arguments, "-o", target)
        if made.returncode:
            results.append(made.stderr.strip())
            continue
        try:
            own = logits(next(target.iterdir()), sees_images)
            results.append(f"{np.linalg.norm(own - expected) / np.linalg.norm(expected):.1e}")
        except Exception as error:  # Whatever a loader says.
            results.append(f"{type(error).__name__}: {str(error)[:100]!r}")
    notes = [line for line in made.stderr.splitlines() if "mlx" in line]
    return "  ".join(results + notes)


if __name__ == "__main__":
    mx.set_default_device(mx.cpu)
    for kind, sees_images in (("architectures", False), ("vision-language", True)):
        for source in sorted(path for path in (FIXTURES / kind).iterdir() if path.is_dir()):
            if sys.argv[1:] and source.name not in sys.argv[1:] or source.name.startswith("bert"):
                continue
            with tempfile.TemporaryDirectory() as folder:
                print(f"{source.name:20}", check(source, sees_images, Path(folder)), flush=True)
