"""Writes what the compiler makes of each family and export as a page.

usage: matrix.py FOLDER [--output docs/families.md]

FOLDER is what make_models.py wrote. A number is the largest difference from
PyTorch; a program that is refused has its reason below the table. Exits with 1
if a number is too large, or something fails that was not refused.
"""

import argparse
import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "endtoend"))
from common import explain  # noqa: E402
from exporters import KINDS, Sample, Table  # noqa: E402

from families import FAMILIES  # noqa: E402
from make_models import VARIANTS  # noqa: E402

HEAD = """# Families and exports

What the compiler makes of each family and each spelling that exporters have for
it. `test/families/make_models.py` makes the models, tiny ones with random
weights, and PyTorch's own results; `test/families/matrix.py` compares and prints
this table. Here: torch {torch}, transformers {transformers}. `raised` counts attentions. A number is the largest difference
from PyTorch's float32 results: `full`, `padding` (a batch whose second row is
padded on the left), `step` (past keys and values; 28, 1 and 4 tokens), `block`
(against an explicit mask), `reuse` (blocks encoded alone). A letter stands for
a reason below.

"""


def versions():
    from importlib.metadata import version
    return {name: version(name) for name in ("torch", "transformers")}


def row(path, reasons):
    """The cells of a model, and whether something is wrong with it."""
    compare = Table()
    cells, bad = {}, None
    try:
        info = explain(path)
        sample = Sample(path, compare)
    except SystemExit as stop:
        return {}, str(stop).splitlines()[-1]
    raised = sum(a["raised"] for a in info["attentions"])
    cells["raised"] = f"{raised}/{len(info['attentions'])}"
    refused = info.get("refused") or []
    try:
        sample.check(with_blocks=not refused)
    except SystemExit as stop:
        bad = str(stop).splitlines()[-1]
    for kind in KINDS:
        if kind in compare.worst:
            cells[kind] = f"{compare.worst[kind]:.0e}"
    for reason in refused:
        letter = reasons.setdefault(reason.split("\n")[0],
                                    chr(ord("a") + len(reasons)))
        for kind in ("block", "reuse"):
            cells[kind] = cells.get(kind, "") + letter
    failures = [f for f in compare.failures if "raised" not in f or not refused]
    return cells, bad or (failures[0] if failures else None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--output")
    args = parser.parse_args()
    lines, reasons, wrong = [], {}, []
    columns = ("raised", *KINDS)
    lines.append("| family | export | " + " | ".join(columns) + " |")
    lines.append("| --- " * (len(columns) + 2) + "|")
    for family in FAMILIES:
        for variant in VARIANTS:
            path = os.path.join(args.folder, f"{family}_{variant}.onnx")
            if not glob.glob(path[:-len(".onnx")] + ".npz"):
                continue
            cells, bad = row(path, reasons)
            if bad:
                wrong.append(f"{family}_{variant}: {bad}")
            lines.append(f"| {family} | {variant} | " + " | ".join(
                cells.get(c, "") for c in columns) + " |")
            print(lines[-1] + (f"  WRONG {bad[:200]}" if bad else ""),
                  flush=True)
    if args.output:
        with open(args.output, "w") as page:
            page.write(HEAD.format(**versions()))
            page.write("\n".join(lines) + "\n")
            if reasons:
                page.write("\n")
            for reason, letter in reasons.items():
                page.write(f"* {letter}: {reason}\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
