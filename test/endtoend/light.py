"""Compiles a model of the shape of Llama-3.2-1B and checks what that takes.

usage: light.py FOLDER

The weights are zeros in a sparse file and stay there. They are mapped, so the
pages of files, which the system can drop at any time, do not count as memory.
"""

import os
import re
import subprocess
import sys
import time

SECONDS = 60
BYTES = 10**9

folder = sys.argv[1]
models = os.path.join(os.path.dirname(__file__), "..", "..", "models")
model = os.path.join(folder, "model.onnx")
artifact = os.path.join(folder, "model.ba")
subprocess.run([sys.executable, os.path.join(models, "build_model.py"), "decoder",
                model, "--preset=llama-3.2-1b", "--external-data",
                "--weights=zeros"], check=True)
assert os.path.getsize(model + ".data") > 5 * 10**9


def own_memory(pid):
    """The memory of a process beside the pages of files, in bytes."""
    try:
        with open(f"/proc/{pid}/status") as file:
            fields = dict(re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M))
    except OSError:
        return 0
    return 1024 * (int(fields.get("RssAnon", 0)) + int(fields.get("RssShmem", 0)))


# As on a machine with two cores.
cores = sorted(os.sched_getaffinity(0))[:2]
begin = time.monotonic()
process = subprocess.Popen(
    ["blockattn-compile", model, "-o", artifact, "--weights=reference"],
    preexec_fn=lambda: os.sched_setaffinity(0, cores))
peak = 0
while process.poll() is None:
    peak = max(peak, own_memory(process.pid))
    time.sleep(0.01)
seconds = time.monotonic() - begin
assert process.returncode == 0, f"exit status {process.returncode}"
assert seconds < SECONDS, f"compiled in {seconds:.1f} s, not in {SECONDS} s"
assert 0 < peak < BYTES, f"{peak / 1e6:.0f} MB of memory"
# Nor were the weights copied.
assert os.path.getsize(artifact) < 100 * 10**6
print(f"compiled in {seconds:.1f} s with {peak / 1e6:.0f} MB")
