"""damage.py FROM TO OFFSET|half: a copy with one byte inverted, or its first
half."""

import sys

source, target, how = sys.argv[1:]
data = bytearray(open(source, "rb").read())
if how == "half":
    data = data[: len(data) // 2]
else:
    data[int(how)] ^= 0xFF
open(target, "wb").write(data)
