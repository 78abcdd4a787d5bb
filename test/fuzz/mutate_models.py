"""Mutates ONNX models as messages, not as bytes: what comes out is protobuf
that parses, with other ops, attributes, shapes, types, edges and constants.
Each is compiled and, where that succeeds, run. Whatever the model says, the
answer is a result or `error:` with a non-zero status, and never a signal.

usage: mutate_models.py MODEL.onnx... [--cases N] [--seed S] [--runs N]
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INTS = [-2**63, -2**31, -9, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 8, 16, 64, 4097,
        2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-5, 1e30, -1e30, float("inf"),
          float("-inf"), float("nan")]
EXTENTS = [0, 1, 1, 2, 3, 4, 8, 16, 17, 2**31, 2**62, -1, None, "batch",
           "sequence", "other", "sequence + 1", "2*sequence"]
TYPES = [TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64,
         TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL,
         TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE,
         TensorProto.UINT8, TensorProto.STRING, TensorProto.COMPLEX64,
         TensorProto.INT4, 0, 99]
OPS = [schema.name for schema in onnx.defs.get_all_schemas()
       if schema.domain == ""]


class Mutator:
    def __init__(self, model, rng):
        self.model = model
        self.graph = model.graph
        self.rng = rng

    def values(self):
        """Every name that an edge may come from."""
        names = [t.name for t in self.graph.initializer]
        names += [i.name for i in self.graph.input]
        for node in self.graph.node:
            names += node.output
        return names

    def node(self):
        return self.rng.choice(self.graph.node)

    def change_op(self):
        """Another op of the graph, or any op at all."""
        node = self.node()
        node.op_type = (self.node().op_type if self.rng.random() < 0.6
                        else self.rng.choice(OPS))

    def change_domain(self):
        self.node().domain = self.rng.choice(["com.microsoft", "other", "ai.onnx"])

    def change_attribute(self):
        node = self.node()
        for _ in range(10):
            if node.attribute:
                break
            node = self.node()
        else:
            return
        attribute = self.rng.choice(node.attribute)
        draw = self.rng.random()
        if draw < 0.1:
            node.attribute.remove(attribute)
        elif draw < 0.2:
            attribute.CopyFrom(helper.make_attribute(attribute.name, self.rng.choice(
                [1, 1.5, "text", [1, 2], [0.5, 2.0], ["a"]])))
        elif attribute.type == onnx.AttributeProto.INT:
            attribute.i = self.rng.choice(INTS)
        elif attribute.type == onnx.AttributeProto.FLOAT:
            attribute.f = self.rng.choice(FLOATS)
        elif attribute.type == onnx.AttributeProto.INTS and attribute.ints:
            if self.rng.random() < 0.3:
                del attribute.ints[-1]
            else:
                attribute.ints[self.rng.randrange(len(attribute.ints))] = \
                    self.rng.choice(INTS)
        elif attribute.type == onnx.AttributeProto.TENSOR:
            self.change_tensor(attribute.t)
        else:
            attribute.s = self.rng.choice([b"", b"NOTSET", b"tanh", b"\xff\x00"])

    def add_attribute(self):
        name = self.rng.choice(["axis", "axes", "to", "perm", "keepdims", "epsilon",
                                "is_causal", "scale", "softcap", "num_heads",
                                "q_num_heads", "kv_num_heads", "allowzero"])
        self.node().attribute.append(helper.make_attribute(name, self.rng.choice(
            [self.rng.choice(INTS), 0.5, [0, 1], [2, 0, 1, 3]])))

    def change_edge(self):
        node = self.node()
        draw = self.rng.random()
        if draw < 0.1 or not node.input:
            node.input.append(self.rng.choice(self.values()))
        elif draw < 0.2:
            del node.input[-1]
        elif draw < 0.3:
            node.input[self.rng.randrange(len(node.input))] = ""
        elif draw < 0.5:
            first, second = (self.rng.randrange(len(node.input)) for _ in range(2))
            node.input[first], node.input[second] = \
                node.input[second], node.input[first]
        else:
            node.input[self.rng.randrange(len(node.input))] = \
                self.rng.choice(self.values())

    def change_output(self):
        """A result of the graph comes from elsewhere."""
        if self.graph.output:
            self.rng.choice(self.graph.output).name = self.rng.choice(self.values())

    def bypass(self):
        """A node goes; who read it reads its first operand."""
        node = self.node()
        if not node.input or not node.output:
            return
        for user in self.graph.node:
            for i, name in enumerate(user.input):
                if name == node.output[0]:
                    user.input[i] = node.input[0]
        self.graph.node.remove(node)

    def drop(self):
        self.graph.node.remove(self.node())

    def move(self):
        node = self.node()
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        self.graph.node.remove(node)
        self.graph.node.insert(self.rng.randrange(len(self.graph.node) + 1), copy)

    def change_tensor(self, tensor):
        draw = self.rng.random()
        if draw < 0.15:
            tensor.data_type = self.rng.choice(TYPES)
            return
        if draw < 0.3 and tensor.dims:
            tensor.dims[self.rng.randrange(len(tensor.dims))] = self.rng.choice(INTS)
            return
        try:
            array = np.array(numpy_helper.to_array(tensor))
        except Exception:  # An earlier mutation broke it.
            return
        if draw < 0.5 and array.ndim:
            # Consistent in itself, but of another shape.
            draw = self.rng.random()
            if draw < 0.4:
                array = array[: self.rng.randrange(len(array) + 1)]
            elif draw < 0.7:
                array = array.reshape(-1)
            else:
                array = array[None]
        elif array.size:
            place = self.rng.randrange(array.size)
            if array.dtype in (np.int64, np.int32):
                info = np.iinfo(array.dtype)
                array.flat[place] = min(max(self.rng.choice(INTS), info.min), info.max)
            elif array.dtype == np.float32:
                array.flat[place] = self.rng.choice(FLOATS)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    def change_initializer(self):
        if not self.graph.initializer:
            return
        # Shapes, axes and bounds sooner than the weights.
        small = [t for t in self.graph.initializer
                 if t.data_type in (TensorProto.INT64, TensorProto.INT32)]
        pool = small if small and self.rng.random() < 0.7 else self.graph.initializer
        self.change_tensor(self.rng.choice(pool))

    def drop_initializer(self):
        if self.graph.initializer:
            self.graph.initializer.remove(self.rng.choice(self.graph.initializer))

    def change_type(self):
        infos = list(self.graph.input) * 3 + list(self.graph.output) + \
            list(self.graph.value_info)
        info = self.rng.choice(infos)
        tensor = info.type.tensor_type
        draw = self.rng.random()
        if draw < 0.25:
            tensor.elem_type = self.rng.choice(TYPES)
        elif draw < 0.3:
            info.type.ClearField("value")
        elif draw < 0.35:
            tensor.ClearField("shape")
        elif draw < 0.5:
            tensor.shape.dim.add()
        elif draw < 0.6 and tensor.shape.dim:
            del tensor.shape.dim[-1]
        elif tensor.shape.dim:
            dim = self.rng.choice(tensor.shape.dim)
            dim.Clear()
            extent = self.rng.choice(EXTENTS)
            if isinstance(extent, int):
                dim.dim_value = extent
            elif extent:
                dim.dim_param = extent

    def rename_input(self):
        """The roles of inputs go by their names, too."""
        info = self.rng.choice(self.graph.input)
        name = self.rng.choice(["input_ids", "position_ids", "attention_mask",
                                "past_key_values.0.key", "layout", "kv", "sinks",
                                "odd name/\"\n", "x"])
        for node in self.graph.node:
            for i, used in enumerate(node.input):
                if used == info.name:
                    node.input[i] = name
        info.name = name

    def drop_input(self):
        self.graph.input.remove(self.rng.choice(self.graph.input))

    def change_opset(self):
        opset = self.rng.choice(self.model.opset_import)
        opset.version = self.rng.choice([1, 6, 11, 13, 17, 20, 21, 23, 24, 99])

    def mutate(self):
        kinds = ([self.change_op] * 3 + [self.change_attribute] * 4 +
                 [self.change_edge] * 5 + [self.change_initializer] * 5 +
                 [self.change_type] * 3 + [self.bypass] * 2 +
                 [self.add_attribute, self.change_output, self.drop, self.move,
                  self.drop_initializer, self.rename_input, self.drop_input,
                  self.change_opset, self.change_domain])
        for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3, 5])):
            if self.graph.node and self.graph.input and self.graph.output:
                self.rng.choice(kinds)()


def limit():
    # What a model asks for must not take the machine down with it.
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(command):
    """Whether the command succeeded, and how it broke its word (or None)."""
    try:
        done = subprocess.run(command, capture_output=True, preexec_fn=limit,
                              timeout=300)
    except subprocess.TimeoutExpired:
        return False, "no answer in 300 s"
    message = done.stderr.decode(errors="replace")
    why = None
    # The crash handler of LLVM may turn the signal into an exit status.
    if done.returncode < 0 or "Stack dump" in message or "PLEASE submit" in message:
        why = f"signal {-done.returncode}\n{message[-3000:]}"
    elif done.returncode and "error: " not in message:
        why = f"status {done.returncode} without an error\n{message[-3000:]}"
    elif "defect of the compiler" in message:
        why = message[-3000:]
    return done.returncode == 0, why


def feeds(model, rng, folder):
    """Inputs as the model declares them, lengths by name; often enough right."""
    lengths, flags = {}, []
    for info in model.graph.input:
        if info.name in (t.name for t in model.graph.initializer):
            continue
        tensor = info.type.tensor_type
        shape = []
        for i, dim in enumerate(tensor.shape.dim):
            if dim.HasField("dim_value"):
                shape.append(max(0, min(dim.dim_value, 64)))
            else:
                name = dim.dim_param or f"{info.name}/{i}"
                shape.append(lengths.setdefault(
                    name, 1 if "batch" in name else rng.choice([0, 1, 2, 9, 33])))
        try:
            dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
            array = np.zeros(shape, dtype)
        except Exception:
            return None
        if array.dtype.kind == "i" and "position" in info.name and array.ndim:
            array[...] = np.arange(array.shape[-1])
        elif array.dtype.kind == "i":
            array[...] = 1
        if array.dtype.kind not in "fiub" or array.nbytes > 1 << 26:
            return None
        path = os.path.join(folder, f"{len(flags)}.npy")
        np.save(path, array)
        flags.append(f"--input={info.name}={path}")
    return flags


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--runs", type=int, default=10,
                        help="compile every Nth to code and run it")
    parser.add_argument("--keep", help="where the models that break it go")
    args = parser.parse_args()

    bad = accepted = executed = 0
    with tempfile.TemporaryDirectory(prefix="blockattn-") as folder:
        for case in range(args.seed, args.seed + args.cases):
            rng = random.Random(case)
            seed = rng.choice(args.models)
            model = onnx.load(seed)
            Mutator(model, rng).mutate()
            path = os.path.join(folder, "model.onnx")
            onnx.save(model, path)
            artifact = os.path.join(folder, "model.ba")
            run = case % args.runs == 0
            # Code for the processor takes most of the time: not for each.
            commands = [["blockattn-compile", path, "--compile-to=lower", "-o",
                         artifact]]
            inputs = feeds(model, rng, folder) if case % args.runs == 0 else None
            if inputs is not None:
                commands.append(["blockattn-compile", path, "-o", artifact])
                infer = ["blockattn-run", "infer", artifact, "--threads=1", *inputs]
                if model.graph.output:
                    infer.append("--output={}={}".format(
                        model.graph.output[0].name, os.path.join(folder, "out.npy")))
                commands += [infer, infer + ["--blocks=0,3,5"],
                             infer + ["--blocks=0,3,5", "--reuse"]]
            for number, command in enumerate(commands):
                good, why = answer(command)
                accepted += good and number == 0
                executed += good and number == 2
                if why:
                    bad += 1
                    print(f"case {case} of {seed}: {' '.join(command)}\n{why}",
                          flush=True)
                    if args.keep:
                        os.makedirs(args.keep, exist_ok=True)
                        shutil.copy(path, os.path.join(args.keep, f"{case}.onnx"))
                if why or not good and number < 2:
                    break
    print(f"{args.cases} mutated models: {accepted} compiled, {executed} run, "
          f"{bad} broke a program")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
