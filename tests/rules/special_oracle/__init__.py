"""The special functions and their derivatives in mpmath: one row per function."""

from tests.rules.special_oracle import bessel, elementary, errors, gamma, polynomials

ROWS = [*elementary.ROWS, *gamma.ROWS, *errors.ROWS, *bessel.ROWS, *polynomials.ROWS]
