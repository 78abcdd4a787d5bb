"""Small programs in ONNX's text form: compiled, run and compared."""

import subprocess

import numpy as np
import onnx
import onnx.parser
from onnx.reference import ReferenceEvaluator

from common import Comparison, Workspace


def model_of(text, opset=24):
    return onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : {opset}]>\n{text}')


class Programs:
    def __init__(self):
        self.work, self.compare, self.count = Workspace(), Comparison(), 0

    def compiled(self, text, opset=24):
        self.count += 1
        path = self.work.path(f"{self.count}.onnx")
        model = model_of(text, opset)
        onnx.save(model, path)
        return model, self.work.compile(path, "--programs=full")

    def agrees(self, what, text, *cases, opset=24, tolerance=1e-4):
        """Each case: the inputs in order, and the outputs."""
        model, artifact = self.compiled(text, opset)
        names = [value.name for value in model.graph.output]
        for number, (arrays, wanted) in enumerate(cases):
            inputs = {value.name: array for value, array in zip(model.graph.input, arrays)}
            got = self.work.infer(artifact, inputs, names)
            for name, want in zip(names, wanted):
                want = np.asarray(want)
                what_now = f"{what} {number} {name}"
                self.compare.true(f"{what_now}: type", got[name].dtype == want.dtype)
                # Infinities have no difference.
                same = got[name].shape == want.shape and got[name] == want
                self.compare.close(what_now, np.where(same, 0, got[name]).reshape(got[name].shape),
                                   np.where(same, 0, want).reshape(want.shape), tolerance)

    def refuses(self, what, text, message, *feeds):
        model, artifact = self.compiled(text)
        for arrays in feeds:
            command = ["blockattn-run", "infer", artifact]
            for value, array in zip(model.graph.input, arrays):
                self.count += 1
                file = self.work.path(f"r{self.count}.npy")
                np.save(file, array)
                command += ["--input", f"{value.name}={file}"]
            name = model.graph.output[0].name
            command += ["--output", f"{name}={self.work.path('refused.npy')}"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
            print(done.stderr.strip())
            self.compare.true(f"{what}: refused", done.returncode == 1 and
                              done.stderr.startswith("error: ") and message in done.stderr)


class Referenced(Programs):
    def agrees(self, what, text, *feeds):
        """As ONNX's own evaluator; each feed: the inputs in order."""
        model = model_of(text)
        reference, names = ReferenceEvaluator(model), [i.name for i in model.graph.input]
        super().agrees(what, text, *[(feed, reference.run(None, dict(zip(names, feed))))
                                     for feed in feeds])
