"""Gradients summed to the shapes of broadcast arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import unbroadcast
from mygrad.engine.unbroadcast import sum_to

RNG = np.random.default_rng(0)

# The shape of a gradient, that of the argument, and whether BLAS sums it.
SUMS = [
    ((3, 4), (), False),
    ((64, 64), (), False),
    ((5,), (1,), False),
    ((4, 3), (3,), False),
    ((1000, 3), (3,), False),
    ((1000, 3), (1, 3), False),
    ((1000, 3), (1000, 1), True),
    ((100, 3), (100, 1), False),
    ((30, 1000), (30, 1), False),
    ((2, 1000, 4), (2, 1, 4), True),
    ((20, 30, 2, 3), (20, 1, 2, 3), True),
    ((2, 1000, 40), (2, 1, 40), False),
    ((20, 30, 5), (1, 30, 1), False),
    ((7, 300, 2), (300, 2), False),
    ((2, 7, 300, 2), (7, 1, 2), False),
    ((1, 700, 3), (700, 1), False),
    ((0, 4), (1, 4), False),
]


@pytest.mark.parametrize(("given", "shape", "by_blas"), SUMS)
@pytest.mark.parametrize("dtype", ["d", "f", "D", "g"])
def test_sums(
    given: Any, shape: Any, by_blas: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    really = unbroadcast._sum_by_blas
    monkeypatch.setattr(
        unbroadcast, "_sum_by_blas", lambda *args: calls.append(args) or really(*args)
    )
    gradient = RNG.normal(size=given).astype(dtype)
    total = sum_to(gradient, shape)
    extra = len(given) - len(shape)
    axes = [i for i in range(len(given)) if i < extra or shape[i - extra] != given[i]]
    expected = np.sum(gradient.astype("D"), axis=tuple(axes)).reshape(shape)
    assert total.shape == shape
    assert total.dtype == gradient.dtype
    tolerance = 1e-4 if dtype == "f" else 1e-12
    assert np.allclose(total, expected, tolerance, tolerance)
    assert bool(calls) == (by_blas and dtype in "df")


def test_what_does_not_lie_in_order_is_left_to_numpy() -> None:
    for gradient in (RNG.normal(size=(3, 1000)).T, RNG.normal(size=(2000, 6))[:, ::2]):
        assert np.array_equal(sum_to(gradient, (len(gradient), 1))[:, 0], gradient.sum(1))


def test_nan_and_infinity_stay_in_their_rows() -> None:
    gradient = np.ones((1000, 3))
    gradient[1, 1], gradient[2, 2] = np.nan, np.inf
    total = sum_to(gradient, (1000, 1))[:, 0]
    assert np.array_equal(total[:4], [3, np.nan, np.inf, 3], equal_nan=True)


def test_forward_sums_are_numpys() -> None:
    data = RNG.normal(size=(1000, 3)).astype("f")
    x = mg.tensor(data)
    assert np.array_equal(np.sum(x, axis=1), np.sum(data, axis=1))
    column = mg.tensor(np.ones((1000, 1), "f"))
    np.sum(x * column).backward()
    assert np.allclose(column.grad, data.sum(1, keepdims=True), 1e-5)
