"""A session embedded in a program that uses the GPU itself, here with PyTorch.

    embedding.py MODEL.cuda.ba [--library=...]

Inputs and outputs stay on the GPU: nothing but the bytes of conditions travels.
Work goes into the caller's stream, behind what is there already. What is wrong
(memory of the host, a stream of another context, too little memory, a GPU that was
lost) is an error that says what to do. MODEL is a decoder with `full` and no past,
such as models/small-decoder.onnx.
"""

import argparse
import ctypes
import gc
import re
import subprocess
import sys

import numpy as np
import torch

import runtime

TYPES = {torch.float32: 0, torch.int64: 4, torch.int32: 5}
LENGTH = 61


def tensor_of(tensor):
    """The C API's view of a tensor of PyTorch's."""
    assert tensor.is_contiguous()
    view = runtime.Tensor(tensor.data_ptr(), TYPES[tensor.dtype], tensor.dim())
    view.shape[:tensor.dim()] = tensor.shape
    return view


class Embedded(runtime.Session):
    def bind(self, kind, name, tensor):
        self.runtime.check(f"ba_session_set_device_{kind}", self.handle, name.encode(),
                           ctypes.byref(tensor_of(tensor)))
        self.kept.append(tensor)

    def clear(self):
        self.runtime.library.ba_session_clear(self.handle)
        self.kept = []

    def go(self, program="full"):
        self.runtime.check("ba_session_run", self.handle, program.encode())

    def device_output(self, name):
        """A copy, made by PyTorch, of the output where it is."""
        view = runtime.Tensor()
        self.runtime.check("ba_session_device_output", self.handle, name.encode(),
                           ctypes.byref(view))
        shape = tuple(view.shape[:view.rank])

        class Holder:
            __cuda_array_interface__ = {"data": (view.data, False), "shape": shape,
                                        "typestr": "<f4", "version": 3}
        return torch.as_tensor(Holder(), device="cuda").clone()

    def set_stream(self, stream):
        self.runtime.check("ba_session_set_stream", self.handle,
                           ctypes.c_void_p(stream))


class Tests:
    def __init__(self, library, path):
        self.loaded, self.path = runtime.Runtime(library), path
        self.model = runtime.Model(self.loaded, path, "cuda:0", tuning_file="")
        self.session = Embedded(self.model)
        self.random = np.random.default_rng(7)
        self.names = {role: (name, dtype) for name, role, dtype in
                      self.model.values("full", "input")}
        self.output = self.model.values("full", "output")[0][0]

    def tokens(self, length=LENGTH):
        return self.random.integers(0, 250, (1, length)).astype(self.names["tokens"][1])

    def expected(self, tokens):
        plain = runtime.Session(self.model)
        plain.run("full", {self.names["tokens"][0]: tokens})
        return torch.from_numpy(plain.output(self.output)).cuda()

    def bind(self, tokens):
        """Tokens and positions, and a place for the logits, on the GPU."""
        length = tokens.shape[1]
        self.session.clear()
        inputs = {"tokens": torch.from_numpy(tokens).cuda()}
        if "positions" in self.names:
            inputs["positions"] = torch.arange(length).expand(1, -1).contiguous().cuda()
        for role, tensor in inputs.items():
            self.session.bind("input", self.names[role][0], tensor)
        logits = torch.full((1, length, self.expected_width), float("nan"), device="cuda")
        self.session.bind("output", self.output, logits)
        return inputs["tokens"], logits

    def refused(self, what, *words):
        try:
            what()
        except runtime.Error as error:
            missing = [word for word in words if word not in str(error)]
            assert not missing, f"{missing} not in: {error}"
            return str(error)
        raise AssertionError(f"no error with {words}")

    def test_nothing_travels(self):
        """The profiler of CUDA sees every copy between host and GPU."""
        from torch.profiler import ProfilerActivity, profile
        host = self.tokens()
        want = self.expected(host)
        self.expected_width = want.shape[2]
        there, logits = self.bind(host)
        for times in range(5):
            logits.fill_(float("nan"))
            torch.cuda.synchronize()
            with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as seen:
                self.session.go()
            copies = {}
            for event in seen.events():
                for kind in ("HtoD", "DtoH"):
                    if "Memcpy " + kind in event.name:
                        copies[kind] = copies.get(kind, 0) + 1
            kernels = [e for e in seen.events() if "Mem" not in e.name]
            assert len(kernels) > 10, "the profiler sees no kernels"
            assert not copies.get("HtoD"), f"run {times}: {copies} copies"
            assert torch.equal(logits, want), f"run {times}"
            # Conditions are a byte each; logits would be one more copy.
            baseline = copies.get("DtoH", 0)
            if times:
                assert baseline == before, f"run {times}: {copies} copies"
            before = baseline
        # The same with the copies that there are without it, as a counter-test.
        plain = runtime.Session(self.model)
        with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as seen:
            plain.run("full", {self.names["tokens"][0]: host})
            plain.output(self.output)
        names = [e.name for e in seen.events()]
        assert any("Memcpy HtoD" in name for name in names), "the profiler sees no copies"
        assert sum("Memcpy DtoH" in name for name in names) == before + 1
        return f"{before} conditions read by each run"

    def test_outputs_where_they_are(self):
        host = self.tokens()
        want = self.expected(host)
        self.bind(host)
        self.session.go()
        assert torch.equal(self.session.device_output(self.output), want)

    def test_stream(self):
        """A run comes after what is in the caller's stream, and only then."""
        first, second = self.tokens(), self.tokens()
        want = self.expected(second)
        there, logits = self.bind(first)
        self.session.go()
        assert not torch.equal(logits, want)
        source = torch.from_numpy(second).cuda()
        stream = torch.cuda.Stream()

        def late():
            with torch.cuda.stream(stream):
                torch.cuda._sleep(100_000_000)
                there.copy_(source)

        # Without the stream, the run does not wait for the new tokens.
        late()
        self.session.go()
        assert not torch.equal(logits, want), "the counter-test waits as well"
        torch.cuda.synchronize()
        self.session.set_stream(stream.cuda_stream)
        for times in range(5):
            there.copy_(torch.from_numpy(first))
            torch.cuda.synchronize()
            late()
            self.session.go()
            assert torch.equal(logits, want), f"run {times} did not wait"
        self.session.set_stream(None)
        self.session.go()
        assert torch.equal(logits, want)

    def test_host_memory(self):
        name = self.names["tokens"][0]
        host = torch.from_numpy(self.tokens())
        self.session.clear()
        message = self.refused(lambda: self.session.bind("input", name, host),
                               f"input '{name}'", "cuda:0", "ba_session_set_input")
        self.refused(lambda: self.session.bind("output", self.output, host.float()),
                     f"output '{self.output}'", "cuda:0")
        pinned = host.pin_memory()
        # Pinned memory is at the GPU's addresses as well.
        self.session.bind("input", name, pinned)
        return message

    def test_stream_of_another_context(self):
        driver = ctypes.CDLL("libcuda.so.1")
        context, stream = ctypes.c_void_p(), ctypes.c_void_p()
        create = driver.cuCtxCreate_v2
        assert create(ctypes.byref(context), 0, 0) == 0
        assert driver.cuStreamCreate(ctypes.byref(stream), 1) == 0
        driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
        try:
            return self.refused(lambda: self.session.set_stream(stream.value),
                                "primary context", "cuda:0")
        finally:
            driver.cuCtxDestroy_v2(context)

    def test_memory_runs_out(self):
        host = self.tokens(4096)
        free, total = torch.cuda.mem_get_info()
        blocker = torch.empty(free - (300 << 20), dtype=torch.uint8, device="cuda")
        session = runtime.Session(self.model)
        longer = self.tokens(1 << 20)
        message = self.refused(
            lambda: session.run("full", {self.names["tokens"][0]: longer}),
            "needs", "free of", "GPU with more memory")
        wanted, unused = re.search(r"needs ([\d.]+ \w+) on .* has ([\d.]+ \w+) free",
                                   message).groups()
        del blocker
        gc.collect()
        torch.cuda.empty_cache()
        # It was an error and nothing more.
        session.run("full", {self.names["tokens"][0]: host})
        assert np.isfinite(session.output(self.output)).all()
        return f"wanted {wanted}, free {unused}"

    def lose_the_gpu(self):
        """In a process of its own: an input that was freed after it was bound."""
        driver = ctypes.CDLL("libcuda.so.1")
        place = ctypes.c_uint64()
        assert driver.cuMemAlloc_v2(ctypes.byref(place), ctypes.c_size_t(64 << 20)) == 0
        self.bind(self.tokens())
        name, dtype = self.names["tokens"]
        view = runtime.Tensor(place.value, runtime.DTYPES.index(dtype), 2)
        view.shape[:2] = 1, LENGTH
        self.loaded.check("ba_session_set_device_input", self.session.handle,
                          name.encode(), ctypes.byref(view))
        assert driver.cuMemFree_v2(place) == 0
        first = self.refused(self.session.go, "failed", "cannot be used by this process",
                             "CUDA_LAUNCH_BLOCKING")
        # From now on everything says so, at once, and no destructor hangs.
        again = self.refused(lambda: runtime.Session(self.model), "was lost")
        print(f"{first}\n{again}")

    def test_lost_gpu(self):
        done = subprocess.run([sys.executable, *sys.argv, "--lose"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip().splitlines()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--library", default="libblockattn.so.0")
    parser.add_argument("--lose", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    tests = Tests(options.library, options.model)
    tests.expected_width = tests.expected(tests.tokens()).shape[2]
    if options.lose:
        tests.lose_the_gpu()
        return 0
    failed = 0
    for name in [name for name in dir(tests) if name.startswith("test_")]:
        try:
            print(f"ok   {name[5:]}: {getattr(tests, name)() or ''}", flush=True)
        except (AssertionError, runtime.Error, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAIL {name[5:]}: {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
