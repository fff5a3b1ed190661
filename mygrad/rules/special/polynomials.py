"""``scipy.special``: orthogonal polynomials, and the functions that they are of fractional degree.

For a degree of an integer dtype SciPy has recurrences, with more digits than the series that it
takes for one of floats: rules keep the dtype. At integers below 0 most are 0 by definition, or
those of another degree, mirrored.
"""

import numpy as np
from scipy import special

from mygrad.engine.registry import implements
from mygrad.rules.special._double import Special


def lowered(degree, polynomial, *args):
    """A polynomial of the degree below, of which that of an integer degree below 1 is 0."""
    if np.result_type(degree).kind in "iu":
        return np.where(degree < 1, 0, polynomial(np.maximum(degree - 1, 0), *args))
    return np.where(degree == 0, 0, polynomial(np.where(degree == 0, 1, degree) - 1, *args))


def mirrored(degree, shift):
    """``degree``; below 0, where an integer, that at the same distance from the centre of symmetry."""
    if np.result_type(degree).kind in "iu":
        return np.where(degree < 0, -degree - shift, degree)
    return degree


@implements(special.eval_legendre)
class Legendre(Special):
    def vjp_x2(grad, x1, x2):
        return grad * lowered(mirrored(x1, 1), special.eval_gegenbauer, 1.5, x2)


@implements(special.eval_chebyt)
class ChebyshevT(Special):
    def vjp_x2(grad, x1, x2):
        return grad * (x1 * special.eval_chebyu(x1 - 1, x2))


@implements(special.eval_chebyu)
class ChebyshevU(Special):
    def vjp_x2(grad, x1, x2):
        degree = mirrored(x1, 2)
        sign = np.where(degree == x1, 2, -2)
        return grad * (sign * lowered(degree, special.eval_gegenbauer, 2.0, x2))


@implements(special.eval_gegenbauer)
class Gegenbauer(Special):
    def vjp_x3(grad, x1, x2, x3):
        return grad * (2.0 * x2 * lowered(x1, special.eval_gegenbauer, x2 + 1.0, x3))


@implements(special.eval_jacobi)
class Jacobi(Special):
    def vjp_x4(grad, x1, x2, x3, x4):
        slope = lowered(x1, special.eval_jacobi, x2 + 1.0, x3 + 1.0, x4)
        return grad * ((1.0 + x1 + x2 + x3) / 2 * slope)


@implements(special.eval_hermite)
class Hermite(Special):
    def vjp_x2(grad, x1, x2):
        return grad * (2.0 * x1 * lowered(x1, special.eval_hermite, x2))


@implements(special.eval_hermitenorm)
class HermiteNorm(Special):
    def vjp_x2(grad, x1, x2):
        return grad * (x1 * lowered(x1, special.eval_hermitenorm, x2))


@implements(special.eval_laguerre)
class Laguerre(Special):
    def vjp_x2(grad, x1, x2):
        return -grad * lowered(x1, special.eval_genlaguerre, 1.0, x2)


@implements(special.eval_genlaguerre)
class GenLaguerre(Special):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * lowered(x1, special.eval_genlaguerre, x2 + 1.0, x3)
