"""Derivatives of special functions against mpmath's, on grids that span their domains.

The bar is a relative error of 1e-12 in double precision, and of 2e-6 in single precision. Where SciPy's
own value is not that good, a row of the table says so (`Weaker`), and must need it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy
from scipy import special

import mygrad as mg
from tests.rules.special_oracle import ROWS
from tests.rules.special_oracle.grid import figure

BARS = {np.float64: 1e-12, np.float32: 2e-6}
COMPLEX = {np.float64: np.complex128, np.float32: np.complex64}
SCIPY = tuple(map(int, scipy.__version__.split(".")[:2]))
PATH = Path(__file__).parent.parent / "data" / "special.json"


@cache
def figures():
    return json.loads(PATH.read_text(encoding="utf-8"))


def number(x):
    return complex(*x) if isinstance(x, list) else x


def columns(points, dtype):
    """The arguments as arrays, and which points ``dtype`` can hold."""
    arrays, held = [], np.full(len(points), True)
    for column in zip(*points, strict=True):
        if all(isinstance(x, int) for x in column):
            arrays.append(np.array(column))
            continue
        exact = np.array(column)
        kind = COMPLEX[dtype] if exact.dtype.kind == "c" else dtype
        with np.errstate(over="ignore"):
            array = exact.astype(kind)
        held &= (array == exact) & ((np.abs(array) >= np.finfo(dtype).tiny) | (array == 0))
        arrays.append(array)
    return [array[held] for array in arrays], held


def errors(actual, expected, dtype):
    """Relative errors. What is below the normal numbers may be 0, what is above them infinite."""
    limits = np.finfo(dtype)
    size = np.abs(expected)
    with np.errstate(all="ignore"):
        error = np.abs(actual - expected) / np.maximum(size, limits.tiny)
        error[(size < limits.tiny) & (np.abs(actual) <= limits.tiny)] = 0
        # An infinite complex number times another has no direction.
        endless = (np.abs(actual) > limits.max / 2) | (
            np.isnan(actual) if np.iscomplexobj(actual) else False
        )
    error[(size > limits.max) & endless] = 0
    error[np.isnan(error)] = np.inf
    return error


def call(row, *args):
    out = getattr(special, row.name.strip("_"))(*args)
    return out if row.part is None else out[row.part]


def gradient(row, argument, arrays):
    """mygrad's derivative in ``argument``, an array for each of the others."""
    arrays = list(arrays)
    variable = arrays[argument] = mg.tensor(arrays[argument])
    with np.errstate(all="ignore"):
        out = call(row, *arrays)
    out.backward(np.ones_like(out.data))
    return variable.grad


def measure(row, dtype):
    """For each argument that has a rule the errors at the points, and those of SciPy's value."""
    arrays, held = columns(row.points, dtype)
    kept = [np.array([number(x) for x in column])[held] for column in figures()[row.key]["figures"]]
    with np.errstate(all="ignore"):
        own = errors(call(row, *arrays), kept[0], dtype)
    own[np.isnan(kept[0])] = np.nan
    found = {}
    for expected, argument in zip(kept[1:], row.arguments, strict=True):
        assert not np.any(np.isnan(expected)), "a figure is missing"
        found[argument] = errors(gradient(row, argument, arrays), expected, dtype)
    return found, own, [point for point, there in zip(row.points, held, strict=True) if there]


def regions(row, argument, dtype, points):
    """The weaker bars that hold for ``argument``, each with its points."""
    for weaker in row.weaker:
        if not weaker.versions(SCIPY):
            continue
        bar = weaker.float64 if dtype is np.float64 else weaker.float32
        if bar is not None and argument in (weaker.arguments or row.arguments):
            yield weaker, bar, np.array([weaker.where(*point) for point in points])


@pytest.mark.parametrize("dtype", BARS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_derivatives_are_those_of_mpmath(row, dtype):
    found, own, points = measure(row, dtype)
    assert points
    needed = {}
    for argument, error in found.items():
        bars = np.full(error.shape, BARS[dtype])
        for weaker, bar, inside in regions(row, argument, dtype, points):
            # A hundred times SciPy's error: the derivative may be that much more sensitive.
            allowed = np.fmin(bar, 100 * own) if weaker.own else np.full(error.shape, bar)
            bars[inside] = np.maximum(bars, allowed)[inside]
            failing = inside & (error > BARS[dtype])
            needed[weaker.reason] = needed.get(weaker.reason, False) or np.any(failing)
        wrong = [
            f"{points[i]}: {error[i]:.1e} (SciPy's value: {own[i]:.1e})"
            for i in np.flatnonzero(error > bars)
        ]
        assert not wrong, f"argument {argument + 1}:\n" + "\n".join(wrong)
    stale = [reason for reason, used in needed.items() if not used]
    assert not stale, f"no longer needed: {stale}"


EDGES = [(row, point, slopes) for row in ROWS for point, slopes in row.edges]


@pytest.mark.parametrize(
    ("row", "point", "slopes"), EDGES, ids=[f"{row.key} {point}" for row, point, _ in EDGES]
)
def test_derivatives_at_poles_and_limits(row, point, slopes):
    for dtype, bar in BARS.items():
        arrays, _ = columns([point], dtype)
        for argument, expected in enumerate(slopes):
            if expected is not None:
                actual = gradient(row, argument, arrays)
                np.testing.assert_allclose(actual, [expected], rtol=bar, err_msg=dtype.__name__)


def test_the_figures_are_those_of_the_table():
    assert [row.key for row in ROWS] == list(figures())
    for row in ROWS:
        assert figures()[row.key]["points"] == row.fingerprint


@pytest.mark.parametrize("row", ROWS[::6], ids=lambda row: row.key)
def test_figures_are_what_mpmath_says(row):
    expressions = [row.value, *(row.slopes[argument] for argument in row.arguments)]
    for position in (0, len(row.points) // 2):
        for expression, column in zip(expressions, figures()[row.key]["figures"], strict=True):
            if expression is not None and not np.isnan(there := number(column[position])):
                assert figure(expression, row.points[position]) == pytest.approx(there, rel=1e-15)
