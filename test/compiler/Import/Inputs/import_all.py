"""Imports every model of the folders and reads the result back:
COMPILE OPT FOLDER..."""

import glob
import os
import subprocess
import sys

compiler, opt, folders = sys.argv[1], sys.argv[2], sys.argv[3:]
bad = 0
for folder in folders:
    for path in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
        run = subprocess.run(
            [compiler, "--compile-to=import", path], capture_output=True
        )
        if run.returncode == 0:
            run = subprocess.run(
                [opt, "-", "-o", os.devnull], input=run.stdout, capture_output=True
            )
        if run.returncode != 0:
            bad += 1
            print(path, run.returncode, run.stderr.decode(errors="replace")[:4000])
sys.exit(bad != 0)
