"""``scipy.special``: error functions, and the normal distribution."""

import math

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special, is_complex, polynomial

ROOT_PI = math.sqrt(math.pi)
ROOT_TAU = math.sqrt(2 * math.pi)
ROOT_HALF = math.sqrt(0.5)
#: The product of the odd numbers up to ``2 * k + 1``.
ODD_PRODUCTS = tuple(math.prod(range(1, 2 * k + 2, 2)) for k in range(24))


def far_series(u):
    """``u + 3 * u**2 + 15 * u**3 + …``, the asymptotic series in ``u = ±1 / (2 * z**2)``."""
    return u * polynomial(u, ODD_PRODUCTS)


def far_from_zero(z):
    """True if the asymptotic series has all digits at ``z``, and ``z`` there, or 100 elsewhere."""
    far = np.abs(z) >= 10
    return far, np.where(far, z, 100)


def slope_of_erfcx(z, out):
    """The derivative of ``out = erfcx(z)``, in which two large terms cancel."""
    far, at = far_from_zero(z)
    left = np.real(z) < 0
    far = far if is_complex(z) else far & ~left
    series = 2 / ROOT_PI * far_series(-0.5 / at / at)
    if is_complex(z):
        # erfcx(z) is 2 exp(z²) - erfcx(-z).
        turned = np.where(far & left, z, 0)
        series = series + np.where(far & left, 4 * turned * np.exp(turned * turned), 0)
    return np.where(far, series, 2 * np.where(far, 0, z) * out - 2 / ROOT_PI)


def slope_of_wofz(z, out):
    """The derivative of ``out = wofz(z)``."""
    far, at = far_from_zero(z)
    series = -2j / ROOT_PI * far_series(0.5 / at / at)
    # wofz(z) is 2 exp(-z²) - wofz(-z).
    low = far & (np.imag(z) < 0)
    turned = np.where(low, z, 0)
    series = series - np.where(low, 4 * turned * np.exp(-turned * turned), 0)
    return np.where(far, series, 2j / ROOT_PI - 2 * np.where(far, 0, z) * out)


def slope_of_dawsn(z, out):
    """The derivative of ``out = dawsn(z)``."""
    far, at = far_from_zero(z)
    series = -far_series(0.5 / at / at)
    if is_complex(z):
        # Beside the series stands a part that is large where z is imaginary.
        turn = np.where(np.imag(z) > 0, -1j, 1j) * ROOT_PI
        turned = np.where(far, z, 0)
        series = series + turn * turned * np.exp(-turned * turned)
    return np.where(far, series, 1 - 2 * np.where(far, 0, z) * out)


@implements(special.erf)
class Erf(Special):
    def vjp_x(grad, x):
        return grad * (2 / ROOT_PI * np.exp(-x * x))


@implements(special.erfc)
class Erfc(Special):
    def vjp_x(grad, x):
        return -grad * (2 / ROOT_PI * np.exp(-x * x))


@implements(special.erfcx)
class Erfcx(Special):
    def vjp_x(grad, out, x):
        return grad * slope_of_erfcx(x, out)


@implements(special.erfi)
class Erfi(Special):
    def vjp_x(grad, x):
        return grad * (2 / ROOT_PI * np.exp(x * x))


@implements(special.erfinv)
class ErfInv(Special):
    def vjp_x(grad, out, x):
        return grad * (ROOT_PI / 2 * np.exp(out * out))


@implements(special.erfcinv)
class ErfcInv(Special):
    def vjp_x(grad, out, x):
        return -grad * (ROOT_PI / 2 * np.exp(out * out))


@implements(special.dawsn)
class Dawson(Special):
    def vjp_x(grad, out, x):
        return grad * slope_of_dawsn(x, out)


@implements(special.wofz)
class Faddeeva(Special):
    def vjp_x(grad, out, x):
        return grad * slope_of_wofz(x, out)


@implements(special.ndtr)
class Ndtr(Special):
    def vjp_x(grad, x):
        return grad * (np.exp(-x * x / 2) / ROOT_TAU)


@implements(special.log_ndtr)
class LogNdtr(Special):
    def vjp_x(grad, x):
        return grad * (2 / ROOT_TAU / special.erfcx(-ROOT_HALF * x))


@implements(special.ndtri)
class Ndtri(Special):
    def vjp_x(grad, out, x):
        return grad * (ROOT_TAU * np.exp(out * out / 2))


@implements(special.ndtri_exp)
class NdtriExp(Special):
    def vjp_x(grad, out, x):
        return grad * (ROOT_TAU / 2 * special.erfcx(-ROOT_HALF * out))


@implements(special.owens_t)
class OwensT(Special):
    def vjp_x1(grad, x1, x2):
        density = np.exp(-x1 * x1 / 2) / (2 * ROOT_TAU)
        return -grad * (density * special.erf(x1 * ROOT_HALF * x2))

    def vjp_x2(grad, x1, x2):
        length = x1 * np.hypot(1, x2)
        return grad * (np.exp(-length * length / 2) / (2 * math.pi * (1.0 + 1.0 * x2 * x2)))
