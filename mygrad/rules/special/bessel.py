"""``scipy.special``: Bessel, Hankel and Airy functions.

An order may be an integer: x + 1.0 is a float, for which SciPy has a loop.
"""

import math

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special, is_complex, total


def half(function, order, x, sign=-1):
    """Half the difference (or sum) of a cylinder function of the orders below and above.

    It is a derivative. Of two infinities the one that is larger counts.
    """
    below, above = function(order - 1.0, x), sign * function(order + 1.0, x)
    both = np.isinf(below) & np.isinf(above)
    larger = np.where(np.real(order) < 0, below, above)
    return np.where(both, larger, below + np.where(both, 0, above)) / 2


# ------------------------------------------------------------------ Bessel functions of orders 0 and 1


@implements(special.j0)
class J0(Special):
    def vjp_x(grad, x):
        return -grad * special.j1(x)


@implements(special.j1)
class J1(Special):
    def vjp_x(grad, x):
        return grad * (special.j0(x) - special.jv(2, x)) / 2


@implements(special.y0)
class Y0(Special):
    def vjp_x(grad, x):
        return -grad * special.y1(x)


@implements(special.y1)
class Y1(Special):
    def vjp_x(grad, x):
        return grad * (special.y0(x) - special.yv(2, x)) / 2


@implements(special.i0)
class I0(Special):
    def vjp_x(grad, x):
        return grad * special.i1(x)


@implements(special.i1)
class I1(Special):
    def vjp_x(grad, x):
        return grad * (special.i0(x) + special.iv(2, x)) / 2


@implements(special.k0)
class K0(Special):
    def vjp_x(grad, x):
        return -grad * special.k1(x)


@implements(special.k1)
class K1(Special):
    def vjp_x(grad, x):
        return -grad * (special.k0(x) + special.kv(2, x)) / 2


def far_away(order, z):
    """True if Hankel's asymptotic series has all digits at ``z``, and ``z`` there, or 100 elsewhere."""
    far = (np.abs(z) > 25) & (order * order <= 2 * np.abs(z))
    return far, np.where(far, z, 100)


def hankel_slope(order, z, turn):
    """The derivative of ``z ** -0.5`` times Hankel's asymptotic series in ``turn / z``.

    Of a function scaled by its exponential, that is all: the difference of two large terms that
    the usual formula has is gone.
    """
    step = turn / z
    square = 4.0 * order * order
    term = 1.0
    terms = [0.5]
    for k in range(1, 26):
        term = term * ((square - (2 * k - 1) ** 2) / (8 * k)) * step
        terms.append((k + 0.5) * term)
    return -sum(reversed(terms)) / (z * np.sqrt(z))


def less(slope, value):
    """``slope - value``, of two infinities the slope, which is larger."""
    return slope - np.where(np.isinf(slope), 0, value)


def slope_of_ive(order, z):
    """The derivative of ``exp(-z) * iv(order, z)`` to the right, but for the turn by ``z.imag``."""
    far, at = far_away(order, z)
    far = far & (np.real(z) > 20)
    at = np.where(far, at, 100)
    near = np.where(far, 1, z)
    difference = less(half(special.ive, order, near, 1), special.ive(order, near))
    if not np.any(far):
        return difference
    series = hankel_slope(order, at, -1) / math.sqrt(2 * math.pi)
    if is_complex(z):
        series = series * np.exp(1j * np.imag(at))
    return np.where(far, series, difference)


def slope_of_kve(order, z):
    """The derivative of ``exp(z) * kv(order, z)``."""
    far, at = far_away(order, z)
    near = np.where(far, 1, z)
    difference = -less(half(special.kve, order, near, 1), special.kve(order, near))
    if not np.any(far):
        return difference
    return np.where(far, hankel_slope(order, at, 1) * math.sqrt(math.pi / 2), difference)


@implements(special.i0e)
class I0e(Special):
    def vjp_x(grad, x):
        return grad * (np.sign(x) * slope_of_ive(0, np.abs(x)))


@implements(special.i1e)
class I1e(Special):
    def vjp_x(grad, x):
        return grad * slope_of_ive(1, np.abs(x))


@implements(special.k0e)
class K0e(Special):
    def vjp_x(grad, x):
        return grad * slope_of_kve(0, x)


@implements(special.k1e)
class K1e(Special):
    def vjp_x(grad, x):
        return grad * slope_of_kve(1, x)


# ------------------------------------------------------------------ Bessel functions of any fixed order


@implements(special.jv)
class Jv(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.jv, x1, x2)


@implements(special.yv)
class Yv(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.yv, x1, x2)


@implements(special.yn)
class Yn(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.yn, x1, x2)


@implements(special.iv)
class Iv(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.iv, x1, x2, 1)


@implements(special.ive)
class Ive(Special):
    def vjp_x2(grad, out, x1, x2):
        if not is_complex(x2):
            # The function of a negative number, which is one of integers alone, is even or odd.
            parity = np.where((x2 < 0) & (np.fmod(x1, 2) == 0), -1, 1)
            return grad * (parity * slope_of_ive(x1, np.abs(x2)))
        left = np.real(x2) < 0
        half_turn = np.where(np.imag(x2) < 0, -1j, 1j) * math.pi
        turn = np.where(left, -np.exp(half_turn * x1), 1)
        slope = turn * slope_of_ive(x1, np.where(left, -x2, x2))
        # Scaled by the real part alone, whose derivative is real.
        return grad * slope + 1j * np.where(left, -1, 1) * np.imag(grad * out)


@implements(special.kv)
class Kv(Special):
    def vjp_x2(grad, x1, x2):
        return -grad * half(special.kv, x1, x2, 1)


@implements(special.kn)
class Kn(Special):
    def vjp_x2(grad, x1, x2):
        return -grad * half(special.kn, x1, x2, 1)


@implements(special.kve)
class Kve(Special):
    def vjp_x2(grad, x1, x2):
        return grad * slope_of_kve(x1, x2)


@implements(special.hankel1)
class Hankel1(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.hankel1, x1, x2)


@implements(special.hankel2)
class Hankel2(Special):
    def vjp_x2(grad, x1, x2):
        return grad * half(special.hankel2, x1, x2)


def slope_of_scaled_hankel(function, order, z, turn):
    """The derivative of ``exp(-turn * z)`` times a function of Hankel's, which ``function`` is."""
    far, at = far_away(order, z)
    # Near the cut the series holds on one side.
    growth = np.real(turn * z)
    far = far & ((np.real(z) > 0) | (growth <= 0) | (growth > 20))
    near = np.where(far, 1, z)
    difference = half(function, order, near) - turn * function(order, near)
    if not np.any(far):
        return difference
    phase = np.exp(-turn * math.pi * (order / 2 + 0.25)) * math.sqrt(2 / math.pi)
    return np.where(far, phase * hankel_slope(order, np.where(far, at, 100), turn), difference)


@implements(special.hankel1e)
class Hankel1e(Special):
    def vjp_x2(grad, x1, x2):
        return grad * slope_of_scaled_hankel(special.hankel1e, x1, x2, 1j)


@implements(special.hankel2e)
class Hankel2e(Special):
    def vjp_x2(grad, x1, x2):
        return grad * slope_of_scaled_hankel(special.hankel2e, x1, x2, -1j)


# ------------------------------------------------------------------ Airy functions


@implements(special.airy)
class Airy(Special):
    def vjp_x(grad, out, x):
        ai, aip, bi, bip = out
        return total(zip(grad, (aip, x * ai, bip, x * bi), strict=True))
