"""Rounding, remainders, and functions that take floating-point numbers apart.

A rule that returns None is that of an argument whose derivative is zero almost everywhere.
"""

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import silence
from mygrad.rules.extrema import keep


@implements(np.round, np.around)
class Round(Operation):
    """0 everywhere."""

    def vjp_a(grad):
        return np.zeros_like(grad)


@implements(np.modf)
class Modf(Elementwise):
    """Of the fractional part alone; the whole part is a step."""

    def vjp_x(grad):
        return grad[0]


@implements(np.remainder)
class Remainder(Elementwise):
    """With respect to the divisor, minus the floored quotient."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad, x1, x2):
        return -grad * np.floor_divide(x1, x2)


@implements(np.fmod)
class Fmod(Elementwise):
    """With respect to the divisor, minus the truncated quotient."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad, out, x1, x2):
        # Not the truncated quotient: its rounding may have carried it to the next integer.
        return -grad * np.rint((x1 - out) / x2)


@implements(np.divmod)
class Divmod(Elementwise):
    """Of the remainder alone; the quotient is a step."""

    def vjp_x1(grad):
        return grad[1]

    def vjp_x2(grad, x1, x2):
        grad = grad[1]
        if grad is None:
            return None
        # The engine silences zeros for operations of one result alone.
        return silence(grad, -grad * np.floor_divide(x1, x2))


@implements(np.ldexp)
class Ldexp(Elementwise):
    def vjp_x1(grad, x2):
        return np.ldexp(grad, x2)


@implements(np.frexp)
class Frexp(Elementwise):
    def vjp_x(grad, out):
        return None if grad[0] is None else np.ldexp(grad[0], -out[1])


@implements(np.nextafter)
class Nextafter(Elementwise):
    """With respect to the second argument, 0."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad):
        return None


@implements(np.fabs)
class Fabs(Elementwise):
    """0 at 0."""

    def vjp_x(grad, x):
        return grad * np.sign(x)


@implements(np.copysign)
class Copysign(Elementwise):
    """0 at 0; with respect to the sign, 0."""

    def vjp_x1(grad, out, x1):
        return grad * (np.sign(x1) * np.sign(out))

    def vjp_x2(grad):
        return None


@implements(np.heaviside)
class Heaviside(Elementwise):
    """With respect to the first argument, 0; to the second, 1 where the first is 0."""

    def vjp_x1(grad):
        return None

    def vjp_x2(grad, x1):
        return keep(grad, np.equal(x1, 0))


def replaced(grad, x, chosen):
    """What a number gets of ``grad`` that stands in the result for the ``chosen`` parts of ``x``."""
    if np.iscomplexobj(x):
        return keep(grad.real, chosen(x.real)) - keep(grad.imag, chosen(x.imag))
    return keep(grad, chosen(x))


@implements(np.nan_to_num)
class NanToNum(Operation):
    """What is replaced passes its gradient on to the number in its place."""

    gates = True
    overwrites = True

    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            real, imag = np.isfinite(x.real), np.isfinite(x.imag)
            return keep(grad.real, real) + 1j * keep(grad.imag, imag)
        return keep(grad, np.isfinite(x))

    def vjp_nan(grad, x):
        return replaced(grad, x, np.isnan)

    def vjp_posinf(grad, x):
        return replaced(grad, x, np.isposinf)

    def vjp_neginf(grad, x):
        return replaced(grad, x, np.isneginf)
