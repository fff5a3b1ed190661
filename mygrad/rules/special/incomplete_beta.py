"""``scipy.special``: the incomplete beta function, its inverse, Student's distribution."""

from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special
from mygrad.rules.special.densities import beta_density, student_density


@implements(special.betainc)
class BetaInc(Special):
    def vjp_x3(grad, x1, x2, x3):
        return grad * beta_density(x1, x2, x3, 1 - x3)


@implements(special.betaincc)
class BetaIncC(Special):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * beta_density(x1, x2, x3, 1 - x3)


@implements(special.betaincinv)
class BetaIncInv(Special):
    def vjp_x3(grad, out, x1, x2, x3):
        # Near 1 the difference of 1 and the result has lost its digits.
        return grad / beta_density(x1, x2, out, special.betainccinv(x2, x1, x3))


@implements(special.betainccinv)
class BetaIncCInv(Special):
    def vjp_x3(grad, out, x1, x2, x3):
        return -grad / beta_density(x1, x2, out, special.betaincinv(x2, x1, x3))


@implements(special.stdtr)
class StudentT(Special):
    def vjp_x2(grad, x1, x2):
        return grad * student_density(x1, x2)
