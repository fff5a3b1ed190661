"""Arithmetic: sums, products, quotients."""

import numpy as np

from mygrad.engine.operation import Elementwise, unchanged
from mygrad.engine.registry import implements


@implements(np.add)
class Add(Elementwise):
    vjp_x1 = vjp_x2 = unchanged


@implements(np.subtract)
class Subtract(Elementwise):
    vjp_x1 = unchanged

    def vjp_x2(grad):
        return -grad


@implements(np.multiply)
class Multiply(Elementwise):
    def vjp_x1(grad, x2):
        return grad * x2

    def vjp_x2(grad, x1):
        return grad * x1


@implements(np.divide)
class Divide(Elementwise):
    def vjp_x1(grad, x2):
        return grad / x2

    def vjp_x2(grad, out, x2):
        # Negate the divisor, which is often the smaller array.
        return grad * out / -x2


@implements(np.positive)
class Positive(Elementwise):
    vjp_x = unchanged


@implements(np.negative)
class Negative(Elementwise):
    def vjp_x(grad):
        return -grad


@implements(np.reciprocal)
class Reciprocal(Elementwise):
    def vjp_x(grad, out):
        return grad * out * -out
