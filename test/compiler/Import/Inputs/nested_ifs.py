"""An If within an If within ...: DEPTH FILE. Written byte by byte, since
protobuf itself refuses to build what is nested this deep."""

import sys

depth, path = int(sys.argv[1]), sys.argv[2]


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def value(name, data_type):
    shape = field(2, field(1, field(1, 4))) if data_type == 1 else field(2, b"")
    return field(1, name) + field(2, field(1, field(1, data_type) + shape))


def node(op, attributes=b""):
    name = b"c" if op == b"If" else b"x"
    return field(1, name) + field(2, b"r") + field(4, op) + attributes


def graph(content):
    return field(1, content) + field(2, b"g") + field(12, value(b"r", 1))


def branch(name, content):
    return field(5, field(1, name) + field(6, content) + field(20, 5))


leaf = graph(node(b"Abs"))
nested = leaf
for _ in range(depth):
    branches = branch(b"then_branch", nested) + branch(b"else_branch", leaf)
    nested = graph(node(b"If", branches))
nested += field(11, value(b"x", 1)) + field(11, value(b"c", 9))
model = field(1, 10) + field(7, nested) + field(8, field(1, b"") + field(2, 18))
with open(path, "wb") as file:
    file.write(model)
