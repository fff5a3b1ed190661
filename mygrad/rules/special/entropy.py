"""``scipy.special``: logistic functions, entropies, losses, Lambert's function."""

import math

import numpy as np
from scipy import special
from scipy.special import _ufuncs

from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special
from mygrad.rules.special.elementary import slope_of_exprel

#: What 1 / e in double precision lacks.
REST_OF_INVERSE_E = -1.2428753672788363e-17


# ------------------------------------------------------------------ logistic functions


@implements(special.expit)
class Expit(Elementwise):
    def vjp_x(grad, out, x):
        # Not `1 - out`, which has lost its digits where the result is nearly 1.
        return grad * (out * special.expit(-x))


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


def log_ratio(x, y):
    """``log(x / y)``, without a quotient that overflows, and to all digits where it is small."""
    near = (np.abs(x - y) < 0.5 * np.abs(y)) & (np.abs(y) < np.inf)
    close = np.where(near, x, 1)
    base = np.where(near, y, 1)
    x, y = np.where(near, 1.0, x), np.where(near, 1.0, y)
    # Of two huge or two tiny numbers the logarithms cancel, of one huge and one tiny the quotient is lost.
    quotient = x / y
    lost = (quotient == 0) | (np.abs(quotient) < 1e-300) | np.isinf(quotient)
    apart = np.log(x) - np.log(y)
    usual = np.where(lost, apart, np.log(np.where(lost, 1, quotient)))
    return np.where(near, np.log1p((close - base) / base), usual)


@implements(special.xlogy)
class XLogY(Special):
    def vjp_x1(grad, x2):
        return grad * np.log(x2, dtype=np.result_type(grad, np.float64))

    def vjp_x2(grad, x1, x2):
        return grad * ratio(x1, x2)


@implements(special.xlog1py)
class XLog1pY(Special):
    def vjp_x1(grad, x2):
        return grad * np.log1p(x2, dtype=np.result_type(grad, np.float64))

    def vjp_x2(grad, x1, x2):
        return grad * ratio(x1, 1.0 + x2)


@implements(special.entr)
class Entr(Special):
    def vjp_x(grad, x):
        # The sum of the logarithm and 1 cancels at 1 / e.
        near = np.abs(x - 0.4) < 0.2
        close = ((np.where(near, x, 0.4) - 1 / math.e) - REST_OF_INVERSE_E) * math.e
        return -grad * np.where(near, np.log1p(close), np.log(np.where(near, 1, x)) + 1)


@implements(special.rel_entr)
class RelEntr(Special):
    def vjp_x1(grad, x1, x2):
        return grad * (log_ratio(x1, x2) + 1)

    def vjp_x2(grad, x1, x2):
        return -grad * ratio(x1, x2)


@implements(special.kl_div)
class KLDiv(Special):
    def vjp_x1(grad, x1, x2):
        return grad * log_ratio(x1, x2)

    def vjp_x2(grad, x1, x2):
        return grad * np.where((x1 == 0) & (x2 == 0), 1, (x2 - x1) / x2)


@implements(special.huber)
class Huber(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * np.maximum(np.abs(1.0 * x2) - x1, 0)

    def vjp_x2(grad, x1, x2):
        # Of an unsigned integer, -x1 would wrap around.
        return grad * np.clip(x2, -1.0 * x1, x1)


@implements(special.pseudo_huber)
class PseudoHuber(Special):
    def vjp_x1(grad, x1, x2):
        length = np.hypot(x1, x2)
        safe = np.where(length == 0, 1, length)
        part = x2 / (x1 + safe)
        return grad * (x2 * (x2 / safe) * (part * part))

    def vjp_x2(grad, x1, x2):
        length = np.hypot(x1, x2)
        safe = np.where(length == 0, 1, length)
        # In the order that does not underflow.
        return grad * np.where(np.abs(x1) > np.abs(x2), x2 * (x1 / safe), x1 * (x2 / safe))


# ------------------------------------------------------------------ products of a number with its logarithm


def above_branch(z, branch, w):
    """``1 + w`` of ``w = lambertw(z, branch)`` to all digits, where ``w`` is nearly -1."""
    near = np.abs(1 + w) < 0.3
    target = ((np.where(near, z, 0) + 1 / math.e) + REST_OF_INVERSE_E) * math.e
    # Newton's method for (d - 1) exp(d) + 1, of which d² slope_of_exprel(d) does not cancel.
    root = np.where(np.equal(branch, 0), 1, -1) * np.sqrt(2 * target)
    d = root - root * root / 3
    for _ in range(4):
        d = d - (d * d * slope_of_exprel(d) - target) / (d * np.exp(d))
    return np.where(near, d, 1 + w)


@implements(_ufuncs._lambertw)
class LambertW(Special):
    def vjp_x1(grad, out, x1, x2, x3):
        above = above_branch(x1, x2, out)
        return grad * (np.exp(1 - above) / above)


@implements(special.wrightomega)
class WrightOmega(Special):
    def vjp_x(grad, out, x):
        return grad * (out / (1 + out))
