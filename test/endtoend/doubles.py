"""Functions of f64, compiled for the CPU and compared with NumPy's and Python's."""

import math

import numpy as np

from programs import Programs

rng = np.random.default_rng(7)
erf = np.vectorize(math.erf, otypes=[np.float64])


def gelu(x):
    return x / 2 * (1 + erf(x * math.sqrt(0.5)))


def main():
    p = Programs()
    # Whole vectors of elements, and rests.
    for n in (8, 3):
        x = rng.uniform(-3, 3, (5, n))
        y = rng.uniform(0.1, 3, (5, n))
        p.agrees("functions", """
agraph (double[a, n] x, double[a, n] y) =>
    (double[a, n] e, double[a, n] l, double[a, n] r, double[a, n] g, double[a, n] w,
     double[a, n] m, double[a, n] s, double[a, n] c, double[a, n] t, double[a, n] h,
     double[a, n] i, double[a, n] j, double[a, n] k) {
  e = Exp(x)
  l = Log(y)
  r = Erf(x)
  g = Gelu(x)
  w = Pow(y, x)
  m = Mod<fmod = 1>(x, y)
  s = Sin(x)
  c = Cos(x)
  t = Tan(y)
  h = Tanh(x)
  i = Sinh(x)
  j = Cosh(x)
  k = Atan(x)
}""", ((x, y), (np.exp(x), np.log(y), erf(x), gelu(x), y**x, np.fmod(x, y), np.sin(x),
                np.cos(x), np.tan(y), np.tanh(x), np.sinh(x), np.cosh(x), np.arctan(x))),
                 tolerance=1e-11)
    p.compare.exit()


if __name__ == "__main__":
    main()
