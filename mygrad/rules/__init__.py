"""The derivative rules, a file for each chapter of NumPy's reference. Importing them registers them."""

# ruff: noqa: F401 - imported for what they register

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
