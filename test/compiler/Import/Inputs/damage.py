"""Damages a model in many ways and compiles each: every one must be imported or
refused with an error, and never end by a signal: FILE COUNT COMMAND..."""

import os
import random
import subprocess
import sys

path, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
with open(path, "rb") as file:
    model = file.read()
random.seed(1)


def damaged(kind):
    data = bytearray(model)
    place = random.randrange(len(data))
    if kind == 0:
        return data[:place]
    if kind == 1:
        data[place] ^= 1 << random.randrange(8)
    elif kind == 2:
        data[place] = random.randrange(256)
    elif kind == 3:
        del data[place : place + random.randrange(1, 20)]
    else:
        data[place:place] = random.randbytes(random.randrange(1, 20))
    return data


results = {"imported": 0, "refused": 0}
base, extension = os.path.splitext(path)
for i in range(count):
    name = f"{base}-damaged{extension}"
    with open(name, "wb") as file:
        file.write(damaged(i % 5))
    run = subprocess.run(command + [name], capture_output=True)
    if run.returncode == 0:
        results["imported"] += 1
    elif run.returncode == 1 and b"error: " in run.stderr:
        results["refused"] += 1
    else:
        os.rename(name, f"{base}-crash{i}{extension}")
        print(f"number {i}: status {run.returncode}: {run.stderr[-2000:]}")
        results["bad"] = results.get("bad", 0) + 1
print(results)
sys.exit("bad" in results)
