"""Mutates the ops in the onnx dialect's tests and runs passes over them.
Whatever the input says, the answer is IR or an error, and never a signal."""

import argparse
import glob
import os
import random
import re
import subprocess
import sys

OP = re.compile(r"(%[\w, %:]+) = (onnx\.[\w.]+)\(([^)]*)\)(.*) : \((.*)\) -> (.*)$")
TENSOR = re.compile(r"tensor<[^>]*>")
EXTENTS = ["0", "1", "2", "3", "4", "8", "16", "?", "?",
           "4611686018427387904", "9223372036854775807"]
ELEMENTS = ["f32", "f16", "bf16", "f64", "i64", "i32", "i1", "ui8",
            "!onnx.unknown", "!onnx.string"]
ATTRIBUTES = [-9223372036854775808, -9, -2, -1, 0, 1, 2, 5, 7,
              9223372036854775807]
VALUES = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 8]
HUGE = {"i64": [-2**63, 2**62], "i32": [-2**31, 2**30]}


def any_tensor(rng):
    if rng.random() < 0.1:
        return f"tensor<*x{rng.choice(ELEMENTS)}>"
    extents = [rng.choice(EXTENTS) + "x" for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4, 5]))]
    return f"tensor<{''.join(extents)}{rng.choice(ELEMENTS)}>"


def mutate_type(rng, text, rate):
    draw = rng.random()
    if draw >= rate:
        return text
    if draw < rate / 2:
        return any_tensor(rng)
    extents = re.findall(r"[\d?]+x", text)
    if not extents:
        return text
    return text.replace(rng.choice(extents), rng.choice(EXTENTS) + "x", 1)


def mutate(rng, line, rate):
    line = TENSOR.sub(lambda m: mutate_type(rng, m[0], rate), line)
    return re.sub(r"-?\d+ : i64",
                  lambda m: m[0] if rng.random() >= 2 * rate
                  else f"{rng.choice(ATTRIBUTES)} : i64", line)


def constant(rng, name, tensor):
    """A small tensor of integers, some of them absurd; None for other types."""
    match = re.fullmatch(r"tensor<(?:(\d)x)?(i64|i32)>", tensor)
    if not match or rng.random() < 0.4:
        return None
    pool = VALUES + HUGE[match[2]]
    if match[1] is None:
        value = str(rng.choice(pool))
    else:
        value = ", ".join(str(rng.choice(pool)) for _ in range(int(match[1])))
        value = f"[{value}]" if value else ""
    return f"  {name} = onnx.Constant dense<{value}> : {tensor}"


def function(rng, line, rate):
    """A function around a mutated op whose operands are arguments or constants."""
    match = OP.match(mutate(rng, line, rate))
    if not match:
        return None
    results, op, operands, attributes, operand_types, result_types = match.groups()
    slots = [operand.strip() for operand in operands.split(",") if operand.strip()]
    types = TENSOR.findall(operand_types)
    if sum(slot != "_" for slot in slots) != len(types):
        return None
    arguments, body, names, remaining = [], [], [], iter(types)
    for slot in slots:
        if slot == "_":
            names.append(slot)
            continue
        name, tensor = f"%a{len(names)}", next(remaining)
        names.append(name)
        made = constant(rng, name, tensor)
        if made:
            body.append(made)
        else:
            arguments.append(f"{name}: {tensor}")
    body.append(f"  {results} = {op}({', '.join(names)}){attributes} : "
                f"({', '.join(types)}) -> {result_types}")
    return "\n".join([f"func.func @main({', '.join(arguments)}) {{"] + body +
                     ["  return", "}"])


def crashes(command, source):
    done = subprocess.run(command + ["-", "--split-input-file"], input=source,
                          capture_output=True, text=True)
    # The crash handler of LLVM may turn the signal into an exit status.
    return done.returncode < 0 or "Stack dump" in done.stderr, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", required=True, help="folder of .mlir files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cases", type=int, default=400, help="in one round")
    parser.add_argument("--rate", type=float, default=0.05,
                        help="the share of types that change")
    parser.add_argument("command", nargs=argparse.REMAINDER,
                        help="-- blockattn-opt and its options")
    args = parser.parse_args()
    command = [part for part in args.command if part != "--"]

    lines = []
    for path in sorted(glob.glob(os.path.join(args.tests, "*.mlir"))):
        with open(path) as file:
            lines += [line.strip() for line in file if OP.match(line.strip())]
    if not lines:
        sys.exit(f"error: there are no ops in '{args.tests}'")
    rng = random.Random(args.seed)
    for _ in range(args.rounds):
        cases = [function(rng, rng.choice(lines), args.rate) for _ in range(args.cases)]
        cases = [case for case in cases if case]
        if not crashes(command, "\n// -----\n".join(cases))[0]:
            continue
        for case in cases:
            crashed, message = crashes(command, case)
            if crashed:
                sys.exit(f"error: this ends {command[0]}:\n{case}\n{message}")
        sys.exit("error: the cases of one round together end " + command[0])
    print(f"{args.rounds} rounds of {args.cases} mutated ops, no crash")


if __name__ == "__main__":
    main()
