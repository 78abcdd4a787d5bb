"""smaller.py A B: A is smaller than B by nearly all of B's weights."""

import os
import sys

a, b = (os.path.getsize(path) for path in sys.argv[1:])
sys.exit(0 if a < b - 100000 else f"{a} bytes are not much less than {b}")
