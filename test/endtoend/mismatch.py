"""Inputs whose lengths contradict one another end in an error, never in numbers.

usage: mismatch.py MODEL.onnx with KV inputs and its .npz
"""

import subprocess
import sys

import numpy as np

from common import Comparison, Workspace


def main():
    model = sys.argv[1]
    data = np.load(model[: -len(".onnx")] + ".npz")
    compare = Comparison()
    work = Workspace()
    artifact = work.compile(model)
    names = [k for k in data.files if k in ("input_ids", "position_ids",
                                            "attention_mask")
             or k.startswith("past_key_values.")]

    def refused(what, **changed):
        command = ["blockattn-run", "infer", artifact]
        for name in names:
            file = work.path(name + ".npy")
            np.save(file, changed.get(name.replace(".", "_"), data[name]))
            command += ["--input", f"{name}={file}"]
        command += ["--output", f"logits={work.path('logits.npy')}"]
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        print(done.stderr.strip())
        compare.true(f"{what}: refused",
                     done.returncode == 1 and done.stderr.startswith("error: "))

    key = data["past_key_values.0.key"]
    length = key.shape[2]
    for other in (0, 1, length - 1, length + 5, 100000):
        shape = (*key.shape[:2], other, key.shape[3])
        wrong = np.zeros(shape, np.float32)
        refused(f"past keys of {other}", past_key_values_0_key=wrong)
        refused(f"past values of {other}", past_key_values_1_value=wrong)
    for other in (1, length, 100000):
        refused(f"attention mask of {other}",
                attention_mask=np.ones((1, other), np.int64))
    refused("positions", position_ids=np.zeros((1, 3), np.int64))
    compare.exit()


main()
