"""Densities of the gamma, beta and Student's distributions: derivatives of incomplete functions.

They are written by their deviance and Stirling's remainder (as Loader's for R), since the
logarithms of large powers and of large gamma functions cancel.
"""

import math

import numpy as np
from scipy import special

from mygrad.rules.special._double import polynomial

ROOT_TAU = math.sqrt(2 * math.pi)
#: Of Stirling's remainder in ``1 / x ** 2``.
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
#: Of ``(atanh(r) / r - 1) / r ** 2`` in ``r ** 2``.
AREA_TANGENT = tuple(1 / (2 * k + 3) for k in range(17))


def stirling_remainder(x):
    """``gammaln(x)`` less ``(x - 1/2) * log(x) - x + log(2 * pi) / 2``, of positive ``x``."""
    far = x >= 10
    inverse = 1 / np.where(far, x, 10)
    near = np.where(far, 1, x)
    direct = special.gammaln(near) - ((near - 0.5) * np.log(near) - near + math.log(ROOT_TAU))
    return np.where(far, inverse * polynomial(inverse * inverse, STIRLING), direct)


def log_remainder(u, ratio=None):
    """``u - log1p(u)``, which does not cancel, and ``log1p(u)``; ``ratio`` is ``1 + u``, if known better."""
    near = np.abs(u) < 0.5
    small = np.where(near, u, 0)
    r = small / (2 + small)
    series = small * r - 2 * r**3 * polynomial(r * r, AREA_TANGENT)
    logarithm = np.log(np.where(near, 1 + small, 1 + u if ratio is None else ratio))
    logarithm = np.where(near, np.log1p(small), logarithm)
    return np.where(near, series, u - logarithm), logarithm


def deviance(a, excess, ratio):
    """``m - a - a * log(m / a)``, where ``excess`` is ``m - a`` and ``ratio`` is ``m / a``."""
    return a * log_remainder(excess / a, ratio)[0]


def gamma_density(a, x):
    """The density of the gamma distribution, the derivative of ``gammainc(a, x)``."""
    inside = (x > 0) & np.isfinite(x)
    far = (a >= 10) & inside
    large, at = np.where(far, a, 10), np.where(far, x, 10)
    exponent = deviance(large, at - large, at / large) + stirling_remainder(large)
    by_deviance = np.exp(-exponent) * np.sqrt(large) / ROOT_TAU / at
    small, at = np.where(far, 1, a), np.where(far | np.isposinf(x), 1, x)
    direct = np.exp(special.xlogy(small - 1.0, at) - at - special.gammaln(small))
    return np.where(far, by_deviance, np.where(np.isposinf(x), 0, direct))


def beta_density(a, b, x, rest):
    """The density of the beta distribution at ``x``, of which ``rest`` is ``1 - x``."""
    inside = (x > 0) & (rest > 0)
    p, q = np.where(inside, x, 0.5), np.where(inside, rest, 0.5)
    total = a + b
    excess = b * p - a * q
    exponent = (
        deviance(a, excess, total / a * p)
        + deviance(b, -excess, total / b * q)
        + stirling_remainder(a)
        + stirling_remainder(b)
        - stirling_remainder(total)
    )
    # In an order that does not overflow.
    density = np.exp(-exponent) * np.sqrt(a / total) * np.sqrt(b) / ROOT_TAU / p / q
    edge = np.where(x <= 0, special.xlogy(a - 1.0, 0.0), special.xlogy(b - 1.0, 0.0))
    outside = (x < 0) | (rest < 0)
    at_edge = np.where(x <= 0, b, a) * np.exp(edge)
    return np.where(inside, density, np.where(outside, np.nan, at_edge))


def student_density(freedom, t):
    """The density of Student's distribution."""
    normal = np.isinf(freedom)
    v = np.where(normal, 1, freedom)
    s = np.abs(t) / np.sqrt(v)
    far = s > 1e8
    near = np.where(far, 0, s)
    logarithm = np.where(far, 2 * np.log(np.where(far, s, 1)), np.log1p(near * near))
    scale = stirling_remainder((v + 1) / 2) - stirling_remainder(v / 2)
    exponent = scale + v / 2 * np.log1p(1 / v) - 0.5 - (v + 1) / 2 * logarithm
    return np.exp(np.where(normal, -t * t / 2, exponent)) / ROOT_TAU
