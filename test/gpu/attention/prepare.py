"""Compiles the attention kernels for check.py and bench.py, which may run on
another machine.

    prepare.py FOLDER [--chip=sm_90a] [NAME]...

FOLDER gets host.mlir, the launches, and kernels.ptx, which the driver or ptxas
assembles. Needs blockattn-opt. The names are those of variants.py;
without any, all.
"""

import argparse
import os
import re
import subprocess
import sys

FEATURES = {"sm_80": "+ptx78", "sm_90a": "+ptx80"}


def run(command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE,
                          check=True, text=True).stdout


def unescape(text):
    """A string attribute as MLIR prints it."""
    return re.sub(r"\\([0-9A-Fa-f]{2}|.)", lambda m: chr(int(m.group(1), 16))
                  if len(m.group(1)) == 2 else m.group(1), text).rstrip("\0")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--chip", choices=sorted(FEATURES), default="sm_80")
    options = parser.parse_intermixed_args()
    os.makedirs(options.folder, exist_ok=True)
    here = os.path.dirname(os.path.abspath(__file__))
    source = run([sys.executable, os.path.join(here, "variants.py"),
                  *options.names])
    chip = "{chip=%s}" % options.chip
    kernels = run(["blockattn-opt", "-", "--pass-pipeline=builtin.module("
                   f"func.func(blockattn-split-attention{chip}),"
                   f"blockattn-lower-attention-to-cuda{chip},canonicalize,cse)"],
                  source)
    # The launches, a line each, without the kernels that they are of.
    generic = run(["blockattn-opt", "-", "--mlir-print-op-generic"], kernels)
    host = generic[:generic.index('"gpu.module"')].rstrip() + "\n"
    with open(os.path.join(options.folder, "host.mlir"), "w") as file:
        file.write(host)
    assembly = run(["blockattn-opt", "-", "--allow-unregistered-dialect",
                    "--pass-pipeline=builtin.module(gpu.module(convert-scf-to-cf,"
                    "convert-gpu-to-nvvm,convert-nvvm-to-llvm,"
                    "reconcile-unrealized-casts,canonicalize,cse),"
                    f"nvvm-attach-target{{chip={options.chip} "
                    f"features={FEATURES[options.chip]} O=3}},"
                    "gpu-module-to-binary{format=isa})"], kernels)
    text = re.search(r'assembly = "((?:[^"\\]|\\.)*)"', assembly, re.S)
    with open(os.path.join(options.folder, "kernels.ptx"), "w") as file:
        file.write(unescape(text.group(1)))


if __name__ == "__main__":
    main()
