"""Functions that call one another: chain|tree DEPTH FILE. In a tree each calls
the next one twice, so that inlining doubles the nodes at every level."""

import sys

kind, depth, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, "w") as out:
    out.write('<ir_version: 10, opset_import: ["" : 18, "my" : 1]>\n')
    out.write("g (float[4] x) => (float[4] y) { y = my.F0(x) }\n")
    for i in range(depth):
        out.write('<domain: "my", opset_import: ["" : 18, "my" : 1]> ')
        out.write(f"F{i} (v) => (r) {{ ")
        if i + 1 == depth:
            out.write("r = Abs(v) }\n")
        elif kind == "chain":
            out.write(f"r = my.F{i + 1}(v) }}\n")
        else:
            out.write(f"t = my.F{i + 1}(v) r = my.F{i + 1}(t) }}\n")
