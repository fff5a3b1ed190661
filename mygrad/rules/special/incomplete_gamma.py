"""``scipy.special``: the incomplete gamma function, its inverse, and the distributions that it is.

No closed form is known of the derivative in the parameter. Below the bulk of the distribution all terms of the power series have one
sign, and above it, as below it for large parameters, the integral of the density times the logarithm
has: nothing cancels.
"""

from itertools import pairwise

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special
from mygrad.rules.special.densities import gamma_density, log_remainder
from mygrad.rules.special.gamma import log_rest

#: Of the power series; at parameters below 30 that is all digits.
TERMS = 70
#: Below this parameter, 0 included, the derivative is that at it, the density too small for numbers.
SMALLEST = 1e-30
#: Between these, in units of the length in which the density falls, it is integrated.
PANELS = (0.0, 0.5, 2.0, 6.0, 16.0, 40.0, 100.0)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def by_series(a, x):
    """The derivative of ``gammainc(a, x)`` in ``a`` over that in ``x``, below ``a + 1/2``."""
    psi = special.psi(a + 1.0)
    logarithm = np.log(x)
    power, total = 1.0, logarithm - psi
    for n in range(1, TERMS):
        psi = psi + 1 / (a + n)
        power = power * (x / (a + n))
        total = total + power * (logarithm - psi)
    return x / a * total


def log_less_psi(a, x):
    """``log(x) - psi(a)``, which is small where both are large and near."""
    ratio = x / a
    close = np.abs(ratio - 1) < 0.5
    by_difference = np.log1p(np.where(close, x - a, 0) / a)
    return log_rest(a) + np.where(close, by_difference, np.log(np.where(close, 1, ratio)))


def by_integral(a, x, direction):
    """The integral of the density times ``log(t) - psi(a)`` from ``x`` upward, or downward to 0.

    Over the density at ``x``.
    """
    slope = np.clip(direction * (1 - (a - 1.0) / x), 0, np.where(direction > 0, 1, np.inf))
    scale = 2 / (slope + np.sqrt(slope * slope + 4 * np.maximum(a, 1) / x / x))
    end = np.where(direction > 0, PANELS[-1], np.minimum((1 - 1e-6) * x / scale, PANELS[-1]))
    constant = log_less_psi(a, x)
    total = 0.0
    for start, stop in pairwise(PANELS):
        low, high = np.minimum(start, end), np.minimum(stop, end)
        for node, weight in zip(NODES, WEIGHTS, strict=True):
            r = direction * (scale / x) * ((high + low) / 2 + (high - low) / 2 * node)
            remainder, logarithm = log_remainder(r)
            density = np.exp((a - 1.0 - x) * r - (a - 1.0) * remainder)
            total = total + weight * (high - low) / 2 * density * (logarithm + constant)
    return total * scale


def slope_over_density(a, x):
    """The derivative of ``gammainc(a, x)`` in ``a`` over that in ``x``: how a quantile falls with ``a``."""
    inside = (x > 0) & np.isfinite(x)
    a, x = np.maximum(a, SMALLEST), np.where(inside, x, 1)
    low = x < a + 0.5
    small = low & (a < 30)
    series = by_series(np.where(small, a, 1), np.where(small, x, 1))
    at, upper = np.where(small, 1, a), np.where(small, 2, x)
    direction = np.where(low & ~small, -1, 1)
    integral = -direction * by_integral(at, upper, direction)
    return np.where(inside, np.where(small, series, integral), 0)


def slope_in_shape(a, x):
    """The derivative of ``gammainc(a, x)`` in ``a``."""
    inside = (x > 0) & np.isfinite(x)
    a, x = np.maximum(a, SMALLEST), np.where(inside, x, 1)
    return np.where(inside, gamma_density(a, x) * slope_over_density(a, x), 0)


@implements(special.gammainc)
class GammaInc(Special):
    def vjp_x1(grad, x1, x2):
        return grad * slope_in_shape(x1, x2)

    def vjp_x2(grad, x1, x2):
        return grad * gamma_density(x1, x2)


@implements(special.gammaincc)
class GammaIncC(Special):
    def vjp_x1(grad, x1, x2):
        return -grad * slope_in_shape(x1, x2)

    def vjp_x2(grad, x1, x2):
        return -grad * gamma_density(x1, x2)


@implements(special.gammaincinv)
class GammaIncInv(Special):
    def vjp_x1(grad, out, x1, x2):
        return -grad * slope_over_density(x1, out)

    def vjp_x2(grad, out, x1, x2):
        return grad / gamma_density(x1, out)


@implements(special.gammainccinv)
class GammaIncCInv(Special):
    def vjp_x1(grad, out, x1, x2):
        return -grad * slope_over_density(x1, out)

    def vjp_x2(grad, out, x1, x2):
        return -grad / gamma_density(x1, out)


@implements(special.chdtr)
class ChiSquare(Special):
    def vjp_x1(grad, x1, x2):
        return grad * (slope_in_shape(x1 / 2, x2 / 2) / 2)

    def vjp_x2(grad, x1, x2):
        return grad * (gamma_density(x1 / 2, x2 / 2) / 2)


@implements(special.chdtrc)
class ChiSquareC(Special):
    def vjp_x1(grad, x1, x2):
        return -grad * (slope_in_shape(x1 / 2, x2 / 2) / 2)

    def vjp_x2(grad, x1, x2):
        return -grad * (gamma_density(x1 / 2, x2 / 2) / 2)
