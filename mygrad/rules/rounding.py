"""Rounding, remainders, and functions that decompose floating-point numbers.

A rule returns None for an argument whose derivative is zero almost everywhere.
"""

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import silence
from mygrad.rules.extrema import keep


@implements(np.round, np.around)
class Round(Operation):
    """The derivative is 0."""

    def vjp_a(grad):
        return np.zeros_like(grad)


@implements(np.modf)
class Modf(Elementwise):
    """Only the fractional part has a derivative; the integral part is piecewise constant."""

    def vjp_x(grad):
        return grad[0]


@implements(np.remainder)
class Remainder(Elementwise):
    """The derivative with respect to the divisor is ``-floor(x1 / x2)``."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad, x1, x2):
        return -grad * np.floor_divide(x1, x2)


@implements(np.fmod)
class Fmod(Elementwise):
    """The derivative with respect to the divisor is ``-trunc(x1 / x2)``."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad, out, x1, x2):
        # Not trunc(x1 / x2): the quotient may have been rounded up to the next integer.
        return -grad * np.rint((x1 - out) / x2)


@implements(np.divmod)
class Divmod(Elementwise):
    """Only the remainder has a derivative; the quotient is piecewise constant."""

    def vjp_x1(grad):
        return grad[1]

    def vjp_x2(grad, x1, x2):
        grad = grad[1]
        if grad is None:
            return None
        # The engine masks NaN only for operations with a single result.
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
    """The derivative with respect to the second argument is 0."""

    def vjp_x1(grad):
        return grad

    def vjp_x2(grad):
        return None


@implements(np.fabs)
class Fabs(Elementwise):
    """The derivative at 0 is 0."""

    def vjp_x(grad, x):
        return grad * np.sign(x)


@implements(np.copysign)
class Copysign(Elementwise):
    """The derivative is 0 at 0, and 0 with respect to the second argument."""

    def vjp_x1(grad, out, x1):
        return grad * (np.sign(x1) * np.sign(out))

    def vjp_x2(grad):
        return None


@implements(np.heaviside)
class Heaviside(Elementwise):
    """The derivative with respect to x1 is 0; with respect to x2, 1 where x1 is 0."""

    def vjp_x1(grad):
        return None

    def vjp_x2(grad, x1):
        return keep(grad, np.equal(x1, 0))


def replaced(grad, x, chosen):
    """The part of ``grad`` for the number that replaces the ``chosen`` elements of ``x``."""
    if np.iscomplexobj(x):
        return keep(grad.real, chosen(x.real)) - keep(grad.imag, chosen(x.imag))
    return keep(grad, chosen(x))


@implements(np.nan_to_num)
class NanToNum(Operation):
    """The gradient of a replaced element goes to its replacement."""

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
