"""``scipy.special``: hypergeometric functions."""

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special


def unless_zero(factor, value):
    """``factor * value``, 0 where ``factor`` is, also if the value is infinite."""
    return np.where(factor == 0, 0, factor * value)


@implements(special.hyp0f1)
class Hyp0f1(Special):
    def vjp_x2(grad, x1, x2):
        return grad * (special.hyp0f1(x1 + 1.0, x2) / x1)


@implements(special.hyp1f1)
class Hyp1f1(Special):
    def vjp_x3(grad, x1, x2, x3):
        return grad * unless_zero(x1 / x2, special.hyp1f1(x1 + 1.0, x2 + 1.0, x3))


@implements(special.hyp2f1)
class Hyp2f1(Special):
    def vjp_x4(grad, x1, x2, x3, x4):
        raised = special.hyp2f1(x1 + 1.0, x2 + 1.0, x3 + 1.0, x4)
        return grad * unless_zero(x1 / x3 * x2, raised)


@implements(special.hyperu)
class HyperU(Special):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * unless_zero(1.0 * x1, special.hyperu(x1 + 1.0, x2 + 1.0, x3))
