"""Parts of complex numbers.

The gradient of a real loss with respect to ``x + iy`` is its derivative in ``x`` minus ``i`` times that
in ``y``. So the rule of a holomorphic function is that of real numbers; the functions here are not
holomorphic. The gradient of a real argument is the real part of what a rule returns.
"""

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import implements


@implements(np.conjugate)
class Conjugate(Elementwise):
    def vjp_x(grad):
        return np.conjugate(grad)


@implements(np.real)
class Real(Operation):
    may_view = True

    def vjp_val(grad):
        return grad


@implements(np.imag)
class Imag(Operation):
    may_view = True

    def vjp_val(grad):
        return -1j * grad


@implements(np.real_if_close)
class RealIfClose(Operation):
    may_view = True

    def vjp_a(grad):
        return grad


@implements(np.absolute)
class Absolute(Elementwise):
    """Of complex numbers, along their direction; 0 at 0."""

    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            modulus = np.abs(x)
            return grad * np.where(modulus == 0, 0, np.conjugate(x) / modulus)
        return grad * np.sign(x)


@implements(np.sign)
class Sign(Elementwise):
    """Of complex numbers, their direction; 0 at 0. Of real numbers a step: a plain array."""

    of_complex = True

    def vjp_x(grad, x, out):
        # Only a turn changes the direction.
        turn = 1j * np.imag(grad * out) * np.conjugate(out)
        return np.where(out == 0, 0, turn / np.where(out == 0, 1, np.abs(x)))


@implements(np.angle)
class Angle(Elementwise):
    """0 at 0."""

    def vjp_z(grad, z, deg=False):
        if not np.iscomplexobj(z):
            return np.zeros_like(grad)
        if deg:
            grad = np.degrees(grad)
        # At 0 there is no derivative, and a zero gradient must not turn into NaN.
        return np.where(z == 0, 0, -1j * grad / z)
