"""``numpy.polynomial``: imported once it is in use."""

import numpy as np
from numpy.polynomial import polynomial

from mygrad.engine.registry import composed


def horner(x, c, tensor):
    """Polynomials with the coefficients ``c``, the lowest first; all of them at each ``x``, or in pairs."""
    c = np.atleast_1d(np.add(c, 0.0))  # small integers would wrap around
    c = np.reshape(c, c.shape + (1,) * np.ndim(x)) if tensor else c
    total = np.add(c[-1], np.multiply(0, x))
    for i in range(2, len(c) + 1):
        total = np.add(c[-i], np.multiply(total, x))
    return total


# Before NumPy 2.4 these are plain functions.
if isinstance(polynomial.polyval2d, type(np.sum)):

    @composed(polynomial.polyval2d)
    def polyval2d(x, y, c):
        return horner(y, horner(x, c, tensor=True), tensor=False)

    @composed(polynomial.polygrid2d)
    def polygrid2d(x, y, c):
        return horner(y, horner(x, c, tensor=True), tensor=True)


# Since NumPy 2.5.
if hasattr(polynomial, "polyvalnd"):

    @composed(polynomial.polyvalnd)
    def polyvalnd(pts, c):
        for axis, x in enumerate(pts):
            c = horner(x, c, tensor=axis == 0)
        return c
