"""What the end-to-end tests share: running the tools and comparing numbers."""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np

TOLERANCE = 1e-4


class Workspace:
    """A temporary folder with compiled artifacts and arrays as .npy files."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="blockattn-")
        self.count = 0

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def compile(self, model, *flags):
        return self.compile_and_say(model, *flags)[0]

    def compile_explained(self, model, *flags):
        """An artifact, and what is said of each attention."""
        artifact, said = self.compile_and_say(model, "--explain=json", *flags)
        return artifact, json.loads(said)["attentions"]

    def compile_and_say(self, model, *flags):
        self.count += 1
        artifact = self.path(f"{self.count}.ba")
        return artifact, run("blockattn-compile", model, "-o", artifact, *flags)

    def infer(self, artifact, inputs, outputs, *flags):
        """The named outputs of one `blockattn-run infer`."""
        command = ["blockattn-run", "infer", artifact, *flags]
        for name, array in inputs.items():
            self.count += 1
            file = self.path(f"in{self.count}.npy")
            np.save(file, np.asarray(array, order="C"))
            command += ["--input", f"{name}={file}"]
        files = {}
        for name in outputs:
            self.count += 1
            files[name] = self.path(f"out{self.count}.npy")
            command += ["--output", f"{name}={files[name]}"]
        run(*command)
        return {name: np.load(file) for name, file in files.items()}


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(command)}\n"
                 f"{done.stdout}{done.stderr}")
    return done.stdout


def explain(model):
    return json.loads(run("blockattn-compile", model, "--explain=json"))


class Comparison:
    """Collects what is compared, so that one run reports all that is off."""

    def __init__(self):
        self.bad = 0

    def close(self, what, got, want, tolerance=TOLERANCE, where=None):
        if got.shape != want.shape:
            self.fail(what, f"shape {got.shape}, expected {want.shape}")
            return
        difference = np.abs(got.astype(np.float64) - want.astype(np.float64))
        if where is not None:
            difference = difference[where]
        # Not `difference > tolerance`: a NaN has to fail.
        worst = difference.max() if difference.size else 0.0
        if worst <= tolerance:
            print(f"ok   {what}: {worst:.2e}")
        else:
            self.fail(what, f"off by {worst:.2e}, allowed {tolerance:.0e}")

    def true(self, what, condition):
        if condition:
            print(f"ok   {what}")
        else:
            self.fail(what, "does not hold")

    def fail(self, what, why):
        self.bad += 1
        print(f"FAIL {what}: {why}")

    def exit(self):
        sys.exit(1 if self.bad else 0)
