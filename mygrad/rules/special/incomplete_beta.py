"""``scipy.special``: the incomplete beta function, its inverse, Student's distribution.

No closed form is known of the derivatives in the parameters: they are integrals of the density times
the logarithm, from the side on which that has one sign.
"""

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special
from mygrad.rules.special.densities import beta_density, student_density
from mygrad.rules.special.gamma import log_rest, psi_rise

NODES, WEIGHTS = np.polynomial.legendre.leggauss(18)
#: How much longer a panel of the integral is than all before it.
GROWTH = 2.0


def tail_integral(p, q, odds, weight):
    """The integral over ``v`` from 0 of ``weight(v, L)`` times the density at ``x * exp(-v)`` over that at ``x``.

    ``L`` is the logarithm of the quotient of the distances from 1, and ``odds`` is ``x / (1 - x)``.
    """
    steep = 1 + p + np.abs(q - 1.0) * odds + np.sqrt((q + 1.0) * odds) * np.sqrt(1 + odds) + odds
    end = (50 + np.maximum(q - 1.0, 0) * np.log1p(odds)) / p
    low, high = 0.0, np.minimum(1 / steep, end)
    total = 0.0
    while np.any(low < end):
        for node, share in zip(NODES, WEIGHTS, strict=True):
            v = (high + low) / 2 + (high - low) / 2 * node
            logarithm = np.log1p(-odds * np.expm1(-v))
            density = np.exp((q - 1.0) * logarithm - p * v)
            total = total + share * (high - low) / 2 * density * weight(v, logarithm)
        low, high = high, np.minimum((1 + GROWTH) * high, end)
    return total


def log_less_psi_difference(a, b, x, rest):
    """``log(x) - psi(a) + psi(a + b)``, where those that are large or near to each other cancel."""
    total = a + b
    ratio = total / a * x
    close = np.abs(ratio - 1) < 0.5
    by_excess = np.log1p(np.where(close, b * x - a * rest, 0) / a)
    logarithm = np.where(close, by_excess, np.log(np.where(close, 1, ratio)))
    usual = logarithm + log_rest(a) - log_rest(total)
    near = rest < 0.5
    logarithm = np.where(near, np.log1p(-np.where(near, rest, 0)), np.log(np.where(near, 1, x)))
    return np.where(b < 0.1 * a, logarithm + psi_rise(a, b), usual)


def slope_over_density(a, b, x, rest):
    """The derivative of ``betainc(a, b, x)`` in ``a`` over that in ``x``; ``rest`` is ``1 - x``."""
    inside = (x > 0) & (rest > 0)
    x, rest = np.where(inside, x, 0.5), np.where(inside, rest, 0.5)
    constant = log_less_psi_difference(a, b, x, rest)
    below = constant < 0
    p, q = np.where(below, a, b), np.where(below, b, a)
    odds = np.where(below, x / rest, rest / x)

    def weight(v, logarithm):
        return np.where(below, -v, logarithm) + constant

    return np.where(inside, np.where(below, x, -rest) * tail_integral(p, q, odds, weight), 0)


def slope_in_shape(a, b, x, rest):
    """The derivative of ``betainc(a, b, x)`` in ``a``; that in ``b`` is minus this, all mirrored."""
    edge = (x <= 0) | (rest <= 0)
    density = np.where(edge, 0, beta_density(a, b, x, rest))
    return np.where(edge, 0, density * slope_over_density(a, b, x, rest))


@implements(special.betainc)
class BetaInc(Special):
    def vjp_x1(grad, x1, x2, x3):
        return grad * slope_in_shape(x1, x2, x3, 1 - x3)

    def vjp_x2(grad, x1, x2, x3):
        return -grad * slope_in_shape(x2, x1, 1 - x3, x3)

    def vjp_x3(grad, x1, x2, x3):
        return grad * beta_density(x1, x2, x3, 1 - x3)


@implements(special.betaincc)
class BetaIncC(Special):
    def vjp_x1(grad, x1, x2, x3):
        return -grad * slope_in_shape(x1, x2, x3, 1 - x3)

    def vjp_x2(grad, x1, x2, x3):
        return grad * slope_in_shape(x2, x1, 1 - x3, x3)

    def vjp_x3(grad, x1, x2, x3):
        return -grad * beta_density(x1, x2, x3, 1 - x3)


@implements(special.betaincinv)
class BetaIncInv(Special):
    # Near 1 the difference of 1 and the result has lost its digits: the inverse of the rest has them.

    def vjp_x1(grad, out, x1, x2, x3):
        return -grad * slope_over_density(x1, x2, out, special.betainccinv(x2, x1, x3))

    def vjp_x2(grad, out, x1, x2, x3):
        return grad * slope_over_density(x2, x1, special.betainccinv(x2, x1, x3), out)

    def vjp_x3(grad, out, x1, x2, x3):
        return grad / beta_density(x1, x2, out, special.betainccinv(x2, x1, x3))


@implements(special.betainccinv)
class BetaIncCInv(Special):
    def vjp_x1(grad, out, x1, x2, x3):
        return -grad * slope_over_density(x1, x2, out, special.betaincinv(x2, x1, x3))

    def vjp_x2(grad, out, x1, x2, x3):
        return grad * slope_over_density(x2, x1, special.betaincinv(x2, x1, x3), out)

    def vjp_x3(grad, out, x1, x2, x3):
        return -grad / beta_density(x1, x2, out, special.betaincinv(x2, x1, x3))


@implements(special.stdtr)
class StudentT(Special):
    def vjp_x2(grad, x1, x2):
        return grad * student_density(x1, x2)
