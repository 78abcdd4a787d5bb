"""arrays.py DIR writes arrays for the tests; arrays.py show FILE prints the
shape, the type and the second column."""

import os
import sys

import numpy as np

if sys.argv[1] == "show":
    array = np.load(sys.argv[2])
    print(array.shape, array.dtype, array.reshape(-1, array.shape[-1])[:, 1].tolist())
else:
    arrays = {
        "ids": np.array([[0, 2, 2, 5, 5, 9]], np.int64),
        "positions": np.array([[5, 5, 6, 6, 7, 7]], np.int64),
        "count": np.arange(6, dtype=np.int64)[None],
        "wide": np.array([[0, 2], [1, 3]], np.int64),
        "floats": np.zeros((1, 6), np.float32),
        "narrow": np.array([[0, 2, 2, 5]], np.int32),
        "outside": np.array([[0, 16]], np.int64),
        "refused": np.array([[1, 13]], np.int64),
    }
    for name, array in arrays.items():
        np.save(os.path.join(sys.argv[1], name + ".npy"), array)
