"""The derivative rules, one file per chapter of NumPy's reference. Importing registers them."""

# ruff: noqa: F401 - imported for their side effect: they register rules

from mygrad.rules import (
    arithmetic,
    complex,
    constants,
    creation,
    decompositions,
    einsum,
    exponents,
    extrema,
    fft,
    indexing,
    joining,
    linalg,
    manipulation,
    norms,
    padding,
    polynomials,
    products,
    reductions,
    refused,
    rounding,
    selection,
    sets,
    signal,
    sorting,
    statistics,
    trigonometry,
    ufunc_methods,
    updates,
)
