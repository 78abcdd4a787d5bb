"""Loops that threads share, against NumPy.

    shared_loops.py FOLDER [--only-models]
"""

import os
import sys

import numpy as np
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, *[".."] * 4, "conformance"))

import long_cases


def make_models(folder):
    os.makedirs(folder, exist_ok=True)
    paths = {}
    for name, model in long_cases.models().items():
        paths[name] = os.path.join(folder, name + ".onnx")
        onnx.save(model, paths[name])
    return paths


def check(name, program, inputs, outputs):
    results = program.run(*inputs)
    assert not isinstance(results, str), f"{name}: {results}"
    for result, wanted in zip(results, outputs):
        assert result.shape == wanted.shape, f"{name}: {result.shape}, not {wanted.shape}"
        # Whole numbers are exact, and so is what is added in the order of the updates.
        worst = np.abs(result - wanted).max() if result.size else 0
        assert worst <= (1e-4 if name == "sums" else 0), f"{name}: off by {worst}"
    launched = [kernel.split("_", 2)[2] for kernel in program.launches()]
    print(name, *[list(np.shape(value)) for value in inputs], launched[-1])


def check_updates(program, random):
    """Of several updates of an element one stays, and indices are checked."""
    for n, m, k, l in ((5, 4, 3, 4), (10, 600, 40, 300)):
        data, updates = random.random((n, m), np.float32), random.random((k, l), np.float32)
        indices = random.integers(-n, n, (k, l))
        y, = program["elements_none"].run(data, indices, updates)
        for i, j in np.ndindex(n, m):
            candidates = updates[:, j][indices[:, j] % n == i] if j < l else []
            assert y[i, j] in candidates if len(candidates) else y[i, j] == data[i, j]
    why = program["rows_add"].run(np.zeros((3, 3, 1), np.float32), np.array([[3, 0]]),
                                  np.ones((1, 1), np.float32))
    assert why == "rows_add: index out of range", why


def check_infinity(program):
    """An element counts from its place on, whoever adds it up."""
    x = np.ones((1, 2000, 1), np.float32)
    x[0, 1000] = np.inf
    y, = program["sums"].run(x)
    assert np.isinf(y[0, :1000]).all() and np.isfinite(y[0, 1000:]).all()


def main(folder, *options):
    models = make_models(folder)
    if options:
        return
    import emulate
    program = {name: emulate.Program(path, os.path.join(folder, name))
               for name, path in models.items()}
    for name, inputs, outputs in long_cases.collect():
        check(name, program[name], inputs, outputs)
    check_updates(program, np.random.default_rng(2))
    check_infinity(program)


main(*sys.argv[1:])
