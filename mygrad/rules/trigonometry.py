"""Trigonometric and hyperbolic functions, angles, and two special functions, sinc and i0.

For complex numbers, the derivative of an inverse function with branch cuts is written in terms of
the function itself, so that both are on the same side of a cut.
"""

import math

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import implements


@implements(np.sin)
class Sin(Elementwise):
    def vjp_x(grad, x):
        return grad * np.cos(x)


@implements(np.cos)
class Cos(Elementwise):
    def vjp_x(grad, x):
        return grad * -np.sin(x)


@implements(np.tan)
class Tan(Elementwise):
    def vjp_x(grad, out):
        return grad * (1 + out * out)


@implements(np.arcsin)
class Arcsin(Elementwise):
    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            return grad / np.cos(np.arcsin(x))
        return grad / np.sqrt((1 - x) * (1 + x))


@implements(np.arccos)
class Arccos(Elementwise):
    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            return grad / -np.sin(np.arccos(x))
        return grad / -np.sqrt((1 - x) * (1 + x))


@implements(np.arctan)
class Arctan(Elementwise):
    def vjp_x(grad, x):
        return grad / (1 + x * x)


@implements(np.arctan2)
class Arctan2(Elementwise):
    """The derivative at the origin is 0."""

    def vjp_x1(grad, x1, x2):
        # In two steps: the square of the distance may underflow or overflow.
        distance = np.hypot(x1, x2)
        return grad * part_of_distance(x2, x1, distance) / np.where(distance == 0, 1, distance)

    def vjp_x2(grad, x1, x2):
        distance = np.hypot(x1, x2)
        return grad * part_of_distance(x1, x2, distance) / -np.where(distance == 0, 1, distance)


def part_of_distance(x, other, distance):
    """``x / distance``, where ``distance = hypot(x, other)``; 0 at the origin."""
    part = x / distance
    if np.isnan(part).any():
        part = np.where(distance == 0, 0, part)
        # The limit: finite numbers vanish beside an infinity; two infinities count equally.
        limit = np.sign(1.0 * x) * np.where(np.isinf(other), math.sqrt(0.5), 1)
        part = np.where(np.isinf(x), limit, part)
    return part


@implements(np.hypot)
class Hypot(Elementwise):
    """The derivative at the origin is 0."""

    def vjp_x1(grad, out, x1, x2):
        return grad * part_of_distance(x1, x2, out)

    def vjp_x2(grad, out, x1, x2):
        return grad * part_of_distance(x2, x1, out)


@implements(np.sinh)
class Sinh(Elementwise):
    def vjp_x(grad, x):
        return grad * np.cosh(x)


@implements(np.cosh)
class Cosh(Elementwise):
    def vjp_x(grad, x):
        return grad * np.sinh(x)


@implements(np.tanh)
class Tanh(Elementwise):
    def vjp_x(grad, out):
        return grad * (1.0 - out * out)  # faster for small arrays than with an integer


@implements(np.arcsinh)
class Arcsinh(Elementwise):
    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            return grad / np.cosh(np.arcsinh(x))
        return grad / np.sqrt(1 + x * x)


@implements(np.arccosh)
class Arccosh(Elementwise):
    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            return grad / np.sinh(np.arccosh(x))
        return grad / np.sqrt((x - 1) * (x + 1))


@implements(np.arctanh)
class Arctanh(Elementwise):
    def vjp_x(grad, x):
        return grad / ((1 - x) * (1 + x))


@implements(np.degrees, np.rad2deg)
class Degrees(Elementwise):
    def vjp_x(grad):
        return np.degrees(grad)


@implements(np.radians, np.deg2rad)
class Radians(Elementwise):
    def vjp_x(grad):
        return np.radians(grad)


@implements(np.unwrap)
class Unwrap(Operation):
    def vjp_p(grad):
        return grad

    def vjp_period(grad, out, p, period=math.tau):
        # The number of periods added to each entry.
        return grad * np.rint((out - p) / period)


#: Coefficients of the derivative of sin(u) / u, divided by u, in powers of u squared.
SINC_SLOPE = [(-1) ** (k + 1) * (2 * k + 2) / math.factorial(2 * k + 3) for k in range(7)]


@implements(np.sinc)
class Sinc(Elementwise):
    def vjp_x(grad, out, x):
        u = math.pi * x
        # Near 0 the quotient loses all its digits; seven terms of the series are exact to rounding.
        series = 0
        for coefficient in reversed(SINC_SLOPE):
            series = coefficient + u * u * series
        return grad * np.where(np.abs(u) < 0.5, math.pi * u * series, (np.cos(u) - out) / x)


#: Cosines of the midpoints of 58 equal parts of a right angle.
COSINES = [math.cos(math.pi * (2 * k + 1) / 232) for k in range(58)]


@implements(np.i0)
class I0(Elementwise):
    def vjp_x(grad, x):
        # The derivative is the Bessel function I1(x), the mean of cos(t) * sinh(x * cos(t)) over
        # the circle. For a periodic function equidistant nodes converge exponentially; these
        # suffice for double precision at every x where i0(x) does not overflow.
        return grad * (sum(c * np.sinh(c * x) for c in COSINES) / len(COSINES))
