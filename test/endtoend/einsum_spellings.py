"""Writes the products of a model as Einsums, and compares the results with those
of the model as it was.

usage: einsum_spellings.py MODEL.onnx

The model has the inputs input_ids and position_ids, and the output logits.
"""

import collections
import sys

import onnx
from onnx import helper

from common import Comparison, Workspace, explain
from softmax_spellings import results

# By the ranks of both operands.
EQUATIONS = {(2, 2): ("td", "dn", "tn"), (3, 2): ("btd", "dn", "btn"),
             (4, 4): ("bhtd", "bhds", "bhts")}


def permutation(node):
    return next(list(a.ints) for a in node.attribute if a.name == "perm")


def ranks(graph):
    values = [*graph.input, *graph.value_info, *graph.output]
    known = {v.name: len(v.type.tensor_type.shape.dim) for v in values}
    known.update({w.name: len(w.dims) for w in graph.initializer})
    return known


def spell(path, with_transposes):
    """Each MatMul becomes an Einsum, and a transpose next to it part of it."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    graph, count = model.graph, collections.Counter()
    rank = ranks(graph)
    makers = {name: node for node in graph.node for name in node.output}
    users = collections.defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    for node in graph.node:
        if node.op_type != "MatMul":
            continue
        *terms, result = EQUATIONS[tuple(rank[name] for name in node.input)]
        for i, term in enumerate(terms):
            maker = makers.get(node.input[i])
            while with_transposes and maker is not None and maker.op_type == "Transpose":
                before = [""] * len(term)
                for letter, place in zip(term, permutation(maker)):
                    before[place] = letter
                term, node.input[i] = "".join(before), maker.input[0]
                maker = makers.get(node.input[i])
                count["operands"] += 1
            terms[i] = term
        after = users[node.output[0]]
        if with_transposes and len(after) == 1 and after[0].op_type == "Transpose":
            result = "".join(result[place] for place in permutation(after[0]))
            node.output[0], after[0].output[0] = after[0].output[0], node.output[0] + "/unused"
            after[0].input[0] = node.output[0]
            count["results"] += 1
        node.op_type = "Einsum"
        node.attribute.append(helper.make_attribute(
            "equation", f"{','.join(terms)}->{result}"))
        count["products"] += 1
    del graph.value_info[:]
    return model, count


def main():
    compare, work = Comparison(), Workspace()
    wanted = results(work, sys.argv[1])
    for with_transposes in (False, True):
        model, count = spell(sys.argv[1], with_transposes)
        print(dict(count))
        compare.true("there are products", count["products"] > 4)
        if with_transposes:
            compare.true("transposes are part of them",
                         count["operands"] > 1 and count["results"] > 1)
        path = work.path("spelled.onnx")
        onnx.save(model, path)
        attentions = explain(path)["attentions"]
        name = "Einsum of transposes" if with_transposes else "Einsum"
        compare.true(f"{name}: all raised",
                     attentions and all(a["raised"] for a in attentions))
        for kind, got in results(work, path).items():
            compare.close(f"{name}: {kind}", got, wanted[kind])
    compare.exit()


if __name__ == "__main__":
    main()
