"""``scipy.special``: exponents, logarithms, powers, angles in degrees.

A constant may be a small integer: 1.0 - x does not wrap around, and a logarithm with a dtype has more
than the half precision that NumPy gives to those of small integers.
"""

import math

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.exponents import Cbrt, Exp2, Expm1, Log1p
from mygrad.rules.special._double import Special, polynomial

LN10 = math.log(10)
DEGREE = math.pi / 180
#: Of the derivative of ``expm1(x) / x``.
EXPREL_SERIES = tuple(1 / (math.factorial(k) * (k + 2)) for k in range(12))
#: Of ``(x / (1 + x) - log1p(x)) / x ** 2``.
POWER_SERIES = tuple((-1) ** (k + 1) * (k + 1) / (k + 2) for k in range(20))

# ------------------------------------------------------------------ exponents, logarithms, angles


@implements(special.cbrt)
class SpecialCbrt(Cbrt):
    pass


@implements(special.exp2)
class SpecialExp2(Exp2):
    pass


@implements(special.expm1)
class SpecialExpm1(Expm1):
    pass


@implements(special.log1p)
class SpecialLog1p(Log1p):
    pass


@implements(special.exp10)
class Exp10(Special):
    def vjp_x(grad, out, x):
        return grad * (LN10 * out)


def slope_of_exprel(x):
    """The derivative of ``expm1(x) / x``; near 0, where its formula cancels, by its series."""
    near = np.abs(x) < 0.2
    high = np.real(x) > 1
    up, down = np.where(high, x, 1), np.where(near | high, -1, x)
    # To the left the exponential vanishes, to the right it must not meet another infinity.
    right = special.exprel(up) * (1 - 1 / up) + 1 / up if x.dtype.kind != "c" else 0
    left = (np.exp(down) - np.expm1(down) / down) / down
    return np.where(
        near, polynomial(np.where(near, x, 0), EXPREL_SERIES), np.where(high, right, left)
    )


@implements(special.exprel)
class Exprel(Special):
    def vjp_x(grad, x):
        return grad * slope_of_exprel(x)


def slope_in_power(logarithm, power):
    """The derivative of ``exprel(power * logarithm) * logarithm`` in ``power``."""
    # Of 0 ** power, which is 0.
    zero = np.isneginf(logarithm) & (power > 0)
    finite = np.where(zero, 0, logarithm)
    usual = finite * slope_of_exprel(power * finite) * finite
    return np.where(zero, 1.0 / np.where(zero, power, 1) ** 2, usual)


@implements(special.boxcox)
class BoxCox(Special):
    def vjp_x1(grad, x1, x2):
        return grad * x1 ** (x2 - 1.0)

    def vjp_x2(grad, x1, x2):
        return grad * slope_in_power(np.log(x1), x2)


@implements(special.boxcox1p)
class BoxCox1p(Special):
    def vjp_x1(grad, x1, x2):
        # Not `1 + x1`, of which a large power has lost the digits of a small x1.
        return grad * np.exp(special.xlog1py(x2 - 1.0, x1))

    def vjp_x2(grad, x1, x2):
        return grad * slope_in_power(np.log1p(x1), x2)


def log1p_ratio(t):
    """``log1p(t) / t``."""
    safe = np.where(t == 0, 1, t)
    return np.where(t == 0, 1, np.log1p(safe) / safe)


class InversePower(Special):
    def vjp_x1(grad, x1, x2):
        t = x1 * x2
        return grad * np.exp(x1 * log1p_ratio(t) - np.log1p(t))

    def vjp_x2(grad, x1, x2):
        t = x1 * x2
        near = np.abs(t) < 0.1
        small, large = np.where(near, t, 0), np.where(near, 1, t)
        series = x1 * polynomial(small, POWER_SERIES) * x1
        power = np.where(near, 1, x2)
        formula = (large / (1 + large) - np.log1p(large)) / power / power
        return grad * (np.exp(x1 * log1p_ratio(t)) * np.where(near, series, formula))


@implements(special.inv_boxcox)
class InverseBoxCox(InversePower):
    pass


@implements(special.inv_boxcox1p)
class InverseBoxCox1p(InversePower):
    pass


@implements(special.cosm1)
class Cosm1(Special):
    def vjp_x(grad, x):
        return -grad * np.sin(x)


@implements(special.sindg)
class SinDegrees(Special):
    def vjp_x(grad, x):
        return grad * (DEGREE * special.cosdg(x))


@implements(special.cosdg)
class CosDegrees(Special):
    def vjp_x(grad, x):
        return -grad * (DEGREE * special.sindg(x))


@implements(special.tandg)
class TanDegrees(Special):
    def vjp_x(grad, x):
        secant = 1 / special.cosdg(x)
        return grad * (DEGREE * (secant * secant))


@implements(special.cotdg)
class CotDegrees(Special):
    def vjp_x(grad, x):
        cosecant = 1 / special.sindg(x)
        return -grad * (DEGREE * (cosecant * cosecant))
