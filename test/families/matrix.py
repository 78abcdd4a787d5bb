"""Writes what the compiler makes of each family and each export as a page.

usage: matrix.py FOLDER [--families A,B,...] [--spellings A,B,...]
                 [--no-export] [--jobs N] [--output docs/families.md]

Makes the models that FOLDER does not have yet, as make_models.py does (what needs
packages of another environment, Optimum for one, is made from there before), runs
each of them, and writes the page. Models whose results are newer than the
compiler are not run again. Exits with 1 if a number is too large, or something
fails that was not refused.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "endtoend"))
from common import explain  # noqa: E402
from exporters import KINDS, Sample, Table  # noqa: E402

from families import FAMILIES  # noqa: E402
from make_models import make_all, names_of, wanted  # noqa: E402
from spellings import SPELLINGS, SWEEP, SWEPT  # noqa: E402

HEAD = """# Families and exports

What the compiler makes of each family and each spelling that exporters have for
it: tiny models with random weights, compared with PyTorch's own results. This
page is written by `test/families/matrix.py`; here with torch {torch},
transformers {transformers}{more}.

{summary}

## How they are spelled

| name | exporter | attention | inputs | opset |
| --- | --- | --- | --- | --- |
{spellings}

`ids` has token ids alone, `mask` an attention mask, too, `all` positions as well,
`past` all of these and the keys and values of earlier tokens.

## Results

`raised` counts attentions. A number is the largest difference from PyTorch's
float32 results: `full`, `padding` (a batch with a row that is padded on the
left), `step` (past keys and values; 28, 1 and 4 tokens), `block` (against an
explicit mask), `reuse` (blocks encoded alone). In float32 1e-4 is allowed, in 16
bits 2e-2 of the largest logit. A letter stands for a reason below the table, an
empty field for what the model has no inputs for.

"""


def versions():
    from importlib.metadata import PackageNotFoundError, version
    found = {}
    for name in ("torch", "transformers", "onnxruntime", "onnxruntime-genai"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found


def is_reported(failure, info):
    """Whether a failure is an attention that `--explain` gives a reason for."""
    return ": raised:" in failure and info.get("refused")


def measure(path):
    """What becomes of one model."""
    result = {"raised": "", "worst": {}, "refused": [], "wrong": []}
    compare = Table()
    try:
        info = explain(path)
        result["raised"] = "{}/{}".format(
            sum(a["raised"] for a in info["attentions"]),
            len(info["attentions"]))
        result["refused"] = info.get("refused") or []
        Sample(path, compare, info).check(with_blocks=not result["refused"])
        result["wrong"] = [f for f in compare.failures
                           if not is_reported(f, info)]
    except SystemExit as stop:
        lines = [line for line in str(stop).splitlines()
                 if line.startswith("error:")]
        result["wrong"] = lines[:1] or str(stop).splitlines()[-1:]
    result["worst"] = {kind: float(worst)
                       for kind, worst in compare.worst.items()}
    return result


def cached(path, compiler):
    """The result of a model, from the last time where nothing has changed."""
    file = path[:-len(".onnx")] + ".json"
    newest = max(os.path.getmtime(path), os.path.getmtime(compiler))
    if os.path.exists(file) and os.path.getmtime(file) > newest:
        with open(file) as text:
            return json.load(text)
    result = measure(path)
    with open(file, "w") as text:
        json.dump(result, text)
    return result


class Page:
    def __init__(self):
        self.rows, self.reasons, self.wrong = [], {}, []
        self.missing = collections.defaultdict(list)
        self.all_raised = self.refused = self.models = 0

    def letter(self, reason):
        # What differs between two models with the same reason is a name.
        reason = re.sub(r"'[^']*'", "'...'", reason.split("\n")[0])
        return self.reasons.setdefault(reason,
                                       chr(ord("a") + len(self.reasons)))

    def add(self, family, spelling, result):
        self.models += 1
        raised, _, count = result["raised"].partition("/")
        self.all_raised += bool(count) and raised == count
        self.refused += bool(result["refused"])
        cells = {kind: f"{worst:.0e}" for kind, worst in
                 result["worst"].items()}
        cells["raised"] = result["raised"]
        for reason in result["refused"]:
            for kind in ("block", "reuse"):
                cells[kind] = cells.get(kind, "") + self.letter(reason)
        if result["wrong"]:
            cells["full"] = cells.get("full", "") + " **wrong**"
            self.wrong.append(f"{family}_{spelling}: {result['wrong'][0]}")
        self.rows.append(f"| {family} | {spelling} | " + " | ".join(
            cells.get(c, "") for c in ("raised", *KINDS)) + " |")

    def write(self, file):
        found = versions()
        more = "".join(f", {name} {at}" for name, at in found.items()
                       if name not in ("torch", "transformers"))
        file.write(HEAD.format(
            **{name: found.get(name, "") for name in
               ("torch", "transformers")}, more=more, summary=self.summary(),
            spellings="\n".join(spelled())))
        file.write("| family | export | raised | " + " | ".join(KINDS) +
                   " |\n" + "| --- " * (len(KINDS) + 3) + "|\n")
        file.write("\n".join(self.rows) + "\n\n")
        for reason, letter in self.reasons.items():
            file.write(f"* {letter}: {reason}\n")
        for line in self.wrong:
            file.write(f"* wrong: {line}\n")
        file.write("\n## What the exporters could not write\n\n")
        for reason, names in self.missing.items():
            file.write(f"* {', '.join(names)}: {reason}\n")

    def summary(self):
        return (f"{self.models} models: every attention raised in "
                f"{self.all_raised}; block programs refused, with the reason, "
                f"for {self.refused}; {len(self.wrong)} wrong.")


def spelled():
    for name, how in {**SPELLINGS, **SWEEP}.items():
        kind = "" if name in SPELLINGS else f" ({', '.join(SWEPT)})"
        dtype = str(how.dtype).removeprefix("torch.")
        fixed = ", fixed lengths" if "fixed" in how.options else ""
        yield (f"| {name} | {how.exporter}{kind} | {how.attention} | "
               f"{how.inputs}, {dtype}{fixed} | {how.opset or ''} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--families")
    parser.add_argument("--spellings")
    parser.add_argument("--no-export", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output")
    args = parser.parse_args()
    compiler = shutil.which("blockattn-compile")
    if compiler is None:
        sys.exit("error: blockattn-compile is not in PATH")
    families, spellings = names_of(args.families), names_of(args.spellings)
    if not args.no_export:
        make_all(args.folder, wanted(families, spellings), args.jobs)
    names = [(family, spelling) for family in families or FAMILIES
             for spelling in spellings or {**SPELLINGS, **SWEEP}]
    path = os.path.join(args.folder, "{}_{}").format
    made = [pair for pair in names if os.path.exists(path(*pair) + ".npz")]
    page = Page()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda pair: cached(path(*pair) + ".onnx", compiler),
                           made)
        for pair, result in zip(made, results):
            page.add(*pair, result)
            print(page.rows[-1], flush=True)
    for pair in names:
        if os.path.exists(path(*pair) + ".failed"):
            with open(path(*pair) + ".failed") as text:
                page.missing[text.read().strip()].append("_".join(pair))
    for line in page.wrong:
        print("wrong:", line)
    print(page.summary())
    if args.output:
        with open(args.output, "w") as file:
            page.write(file)
    sys.exit(1 if page.wrong else 0)


if __name__ == "__main__":
    main()
