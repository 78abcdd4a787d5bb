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
it: tiny models with random weights, compared with PyTorch's own results.

{summary}

{versions}

To write this page again, with `blockattn-compile` and `blockattn-run`
in PATH and the packages of `test/families/requirements.txt` (and Optimum or
onnxruntime-genai for their rows):

```sh
python3 test/families/matrix.py /tmp/models --jobs 8 --output docs/families.md
```

## How they are spelled

| name | exporter | attention | inputs | opset |
| --- | --- | --- | --- | --- |
{spellings}

`ids` has token ids alone, `mask` an attention mask, too, `all` positions as well,
`past` all of these and the keys and values of earlier tokens. Families that are like
others are there in the commonest spellings only. `genai_q4` has weights of 4 bits, and
its references are of PyTorch with the same rounded weights.

## Results

`raised` counts attentions, all and those raised to one operation. A number is the largest difference from PyTorch's
float32 results: `full`, `padding` (a batch with a row that is padded on the
left), `step` (past keys and values; 28, 1 and 4 tokens), `block` (against an
explicit mask), `reuse` (blocks encoded alone). In float32 1e-4 is allowed, in 16
bits 2e-2 of the largest logit. A letter is the reason, below the table, why there
is no such program, or why an attention is not raised; an empty field is what the
model has no inputs for.

"""


MISSING = """
## What the exporters could not write

What an exporter says of a model, or of what it wrote: none of these models got
as far as the compiler.

{versions}

"""

# A name in quotes, and not what lies between the apostrophes of two words.
QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)")

# What an exporter says of one model or one machine: names of temporary folders
# and of nodes, and the addresses of pages with more.
PARTICULAR = (
    (re.compile(r"/tmp/tmp\w+/"), ""),
    (re.compile(r"(?<![\w:/])(?:/[\w.-]+)+/(?=[\w.-]+\.\w+)"), ""),
    (re.compile(r"Load model from \S+ failed:"), "Load model failed: "),
    (re.compile(r"Name:'[^']*' "), ""),
    (re.compile(r"\[ONNXRuntimeError\] : \d+ : "), "ONNX Runtime: "),
    (re.compile(r"Non-zero status code returned while running "), ""),
    (re.compile(r"translating node %(\w+?)(?:_\d+)? .*"),
     r"translating a node %\1"),
    (re.compile(r"input parameter .*"), "an input"),
    (re.compile(r" Please (?:request|refer).*"), ""),
    (re.compile(r"^\w+(?=For\w+ does not support)"), "..."),
    (re.compile(r"a \w+ model, that is"), "a model that is"),
)
LONGEST = 160


def general(reason):
    """What an exporter says, without what is only one model's."""
    for pattern, instead in PARTICULAR:
        reason = pattern.sub(instead, reason)
    if len(reason) > LONGEST:
        reason = reason[:LONGEST].rsplit(" ", 1)[0] + " ..."
    return reason.strip()


def grouped(names):
    """Pairs of a family and a spelling, as `family (spelling, ...)`."""
    families = collections.defaultdict(list)
    for family, spelling in names:
        families[family].append(spelling)
    return [f"{family} ({', '.join(spellings)})"
            for family, spellings in families.items()]


def versions_of(path):
    """What a model was made with, as make_models.py says beside it."""
    made = path[:-len(".onnx")] + ".made"
    if not os.path.exists(made):
        return {}
    with open(made) as text:
        return json.load(text)


def is_reported(failure, info):
    """Whether a failure is an attention that `--explain` gives a reason for."""
    return ": raised:" in failure and info.get("refused")


def measure(path):
    """What becomes of one model."""
    result = {"raised": "", "worst": {}, "refused": [], "wrong": [],
              "unraised": []}
    compare = Table()
    try:
        info = explain(path)
        result["raised"] = "{}/{}".format(
            sum(a["raised"] for a in info["attentions"]),
            len(info["attentions"]))
        result["unraised"] = [reason for a in info["attentions"]
                              if not a["raised"] for reason in a["reasons"]]
        result["refused"] = info.get("refused") or []
        Sample(path, compare, info).check(with_blocks=not result["refused"])
        result["wrong"] = [f for f in compare.failures
                           if not is_reported(f, info)]
    except SystemExit as stop:
        lines = [line for line in str(stop).splitlines()
                 if line.startswith("error:")]
        result["wrong"] = lines[:1] or str(stop).splitlines()[-1:]
    except Exception as error:  # one model must not end the table of all
        result["wrong"] = [f"{type(error).__name__}: {error}"]
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
        # Pairs of a spelling and what it was made with, or was tried with.
        self.versions, self.tried = [], []
        self.missing = collections.defaultdict(list)
        self.all_raised = self.refused = self.models = 0

    def letters(self, reasons):
        """A letter for each reason, and one for those that are the same."""
        # What differs between two models with the same reason is a name.
        short = [QUOTED.sub("'...'", reason.split("\n")[0])
                 for reason in reasons]
        return "".join(sorted({
            self.reasons.setdefault(reason, chr(ord("a") + len(self.reasons)))
            for reason in short}))

    def add(self, family, spelling, result, versions):
        self.models += 1
        raised, _, count = result["raised"].partition("/")
        self.all_raised += bool(count) and raised == count
        self.refused += bool(result["refused"])
        cells = {kind: f"{worst:.0e}" for kind, worst in
                 result["worst"].items()}
        unraised = self.letters(result.get("unraised", []))
        cells["raised"] = f"{result['raised']} {unraised}".strip()
        if result["refused"]:
            cells["block"] = cells["reuse"] = self.letters(result["refused"])
        self.versions.append((spelling, versions))
        if result["wrong"]:
            cells["full"] = cells.get("full", "") + " **wrong**"
            self.wrong.append(f"{family}_{spelling}: {result['wrong'][0]}")
        self.rows.append(f"| {family} | {spelling} | " + " | ".join(
            cells.get(c, "") for c in ("raised", *KINDS)) + " |")

    def write(self, file):
        file.write(HEAD.format(
            versions=self.made_with(self.versions, "This page",
                                    "The rows of "), summary=self.summary(),
            spellings="\n".join(spelled())))
        file.write("| family | export | raised | " + " | ".join(KINDS) +
                   " |\n" + "| --- " * (len(KINDS) + 3) + "|\n")
        file.write("\n".join(self.rows) + "\n\n")
        for reason, letter in self.reasons.items():
            file.write(f"* {letter}: {reason}\n")
        for line in self.wrong:
            file.write(f"* wrong: {line}\n")
        file.write(MISSING.format(versions=self.made_with(
            self.tried, "This list", "What is said of ")))
        for reason, names in self.missing.items():
            file.write(f"* {', '.join(grouped(names))}: {reason}\n")

    def add_failed(self, pair, reason, versions):
        self.missing[general(reason)].append(pair)
        self.tried.append((pair[1], versions))

    @staticmethod
    def made_with(pairs, most, rest):
        """The versions of most models, and of those with others."""
        counts = collections.Counter(json.dumps(found) for _, found in pairs)
        lines = []
        for found, _ in counts.most_common():
            names = dict.fromkeys(spelling for spelling, other in pairs
                                  if json.dumps(other) == found)
            who = rest + ", ".join(names) if lines else most
            found = ", ".join(" ".join(pair)
                              for pair in json.loads(found).items())
            lines.append(f"{who}: {found or 'versions that were not kept'}.")
        return "\n".join(lines)

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
            page.add(*pair, result, versions_of(path(*pair) + ".onnx"))
            print(page.rows[-1], flush=True)
    for pair in names:
        if os.path.exists(path(*pair) + ".failed"):
            with open(path(*pair) + ".failed") as text:
                page.add_failed(pair, text.read(),
                                versions_of(path(*pair) + ".onnx"))
    for line in page.wrong:
        print("wrong:", line)
    print(page.summary())
    if args.output:
        with open(args.output, "w") as file:
            page.write(file)
    sys.exit(1 if page.wrong else 0)


if __name__ == "__main__":
    main()
