"""Checks docs/reasons.md against what the compiler can say: every text of a reason
in the sources is in the page, and every reason in the page is in the sources.

usage: reasons.py ROOT [--list]
"""

import pathlib
import re
import sys

SOURCES = """
passes/Raise/AttentionLike.cpp passes/Raise/AttentionSite.cpp
passes/Raise/DecomposeOnnxAttention.cpp
passes/Raise/MaskConstants.cpp passes/Raise/MaskFit.cpp
passes/Raise/MaskLengths.cpp passes/Raise/MaskObservation.cpp
passes/Raise/MaskPieces.cpp passes/Raise/PositionDependence.cpp
passes/Raise/RaiseAttention.cpp passes/Blockify/DeriveBlock.cpp
passes/Blockify/DeriveExtend.cpp passes/Blockify/ReplacePositions.cpp
passes/Blockify/TokenMixing.cpp
""".split()
PAGE = "docs/reasons.md"
# Shorter ones join others, or name something.
LEAST = 24
# What is said to someone who works on the compiler.
OTHERS = ["there is no program `full`; run blockattn-assign-roles first",
          "its scores have an unexpected shape"]

LITERAL = r'"((?:[^"\\]|\\.)*)"'


def texts(source):
    """String literals, those next to one another as one."""
    source = re.sub(r"^\s*(//|#).*$", "", source, flags=re.M)
    for match in re.finditer(rf"{LITERAL}(?:\s*{LITERAL})*", source):
        text = "".join(re.findall(LITERAL, match.group()))
        yield " ".join(text.replace("\\n", " ").split())


def reasons(page):
    """The first column of each table, without what stands for something."""
    for line in page.splitlines():
        match = re.match(r"\| (`+)(.*?[^`])\1 \|", line)
        if match:
            yield match.group(2)


def main():
    root = pathlib.Path(sys.argv[1])
    said = []
    for name in SOURCES:
        said += texts((root / name).read_text())
    if "--list" in sys.argv:
        print("\n".join(text for text in said if len(text) >= LEAST))
        return
    page = " ".join((root / PAGE).read_text().split())
    everything = "\0".join(said)
    bad = [f"not in {PAGE}: {text}" for text in said
           if len(text) >= LEAST and " " in text and text not in page and
           text not in OTHERS]
    for reason in reasons((root / PAGE).read_text()):
        for part in reason.split("..."):
            part = part.strip(" '")
            if len(part) >= 5 and part not in everything:
                bad.append(f"nowhere in the sources: {part}")
    for line in bad:
        print(line)
    sys.exit(1 if bad else 0)


main()
