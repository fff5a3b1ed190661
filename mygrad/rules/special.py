"""``scipy.special``: gamma, error, logistic and entropy functions, distributions, polynomials.

Imported when one of SciPy's ufuncs is first called on tensors. Its names are those of a ufunc's
arguments: of ``gammainc(a, x)``, ``a`` is ``x1``. An argument without a rule is to be constant.

A constant may be a small integer: 1.0 - x does not wrap around, and a logarithm with a dtype has more
than the half precision that NumPy gives to those of small integers.
"""

import math

import numpy as np
from scipy import special
from scipy.special import _ufuncs

from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements, piecewise_constant
from mygrad.rules import bessel  # noqa: F401 - the rest of the same chapter
from mygrad.rules.exponents import Cbrt, Exp2, Expm1, Log1p

LN10 = math.log(10)
DEGREE = math.pi / 180
ROOT_PI = math.sqrt(math.pi)
ROOT_TAU = math.sqrt(2 * math.pi)

piecewise_constant(special.gammasgn, special.round)


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
class Exp10(Elementwise):
    def vjp_x(grad, out):
        return grad * (LN10 * out)


def slope_of_exprel(x):
    """The derivative of ``expm1(x) / x``; near 0, where its formula cancels, by its series."""
    near = np.abs(x) < 0.1
    small = np.where(near, x, 0)
    series = 0
    for k in reversed(range(10)):
        series = series * small + 1 / (math.factorial(k) * (k + 2))
    large = np.where(near, 1, x)
    return np.where(near, series, (large * np.exp(large) - np.expm1(large)) / (large * large))


@implements(special.exprel)
class Exprel(Elementwise):
    def vjp_x(grad, x):
        return grad * slope_of_exprel(x)


@implements(special.boxcox)
class BoxCox(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * x1 ** (x2 - 1.0)

    def vjp_x2(grad, x1, x2):
        logarithm = np.log(x1, dtype=grad.dtype)
        return grad * (logarithm * logarithm * slope_of_exprel(x2 * logarithm))


@implements(special.boxcox1p)
class BoxCox1p(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * (1 + x1) ** (x2 - 1.0)

    def vjp_x2(grad, x1, x2):
        logarithm = np.log1p(x1, dtype=grad.dtype)
        return grad * (logarithm * logarithm * slope_of_exprel(x2 * logarithm))


@implements(special.inv_boxcox)
class InverseBoxCox(Elementwise):
    def vjp_x1(grad, out, x2):
        return grad * out ** (1.0 - x2)


@implements(special.inv_boxcox1p)
class InverseBoxCox1p(Elementwise):
    def vjp_x1(grad, out, x2):
        return grad * (1 + out) ** (1.0 - x2)


@implements(special.cosm1)
class Cosm1(Elementwise):
    def vjp_x(grad, x):
        return -grad * np.sin(x)


@implements(special.sindg)
class SinDegrees(Elementwise):
    def vjp_x(grad, x):
        return grad * (DEGREE * special.cosdg(x))


@implements(special.cosdg)
class CosDegrees(Elementwise):
    def vjp_x(grad, x):
        return -grad * (DEGREE * special.sindg(x))


@implements(special.tandg)
class TanDegrees(Elementwise):
    def vjp_x(grad, out):
        return grad * (DEGREE * (1 + out * out))


@implements(special.cotdg)
class CotDegrees(Elementwise):
    def vjp_x(grad, out):
        return -grad * (DEGREE * (1 + out * out))


# ------------------------------------------------------------------ gamma and beta


@implements(special.gamma)
class Gamma(Elementwise):
    def vjp_x(grad, out, x):
        return grad * out * special.psi(x)


@implements(special.rgamma)
class ReciprocalGamma(Elementwise):
    def vjp_x(grad, out, x):
        return -grad * out * special.psi(x)


@implements(special.gammaln)
class GammaLn(Elementwise):
    def vjp_x(grad, x):
        return grad * special.psi(x)


@implements(special.loggamma)
class LogGamma(GammaLn):
    pass


@implements(special.psi)
class Digamma(Elementwise):
    def vjp_x(grad, x):
        return grad * special.zeta(2, x)


@implements(_ufuncs._zeta)
class HurwitzZeta(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * (x1 * special.zeta(x1 + 1.0, x2))


@implements(special.poch)
class Pochhammer(Elementwise):
    def vjp_x1(grad, out, x1, x2):
        return grad * out * (special.psi(x1 + x2) - special.psi(x1))

    def vjp_x2(grad, out, x1, x2):
        return grad * out * special.psi(x1 + x2)


@implements(special.binom)
class Binomial(Elementwise):
    def vjp_x1(grad, out, x1, x2):
        return grad * out * (special.psi(x1 + 1.0) - special.psi(x1 - x2 + 1))

    def vjp_x2(grad, out, x1, x2):
        return grad * out * (special.psi(x1 - x2 + 1) - special.psi(x2 + 1))


@implements(special.beta)
class Beta(Elementwise):
    def vjp_x1(grad, out, x1, x2):
        return grad * out * (special.psi(x1) - special.psi(x1 + x2))

    def vjp_x2(grad, out, x1, x2):
        return grad * out * (special.psi(x2) - special.psi(x1 + x2))


@implements(special.betaln)
class LogBeta(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * (special.psi(x1) - special.psi(x1 + x2))

    def vjp_x2(grad, x1, x2):
        return grad * (special.psi(x2) - special.psi(x1 + x2))


def gamma_density(a, x):
    """The density of the gamma distribution, the derivative of ``gammainc(a, x)``."""
    return np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))


@implements(special.gammainc)
class GammaInc(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * gamma_density(x1, x2)


@implements(special.gammaincc)
class GammaIncC(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * gamma_density(x1, x2)


@implements(special.gammaincinv)
class GammaIncInv(Elementwise):
    def vjp_x2(grad, out, x1):
        return grad / gamma_density(x1, out)


@implements(special.gammainccinv)
class GammaIncCInv(Elementwise):
    def vjp_x2(grad, out, x1):
        return -grad / gamma_density(x1, out)


def beta_density(a, b, x):
    """The density of the beta distribution, the derivative of ``betainc(a, b, x)``."""
    return np.exp(special.xlogy(a - 1.0, x) + special.xlog1py(b - 1.0, -x) - special.betaln(a, b))


@implements(special.betainc)
class BetaInc(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return grad * beta_density(x1, x2, x3)


@implements(special.betaincc)
class BetaIncC(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * beta_density(x1, x2, x3)


@implements(special.betaincinv)
class BetaIncInv(Elementwise):
    def vjp_x3(grad, out, x1, x2):
        return grad / beta_density(x1, x2, out)


@implements(special.betainccinv)
class BetaIncCInv(Elementwise):
    def vjp_x3(grad, out, x1, x2):
        return -grad / beta_density(x1, x2, out)


# ------------------------------------------------------------------ error functions, normal distribution


@implements(special.erf)
class Erf(Elementwise):
    def vjp_x(grad, x):
        return grad * (2 / ROOT_PI * np.exp(-x * x))


@implements(special.erfc)
class Erfc(Elementwise):
    def vjp_x(grad, x):
        return -grad * (2 / ROOT_PI * np.exp(-x * x))


@implements(special.erfcx)
class Erfcx(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (2 * x * out - 2 / ROOT_PI)


@implements(special.erfi)
class Erfi(Elementwise):
    def vjp_x(grad, x):
        return grad * (2 / ROOT_PI * np.exp(x * x))


@implements(special.erfinv)
class ErfInv(Elementwise):
    def vjp_x(grad, out):
        return grad * (ROOT_PI / 2 * np.exp(out * out))


@implements(special.erfcinv)
class ErfcInv(Elementwise):
    def vjp_x(grad, out):
        return -grad * (ROOT_PI / 2 * np.exp(out * out))


@implements(special.dawsn)
class Dawson(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (1 - 2 * x * out)


@implements(special.wofz)
class Faddeeva(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (2j / ROOT_PI - 2 * x * out)


@implements(special.ndtr)
class Ndtr(Elementwise):
    def vjp_x(grad, x):
        return grad * (np.exp(-x * x / 2) / ROOT_TAU)


@implements(special.log_ndtr)
class LogNdtr(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (np.exp(-x * x / 2 - out) / ROOT_TAU)


@implements(special.ndtri)
class Ndtri(Elementwise):
    def vjp_x(grad, out):
        return grad * (ROOT_TAU * np.exp(out * out / 2))


@implements(special.ndtri_exp)
class NdtriExp(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (ROOT_TAU * np.exp(x + out * out / 2))


@implements(special.owens_t)
class OwensT(Elementwise):
    def vjp_x1(grad, x1, x2):
        density = np.exp(-x1 * x1 / 2) / (2 * ROOT_TAU)
        return -grad * (density * special.erf(x1 * x2 / math.sqrt(2)))

    def vjp_x2(grad, x1, x2):
        square = 1 + x2 * x2
        # -0.5 comes first: a small integer would wrap around when squared.
        return grad * (np.exp(-0.5 * x1 * x1 * square) / (2 * math.pi * square))


@implements(special.chdtr)
class ChiSquare(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (gamma_density(x1 / 2, x2 / 2) / 2)


@implements(special.chdtrc)
class ChiSquareC(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * (gamma_density(x1 / 2, x2 / 2) / 2)


@implements(special.stdtr)
class StudentT(Elementwise):
    def vjp_x2(grad, x1, x2):
        power = (1 + x2 * x2 / x1) ** (-(x1 + 1.0) / 2)
        return grad * (power / (np.sqrt(x1) * special.beta(x1 / 2, 0.5)))


# ------------------------------------------------------------------ logistic functions


@implements(special.expit)
class Expit(Elementwise):
    def vjp_x(grad, out):
        return grad * (out * (1 - out))


@implements(special.log_expit)
class LogExpit(Elementwise):
    def vjp_x(grad, x):
        return grad * special.expit(-x)


@implements(special.logit)
class Logit(Elementwise):
    def vjp_x(grad, x):
        return grad / (x * (1 - x))


# ------------------------------------------------------------------ entropy, losses


def ratio(x, y):
    """``x / y``, of which 0 times anything makes 0."""
    return np.where((x == 0) & (y == 0), 0, x / y)


@implements(special.xlogy)
class XLogY(Elementwise):
    def vjp_x1(grad, x2):
        return grad * np.log(x2, dtype=grad.dtype)

    def vjp_x2(grad, x1, x2):
        return grad * ratio(x1, x2)


@implements(special.xlog1py)
class XLog1pY(Elementwise):
    def vjp_x1(grad, x2):
        return grad * np.log1p(x2, dtype=grad.dtype)

    def vjp_x2(grad, x1, x2):
        return grad * ratio(x1, 1.0 + x2)


@implements(special.entr)
class Entr(Elementwise):
    def vjp_x(grad, x):
        return -grad * (np.log(x) + 1)


@implements(special.rel_entr)
class RelEntr(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * (np.log(x1 / x2) + 1)

    def vjp_x2(grad, x1, x2):
        return -grad * ratio(x1, x2)


@implements(special.kl_div)
class KLDiv(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * np.log(x1 / x2)

    def vjp_x2(grad, x1, x2):
        return grad * (1 - ratio(x1, x2))


@implements(special.huber)
class Huber(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * np.maximum(np.abs(1.0 * x2) - x1, 0)

    def vjp_x2(grad, x1, x2):
        # Of an unsigned integer, -x1 would wrap around.
        return grad * np.clip(x2, -1.0 * x1, x1)


@implements(special.pseudo_huber)
class PseudoHuber(Elementwise):
    def vjp_x1(grad, x1, x2):
        slope = x2 / x1
        root = np.hypot(1, slope)
        return grad * (2 * x1 * (root - 1) - x2 * slope / root)

    def vjp_x2(grad, x1, x2):
        return grad * (x2 / np.hypot(1, x2 / x1))


# ------------------------------------------------------------------ products of a number with its logarithm


@implements(_ufuncs._lambertw)
class LambertW(Elementwise):
    def vjp_x1(grad, out):
        return grad * (np.exp(-out) / (1 + out))


@implements(special.wrightomega)
class WrightOmega(Elementwise):
    def vjp_x(grad, out):
        return grad * (out / (1 + out))
