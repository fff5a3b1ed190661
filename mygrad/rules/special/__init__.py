"""``scipy.special``, a file for each chapter of its reference.

Imported when one of SciPy's ufuncs is first called on tensors. Its names are those of a ufunc's
arguments: of ``gammainc(a, x)``, ``a`` is ``x1``. An argument without a rule is to be constant.
"""

# ruff: noqa: F401 - imported for what they register

from scipy import special

from mygrad.engine.registry import piecewise_constant
from mygrad.rules.special import (
    bessel,
    elementary,
    entropy,
    errors,
    gamma,
    hypergeometric,
    incomplete_beta,
    incomplete_gamma,
    integrals,
    polynomials,
)

piecewise_constant(special.gammasgn, special.round)
