"""What the special functions and their derivatives are, in mpmath: a row for each function."""

from tests.rules.special_oracle import bessel, elementary, errors, gamma, polynomials

ROWS = [*elementary.ROWS, *gamma.ROWS, *errors.ROWS, *bessel.ROWS, *polynomials.ROWS]
