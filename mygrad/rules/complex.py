"""Functions of complex numbers that are not holomorphic: conjugate, real and imaginary part, angle.

The gradient of a real loss L with respect to ``x + iy`` is ``∂L/∂x - i ∂L/∂y``. With this
convention a holomorphic function has the same rule for complex as for real numbers. The engine
takes the real part of what a rule returns for a real argument.
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
    """For complex numbers, the derivative of ``sqrt(real**2 + imag**2)``; at 0, it is 0."""

    def vjp_x(grad, x):
        if np.iscomplexobj(x):
            modulus = np.abs(x)
            return grad * np.where(modulus == 0, 0, np.conjugate(x) / modulus)
        return grad * np.sign(x)


@implements(np.sign)
class Sign(Elementwise):
    """Differentiable for complex numbers, with derivative 0 at 0; constant for real numbers."""

    of_complex = True

    def vjp_x(grad, x, out):
        # The sign changes only with the phase.
        turn = 1j * np.imag(grad * out) * np.conjugate(out)
        return np.where(out == 0, 0, turn / np.where(out == 0, 1, np.abs(x)))


@implements(np.angle)
class Angle(Elementwise):
    """The derivative at 0 is 0."""

    def vjp_z(grad, z, deg=False):
        if not np.iscomplexobj(z):
            return np.zeros_like(grad)
        if deg:
            grad = np.degrees(grad)
        # There is no derivative at 0; there, a zero gradient must not become NaN.
        return np.where(z == 0, 0, -1j * grad / z)
