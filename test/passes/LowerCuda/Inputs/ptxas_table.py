"""Compares what kernels need with a recorded table.

    ptxas_table.py KERNELS.mlir PTX.mlir TABLE [--only=sm_90a] [--record]
    ptxas_table.py KERNELS.ptx TABLE [--only=sm_90a] [--record]

KERNELS.mlir has the launches, PTX.mlir the same module with its kernels as
PTX; of PTX by itself, which does not say what shared memory launches give it,
the kernels written by hand are looked at: attention and products. A line of
TABLE is: kernel, architecture, registers, spilled bytes, bytes of shared memory.
Assemblers differ from release to release: with another than
the one in the first line of the table a kernel may have a fifth more registers
and 128 more spilled bytes. Products in flight that the assembler makes wait for
one another (a warning of its) are an error.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ARCHITECTURES = ["sm_80", "sm_90a", "sm_100a"]


def find_ptxas():
    for folder in (os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        path = folder and os.path.join(folder, "bin", "ptxas")
        if path and os.path.exists(path):
            return path
    return shutil.which("ptxas")


def unescape(text):
    text = re.sub(r"\\([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)),
                  text)
    return text.replace('\\"', '"').replace("\\\\", "\\").rstrip("\0")


def launches(kernels):
    """The bytes of shared memory that each kernel is launched with."""
    constants = dict(re.findall(r"(%\S+) = arith.constant (\d+) : i32",
                                kernels))
    shared = {}
    for name, value in re.findall(
            r"gpu.launch_func\s+@kernels::@(\w+).*?"
            r"dynamic_shared_memory_size (%\w+)", kernels):
        shared[name] = int(constants[value])
    return shared


def embedded(module):
    """The PTX in a module."""
    return unescape(re.search(r'assembly = "((?:[^"\\]|\\.)*)"', module,
                              re.S).group(1))


def measure(code, shared):
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kernels.ptx")
        with open(path, "w") as file:
            file.write(code)
        only = [a[7:] for a in sys.argv if a.startswith("--only=")]
        for architecture in only or ARCHITECTURES:
            run = subprocess.run(
                [find_ptxas(), "-v", "-arch=" + architecture, path, "-o",
                 os.path.join(folder, "kernels.cubin")],
                stderr=subprocess.PIPE, text=True)
            if run.returncode or "serialized" in run.stderr:
                sys.exit("%s: %s" % (architecture, run.stderr))
            name = spills = None
            for line in run.stderr.split("\n"):
                entry = re.search(r"entry function '(\w+)'", line)
                spill = re.search(r"(\d+) bytes spill stores", line)
                used = re.search(r"Used (\d+) registers", line)
                if entry:
                    name = entry.group(1)
                elif spill:
                    spills = int(spill.group(1))
                elif used and (shared or re.match("attention|.*_product_", name)):
                    rows[name, architecture] = (int(used.group(1)), spills,
                                                shared[name] if shared else 0)
    return rows


def main():
    *paths, table = (a for a in sys.argv[1:] if not a.startswith("--"))
    texts = [open(path).read() for path in paths]
    version = re.search(r"release ([\d.]+)", subprocess.run(
        [find_ptxas(), "--version"], stdout=subprocess.PIPE,
        text=True).stdout).group(1)
    if len(texts) == 1:
        rows = measure(texts[0], {})
    else:
        rows = measure(embedded(texts[1]), launches(texts[0]))
    if "--record" in sys.argv:
        with open(table, "w") as file:
            file.write("ptxas %s\n" % version)
            for (name, architecture), row in sorted(rows.items()):
                file.write("%s %s %d %d %d\n" % (name, architecture, *row))
        return 0
    lines = open(table).read().split("\n")
    same = lines[0].split()[1] == version
    recorded = {(f[0], f[1]): tuple(map(int, f[2:]))
                for f in (line.split() for line in lines[1:]) if f}
    bad = 0
    for key in sorted(rows.keys() | recorded.keys()):
        if key not in rows or key not in recorded:
            print("%s %s: only in the %s" % (
                *key, "table" if key in recorded else "code"))
            bad += 1
            continue
        limit = recorded[key]
        if not same:
            limit = (limit[0] * 6 // 5, limit[1] + 128, limit[2])
        if any(now > most for now, most in zip(rows[key], limit)):
            print("%s %s: registers, spills, shared memory %s, recorded %s" % (
                *key, rows[key], recorded[key]))
            bad += 1
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
