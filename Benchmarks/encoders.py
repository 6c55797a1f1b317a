# SPDX-License-Identifier: Apache-2.0
"""Tables of the encoders alone: the errors that they leave, and how fast they are, beside their peers."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers", "encodings.py")
SETS = ["gaussian", "student-5", "mm1-tiny", "llava-tiny"]


def lines(command, environment=None):
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ | (environment or {}))
    return [json.loads(line) for line in output.stdout.splitlines()]


def peer(*arguments):
    return [sys.executable, PEERS, *arguments]


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), row(*["---"] + ["--:"] * (len(head) - 1))] + [row(*r) for r in rows])


def percent(value):
    return f"{100 * value:.3g}"


def errors(program, fixtures, folder):
    """Relative errors in percent, pare's and the peer's, and the ratio of their squares."""
    subprocess.run(peer("data", fixtures, folder), check=True)
    ours = {(e["set"], e["type"]): e for e in lines([program, "errors", os.path.join(folder, "sets.json")])}
    theirs = {(e["set"], e["type"]): e for e in lines(peer("errors", folder))}
    types = list(dict.fromkeys(kind for _, kind in theirs))
    worse = []

    def cell(name, kind, what):
        a, b = ours.get((name, kind)), theirs.get((name, kind))
        if not a or not b:
            return "–"
        ratio = (a[what] / b[what]) ** 2
        if ratio > 1.000001:
            worse.append((kind, name, what, ratio))
        return f"{percent(a[what])} / {percent(b[what])} = {ratio:.3f}"

    parts = []
    for what, title in (("plain", "All elements alike"), ("weighted", "Weighted by importance")):
        rows = [[kind] + [cell(name, kind, what) for name in SETS] for kind in types]
        parts.append(f"### {title}\n\n" + table(["type"] + SETS, rows))
    verdict = ("No row is worse than the peer." if not worse else
               "Worse than the peer: " + "; ".join(f"{k}, {n}, {w}: {r:.4f}" for k, n, w, r in worse) + ".")
    return "\n\n".join(parts + [verdict])


def speed(program, seconds):
    """Million weights a second on one core, without / with importance, and gigabytes decoded."""
    ours = lines([program, "speed", str(seconds)])
    theirs = {e["type"]: e for e in lines(peer("speed", str(seconds)), {"OMP_NUM_THREADS": "1"})}
    sets = list(dict.fromkeys(e["instructionSet"] for e in ours))
    kinds = [k for k in dict.fromkeys(e["type"] for e in ours) if not k.startswith("mlx") or "-64-BF16" in k
             or k in ("mlx-mxfp4", "mlx-nvfp4")]
    by_key = {(e["type"], e["instructionSet"]): e for e in ours}
    rows = []
    for kind in kinds:
        best, other = by_key[kind, sets[-1]], theirs.get(kind)
        rows.append(
            [kind] + [f"{by_key[kind, s]['encode']:.0f} / {by_key[kind, s]['encodeWeighted']:.0f}" for s in sets]
            + [f"{other['encode']:.1f} / {other['encodeWeighted']:.1f}" if other else "–",
               f"{best['encode'] / other['encode']:.1f} / {best['encodeWeighted'] / other['encodeWeighted']:.1f}"
               if other else "–"]
            + [f"{by_key[kind, s]['decode']:.1f}" if "decode" in by_key[kind, s] else "–" for s in sets])
    head = ["type"] + [f"encode, {s}" for s in sets] + ["llama.cpp", "ratio"] + [f"decode GB/s, {s}" for s in sets]
    return table(head, rows)


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return "an unknown processor"


def report(program, fixtures, folder, seconds):
    return f"""# Encoders beside their peers

Made by `scripts/bench encodings --markdown Benchmarks/encodings.md` on {processor()}; {len(SETS)} sets of rows: 256 × 4,096
normal numbers, as many of Student's t with five degrees of freedom, and all matrices of two trained models.

## Errors

‖x − y‖ / ‖x‖ in percent, Pare's / the peer's, and the ratio of the squared errors: below 1 Pare is closer at the same
bytes. With importance (log-normal, one number a column) both encoders are told of it where they take it, and both norms
are weighted by it. The peer of a GGUF type is llama.cpp's `ggml_quantize_chunk` (importance of ones where it cannot do
without), that of `mlx-BITS-GROUP-DTYPE` is `mx.quantize`, which knows no importance.

{errors(program, fixtures, folder)}

## Speed

Million weights a second on one core, without / with importance, for each instruction set; llama.cpp's encoder on the
same rows, and the ratio of the widest instruction set to it. Decoding: gigabytes of Float32 a second. llama.cpp's
encoders of IQ1, IQ2 and IQ3 also build tables for one to ten seconds in each process, which is not counted here.

{speed(program, seconds)}
"""
