"""``scipy.special``: Fresnel's, exponential, trigonometric and elliptic integrals."""

import math

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special, is_complex, total

#: Splits a double into halves whose product is exact.
SPLITTER = 2.0**27 + 1


def sine_and_cosine_of_square(x):
    """Sine and cosine of ``pi / 2 * x ** 2``, to all digits of ``x``."""
    # Beyond 2**53 there are only even numbers.
    x = x if is_complex(x) else np.where(np.abs(x) < 2.0**53, x, 0)
    square = x * x
    if is_complex(x):
        part, error = square, 0
    else:
        scaled = SPLITTER * x
        high = scaled - (scaled - x)
        low = x - high
        part = np.fmod(square, 4)
        error = np.fmod(((high * high - square) + 2 * high * low) + low * low, 4)
    turns = np.round(np.real(part))
    angle = math.pi / 2 * ((part - turns) + error)
    turns = np.mod(turns, 4)
    sine, cosine = np.sin(angle), np.cos(angle)
    odd, sine_sign = turns % 2 == 1, np.where(turns < 2, 1, -1)
    cosine_sign = np.where((turns == 1) | (turns == 2), -1, 1)
    return sine_sign * np.where(odd, cosine, sine), cosine_sign * np.where(odd, sine, cosine)


@implements(special.fresnel)
class Fresnel(Special):
    def vjp_x(grad, x):
        return total(zip(grad, sine_and_cosine_of_square(x), strict=True))


@implements(special.sici)
class SineCosineIntegral(Special):
    def vjp_x(grad, x):
        sine, cosine = grad
        terms = []
        if sine is not None:
            near = np.abs(x) < 0.5
            large = np.where(near, 1, x)
            terms.append((sine, np.where(near, np.sinc(x / math.pi), np.sin(large) / large)))
        if cosine is not None:
            terms.append((cosine, np.cos(x) / x))
        return total(terms)


def exp_over(x, divisor):
    """``exp(x) / divisor``, where the exponential alone may overflow."""
    half = np.exp(x / 2)
    return half / divisor * half


@implements(special.expi)
class ExpI(Special):
    def vjp_x(grad, x):
        return grad * exp_over(x, x)


@implements(special.exp1)
class Exp1(Special):
    def vjp_x(grad, x):
        return -grad * exp_over(-x, x)


@implements(special.expn)
class ExpN(Special):
    def vjp_x2(grad, out, x1, x2):
        lower = special.expn(np.maximum(x1 - 1, 0), x2)
        return -grad * np.where(np.equal(x1, 0), out * (1 + 1 / x2), lower)


# ------------------------------------------------------------------ elliptic integrals


def away_from_zero(m):
    """True where the closed forms do not cancel, and ``m`` there, or 0.5 elsewhere."""
    far = np.abs(m) > 0.1
    return far, np.where(far, m, 0.5)


@implements(special.ellipk)
class EllipK(Special):
    def vjp_x(grad, x):
        far, m = away_from_zero(x)
        series = math.pi / 8 * special.hyp2f1(1.5, 1.5, 2, np.where(far, 0, x))
        # At 1, an infinity of a logarithm times zero.
        rest = np.where(m == 1, 0, (1 - m) * special.ellipk(np.where(m == 1, 0, m)))
        closed = (special.ellipe(m) - rest) / (1 - m) / m / 2
        return grad * np.where(far, closed, series)


@implements(special.ellipe)
class EllipE(Special):
    def vjp_x(grad, x):
        far, m = away_from_zero(x)
        series = -math.pi / 8 * special.hyp2f1(0.5, 1.5, 2, np.where(far, 0, x))
        return grad * np.where(far, (special.ellipe(m) - special.ellipk(m)) / m / 2, series)


def square_of_delta(phi, m):
    """``1 - m * sin(phi) ** 2``, without a difference where ``m`` is below 1."""
    sine, cosine = np.sin(phi), np.cos(phi)
    return cosine * cosine + (1 - m) * (sine * sine)


@implements(special.ellipkinc)
class EllipKInc(Special):
    def vjp_x1(grad, x1, x2):
        return grad / np.sqrt(square_of_delta(x1, x2))


@implements(special.ellipeinc)
class EllipEInc(Special):
    def vjp_x1(grad, x1, x2):
        return grad * np.sqrt(square_of_delta(x1, x2))
