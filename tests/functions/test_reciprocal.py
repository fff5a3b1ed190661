"""Reciprocal trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients

ANY = np.array([-2.5, -0.7, 0.3, 1.9])
OUTSIDE = np.array([-3.0, -1.2, 1.1, 2.5])
INSIDE = np.array([0.1, 0.5, 0.95])
COMPLEX = np.array([1.3 + 0.4j, -0.2 - 1.1j, 0.3 + 2j, -2 - 0.1j])

#: Name → the definition, and its real domain.
FUNCTIONS: dict[str, tuple[Any, np.ndarray]] = {
    "sec": (lambda a: 1 / np.cos(a), ANY),
    "csc": (lambda a: 1 / np.sin(a), ANY),
    "cot": (lambda a: 1 / np.tan(a), ANY),
    "sech": (lambda a: 1 / np.cosh(a), ANY),
    "csch": (lambda a: 1 / np.sinh(a), ANY),
    "coth": (lambda a: 1 / np.tanh(a), ANY),
    "arcsec": (lambda a: np.arccos(1 / a), OUTSIDE),
    "arccsc": (lambda a: np.arcsin(1 / a), OUTSIDE),
    "arccot": (lambda a: np.arctan(1 / a), ANY),
    "arcsech": (lambda a: np.arccosh(1 / a), INSIDE),
    "arccsch": (lambda a: np.arcsinh(1 / a), ANY),
    "arccoth": (lambda a: np.arctanh(1 / a), OUTSIDE),
}
each = pytest.mark.parametrize("name", FUNCTIONS)


@each
def test_values(name: str) -> None:
    definition, points = FUNCTIONS[name]
    function = getattr(mg, name)
    for a in (points, COMPLEX, points[0], points.reshape(-1, 1)[::-1], points[:0]):
        result = function(a)
        assert type(result) is mg.Tensor
        assert result.constant
        np.testing.assert_allclose(result, definition(a), rtol=1e-13)
    for a in (points.astype("f4"), COMPLEX.astype("c8")):
        assert function(a).dtype == a.dtype
        np.testing.assert_allclose(function(a), definition(a.astype(complex)), rtol=1e-4)
    integers = [1, 1] if name == "arcsech" else [2, -3]
    np.testing.assert_allclose(function(integers), definition(np.array(integers, float)))


@each
def test_gradients(name: str) -> None:
    _, points = FUNCTIONS[name]
    function = getattr(mg, name)
    check_gradients(function, points, order=2)
    check_gradients(function, COMPLEX, order=2)
    x = mg.tensor(points, dtype=np.float32)
    function(x).backward()
    assert x.grad.dtype == np.float32


@each
def test_constant(name: str) -> None:
    function, (_, points) = getattr(mg, name), FUNCTIONS[name]
    assert not function(mg.tensor(points)).constant
    assert function(mg.tensor(points), constant=True).constant
    assert not function(points, constant=False).constant
    assert not function([mg.tensor(points[-1]), points[-1]]).constant
    with pytest.raises(TypeError, match=f"{name}: constant takes True, False or None"):
        function(points, constant=0)


def values_and_gradients(name: str, points: Any) -> tuple[np.ndarray, np.ndarray]:
    a = mg.tensor(points)
    with np.errstate(all="ignore"):
        result = getattr(mg, name)(a)
        result.backward()
    return result.data, a.grad


@pytest.mark.parametrize(
    ("name", "points", "values", "gradients"),
    [
        ("sech", [0.0, 800.0, -np.inf], [1, 0, 0], [0, 0, 0]),
        ("csch", [-800.0, np.inf, 0.0], [0, 0, np.inf], [0, 0, -np.inf]),
        ("coth", [-800.0, np.inf, 0.0], [-1, 1, np.inf], [0, 0, -np.inf]),
        ("csc", [0.0, -0.0], [np.inf, -np.inf], [-np.inf, -np.inf]),
        ("cot", [0.0, -0.0], [np.inf, -np.inf], [-np.inf, -np.inf]),
        ("arcsec", [1.0, -1.0, np.inf], [0, np.pi, np.pi / 2], [np.inf, np.inf, 0]),
        ("arcsec", [1e200, 0.5], [np.pi / 2, np.nan], [0, np.nan]),
        ("arccsc", [1.0, -1.0, np.inf], [np.pi / 2, -np.pi / 2, 0], [-np.inf, -np.inf, 0]),
        ("arccot", [0.0, -0.0, np.inf], [np.pi / 2, -np.pi / 2, 0], [-1, -1, 0]),
        ("arcsech", [1.0, 0.0, -1.0], [0, np.inf, np.nan], [-np.inf, -np.inf, np.nan]),
        ("arccsch", [0.0, -np.inf], [np.inf, 0], [-np.inf, 0]),
        ("arccoth", [1.0, -1.0, -np.inf], [np.inf, -np.inf, 0], [np.inf, np.inf, 0]),
    ],
)
def test_edges(name: str, points: Any, values: Any, gradients: Any) -> None:
    value, gradient = values_and_gradients(name, points)
    np.testing.assert_allclose(value, values, rtol=1e-15)
    np.testing.assert_allclose(gradient, gradients, atol=1e-300)


def test_near_the_ends_of_domains_nothing_is_lost() -> None:
    h = 2.0**-40
    root = np.sqrt(2 * h)
    np.testing.assert_allclose(mg.arcsec(1 + h), root, rtol=1e-12)
    np.testing.assert_allclose(mg.arcsech(1 - h), root, rtol=1e-12)
    np.testing.assert_allclose(mg.arccoth(1 + h), np.log1p(2 / h) / 2, rtol=1e-15)
    np.testing.assert_allclose(mg.arccoth(1e20), 1e-20)


@pytest.mark.parametrize("name", ["sec", "csc", "cot", "sech", "csch", "coth"])
def test_far_out_in_the_complex_plane(name: str) -> None:
    # No overflow, which would warn: 1 / cosh(800) is 0 to all digits.
    direction = 1j if name in ("sec", "csc", "cot") else 1
    function = getattr(mg, name)
    limit = {"cot": -1j, "coth": 1}.get(name, 0)
    for distance in (30.0, 800.0):
        for sign in (1, -1):
            far = function(sign * (0.4 * direction.conjugate() * 1j + distance * direction))
            np.testing.assert_allclose(far, sign * limit, atol=1e-12)


def test_a_branch_not_taken_sends_back_zero() -> None:
    x = mg.tensor([0.0, 0.5])
    with np.errstate(divide="ignore"):
        np.where(x > 0, mg.csc(x), 0).backward()
    np.testing.assert_allclose(x.grad, [0, -np.cos(0.5) / np.sin(0.5) ** 2])
