"""``scipy.special``: the gamma function and its kin, Pochhammer's symbol, binomials, beta, zeta."""

import math

import numpy as np
from scipy import special
from scipy.special import _ufuncs

from mygrad.engine.registry import implements
from mygrad.rules.special._double import (
    Special,
    cospi,
    is_complex,
    is_pole,
    polynomial,
    sinpi,
    split_turns,
)

#: The even Bernoulli numbers, from the second.
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
#: Of the asymptotic series of the digamma function, less its logarithm, in ``1 / x ** 2``.
DIGAMMA_SERIES = tuple(b / (2 * k + 2) for k, b in enumerate(BERNOULLI))
#: From here on the asymptotic series have all digits.
FAR = 15


def cosecant_squared(z):
    """``1 / sin(pi * z) ** 2`` of complex ``z``, without overflow."""
    _, rest = split_turns(z)
    inward = np.where(np.imag(z) < 0, -2j * math.pi, 2j * math.pi) * rest
    return -4 * np.exp(inward) / np.expm1(inward) ** 2


def trigamma_to_the_right(z):
    """The derivative of ``psi`` at complex ``z`` whose real part is positive."""
    inverse = 1 / (z + FAR)
    square = inverse * inverse
    tail = inverse + square / 2 + inverse * square * polynomial(square, BERNOULLI)
    return sum(1 / (z + k) ** 2 for k in reversed(range(FAR))) + tail


def trigamma(x):
    """The derivative of ``psi``."""
    left = np.real(x) < 0.5
    right = np.where(left, 1 - x, x)
    if is_complex(x):
        value = trigamma_to_the_right(right)
        return np.where(left, math.pi**2 * cosecant_squared(np.where(left, x, 0.5)) - value, value)
    value = special.zeta(2, right)
    return np.where(left, (math.pi / sinpi(np.where(left, x, 0.5))) ** 2 - value, value)


def digamma(x):
    """``psi(x)``; of real numbers below 0 by reflection, with all digits near its poles."""
    if is_complex(x):
        return special.psi(x)
    left = (x < 0) & (x != np.round(x))
    if not np.any(left):
        return special.psi(x)
    turned = np.where(left, x, 0.5)
    value = special.psi(np.where(left, 1 - x, x))
    return value - np.where(left, math.pi * cospi(turned) / sinpi(turned), 0)


def log_rest(x):
    """``log(x) - psi(x)`` of positive ``x``."""
    far = x >= FAR
    inverse = 1 / np.where(far, x, FAR)
    rest = inverse / 2 + inverse * inverse * polynomial(inverse * inverse, DIGAMMA_SERIES)
    near = np.where(far, FAR, x)
    return np.where(far, rest, np.log(near) - special.psi(near))


def slope_of_rgamma(x, out):
    """The derivative of ``out = 1 / gamma(x)``; where ``psi`` may have a pole, by reflection."""
    left = np.real(x) < 0.5
    if is_complex(x):
        left = left & (np.abs(np.imag(x)) < 1)
    near = np.where(left, x, 0)
    turned = cospi(near) - special.psi(1 - near) * sinpi(near) / math.pi
    return np.where(
        left, special.gamma(1 - near) * turned, -out * special.psi(np.where(left, 1, x))
    )


def psi_difference(x, y, step):
    """``psi(y) - psi(x)`` of positive numbers, to all digits of ``step``, which is ``y - x``."""
    low, high = np.minimum(x, y), np.maximum(x, y)
    near = sum(step / (high + k) / (low + k) for k in reversed(range(FAR)))
    x, y = x + FAR, y + FAR
    u, v = 1 / x, 1 / y
    # The difference of the series, divided by that of its arguments, by Horner's scheme.
    total = quotient = 0.0
    for coefficient in reversed((0.0, *DIGAMMA_SERIES)):
        quotient = quotient * (v * v) + total
        total = total * (u * u) + coefficient
    small = step * u
    logarithm = np.where(
        np.abs(small) < 0.5, np.log1p(np.where(np.abs(small) < 0.5, small, 0)), np.log(y * u)
    )
    return near + logarithm + small * v * (0.5 + (u + v) * quotient)


def psi_rise(x, step):
    """``psi(x + step) - psi(x)``; to the left of 0 by reflection, where the poles of both may cancel."""
    y = x + step
    x_left, y_left = x <= 0, y <= 0
    both = x_left & y_left
    right_x, right_y = np.where(x_left, 1 - x, x), np.where(y_left, 1 - y, y)
    distance = np.where(both, -step, np.where(x_left | y_left, right_y - right_x, step))
    rise = psi_difference(right_x, right_y, distance)
    if not np.any(x_left | y_left):
        return rise
    sine = sinpi(step)
    crossing = np.where(sine == 0, 0, sine / (sinpi(x) * sinpi(y)))
    alone = np.where(x_left, cospi(x) / sinpi(x), -cospi(y) / sinpi(y))
    return rise + math.pi * np.where(both, crossing, np.where(x_left | y_left, alone, 0))


def sign_of_pole(x):
    """1 or -1, as the residue of the gamma function at the pole ``x``."""
    return split_turns(x)[0]


def zeta_in_exponent(s, q):
    """The derivative of ``zeta(s, q)`` in ``s``, by Euler and Maclaurin's formula."""
    y = q + FAR
    logarithm = np.log(y)
    # The derivative of each term of the formula, over y ** -s.
    tail = -y / (s - 1) * (logarithm + 1 / (s - 1)) - logarithm / 2
    rising, slope = s / y, 1 / y
    for k, bernoulli in enumerate(BERNOULLI, 1):
        tail = tail + bernoulli / math.factorial(2 * k) * (slope - logarithm * rising)
        for factor in (s + 2 * k - 1, s + 2 * k):
            rising, slope = rising * factor / y, (slope * factor + rising) / y
    terms = sum(np.log(q + k) * (q + k) ** -s for k in reversed(range(FAR)))
    return tail * y**-s - terms


@implements(special.gamma)
class Gamma(Special):
    def vjp_x(grad, out, x):
        return grad * (out * digamma(x))


@implements(special.rgamma)
class ReciprocalGamma(Special):
    def vjp_x(grad, out, x):
        return grad * slope_of_rgamma(x, out)


@implements(special.gammaln)
class GammaLn(Special):
    def vjp_x(grad, x):
        return grad * digamma(x)


@implements(special.loggamma)
class LogGamma(GammaLn):
    pass


@implements(special.psi)
class Digamma(Special):
    def vjp_x(grad, x):
        return grad * trigamma(x)


@implements(_ufuncs._zeta)
class HurwitzZeta(Special):
    def vjp_x1(grad, x1, x2):
        return grad * zeta_in_exponent(1.0 * x1, x2)

    def vjp_x2(grad, x1, x2):
        return -grad * (x1 * special.zeta(x1 + 1.0, x2))


@implements(special.poch)
class Pochhammer(Special):
    def vjp_x1(grad, out, x1, x2):
        # A zero of the symbol: the derivative of the other factor, 1 / gamma(x1).
        zero = is_pole(x1) & ~is_pole(x1 + x2)
        at, end = np.where(zero, x1, 0), np.where(zero, x1 + x2, 1)
        slope = sign_of_pole(at) * special.gamma(end) * special.gamma(1 - at)
        return grad * np.where(zero, slope, out * psi_rise(np.where(zero, 1, x1), x2))

    def vjp_x2(grad, out, x1, x2):
        return grad * (out * digamma(x1 + x2))


@implements(special.binom)
class Binomial(Special):
    def vjp_x1(grad, out, x1, x2):
        start = x1 - x2 + 1.0
        zero = is_pole(start)
        slope = sign_of_pole(start) * special.beta(x1 + 1.0, np.where(zero, x2 - x1, 1))
        return grad * np.where(zero, slope, out * psi_rise(np.where(zero, 1, start), x2))

    def vjp_x2(grad, out, x1, x2):
        low, high = x2 + 1.0, x1 - x2 + 1.0
        zero, far_zero = is_pole(low), is_pole(high)
        distance = np.where(zero, -x2, np.where(far_zero, x2 - x1, 1))
        sign = np.where(zero, sign_of_pole(low), -sign_of_pole(high))
        usual = out * psi_rise(np.where(zero | far_zero, 1, low), x1 - 2.0 * x2)
        return grad * np.where(zero | far_zero, sign * special.beta(x1 + 1.0, distance), usual)


def slope_of_beta(a, b, out):
    """The derivative of ``out = beta(a, b)`` in ``a``."""
    zero = is_pole(a + b) & ~is_pole(a) & ~is_pole(b)
    at = np.where(zero, a + b, 0)
    residue = sign_of_pole(at) * special.gamma(1 - at)
    slope = special.gamma(np.where(zero, a, 1)) * special.gamma(np.where(zero, b, 1)) * residue
    rise = out * psi_rise(np.where(zero, 1, a), b)
    # The rise may be too small for a number where the product is not.
    tiny = (a > 0) & (np.abs(b) < 1e-17 * a)
    rise = np.where(tiny, out * b * trigamma(np.where(tiny, a, 1.0)), rise)
    return np.where(zero, slope, -rise)


@implements(special.beta)
class Beta(Special):
    def vjp_x1(grad, out, x1, x2):
        return grad * slope_of_beta(x1, x2, out)

    def vjp_x2(grad, out, x1, x2):
        return grad * slope_of_beta(x2, x1, out)


@implements(special.betaln)
class LogBeta(Special):
    def vjp_x1(grad, x1, x2):
        return -grad * psi_rise(x1, x2)

    def vjp_x2(grad, x1, x2):
        return -grad * psi_rise(x2, x1)
