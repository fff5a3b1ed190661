"""The most common complaints about autodiff libraries, each tested in a line or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import assert_same
from tests.edges import pullback

F = np.array([1.5, -2.0, 0.5])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

# ------------------------------------------------------- single precision stays single

SINGLE: dict[str, Callable[[Any], Any]] = {
    "x * 2": lambda x: x * 2,
    "x + 1": lambda x: x + 1,
    "1 - x": lambda x: 1 - x,
    "x ** 2": lambda x: x**2,
    "x ** 0.5": lambda x: (x * x) ** 0.5,
    "x / 3.0": lambda x: x / 3.0,
    "maximum": lambda x: np.maximum(x, 0),
    "where": lambda x: np.where(x > 0, x, 0.0),
    "clip": lambda x: np.clip(x, -1, 1.0),
    "mean": lambda x: np.mean(x),
    "std": lambda x: np.std(x),
    "norm": lambda x: np.linalg.norm(x),
    "softmax": lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))),
    "einsum": lambda x: np.einsum("i,i", x, x),
    "cumsum": lambda x: np.cumsum(x),
    "numpy scalar": lambda x: np.sum(x * np.float32(2)) + 1,
}


@pytest.mark.parametrize("name", SINGLE)
def test_float32_with_python_numbers(name: str) -> None:
    function = SINGLE[name]
    x = mg.tensor(F.astype(np.float32))
    result = function(x)
    assert_same(result, np.asarray(function(F.astype(np.float32))))
    assert result.dtype == np.float32
    result.backward(create_graph=True)
    assert x.grad.dtype == np.float32


# ----------------------------------------------------------------- gradients at edges

EDGES: list[tuple[str, Callable[..., Any], Any, Any]] = [
    ("maximum of a tensor and itself", lambda x: np.maximum(x, x), [1.0, 2.0], [1, 1]),
    ("minimum of a tensor and itself", lambda x: np.minimum(x, x), [1.0, 2.0], [1, 1]),
    ("max with ties", lambda x: np.max(x), [1.0, 3.0, 3.0], [0, 0.5, 0.5]),
    ("min with ties", lambda x: np.min(x), [1.0, 1.0, 3.0], [0.5, 0.5, 0]),
    ("maximum at a tie", lambda x: np.maximum(x, 0.0), [0.0, 1.0], [0.5, 1]),
    ("norm of zero", lambda x: np.linalg.norm(x), [0.0, 0.0], [0, 0]),
    (
        "sqrt of a sum of squares",
        lambda x: np.sqrt(np.sum(np.where(x == 0, 0, x**2))),
        [0.0, 2.0],
        [0, 1],
    ),
    ("abs at zero", lambda x: np.abs(x), [0.0, -1.0], [0, -1]),
    ("std of a constant", lambda x: np.std(x), [2.0, 2.0], [0, 0]),
    ("prod with a zero", lambda x: np.prod(x), [0.0, 2.0, 3.0], [6, 0, 0]),
    ("x ** 0", lambda x: x**0, [0.0, 2.0], [0, 0]),
    ("x ** 1 at zero", lambda x: x**1, [0.0], [1]),
    ("x ** 2 below zero", lambda x: x**2, [-3.0], [-6]),
    ("0 ** x", lambda x: 0.0**x, [2.0], [0]),
    ("arcsin at its ends", lambda x: np.arcsin(x), [1.0, -1.0], [np.inf, np.inf]),
    ("arccos at its ends", lambda x: np.arccos(x), [1.0, -1.0], [-np.inf, -np.inf]),
    ("sinc at zero", lambda x: np.sinc(x), [0.0], [0]),
]


@pytest.mark.parametrize(
    ("name", "function", "at", "expected"), EDGES, ids=[name for name, *_ in EDGES]
)
def test_gradients_at_edges(name: str, function: Any, at: Any, expected: Any) -> None:
    (gradient,) = pullback(function, np.array(at))
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


# ------------------------------------------------------- gradients that used to be lost


def test_a_transposed_method_call() -> None:
    check_gradients(lambda w, x: w.T.dot(x), M, np.array([0.5, -1.5]))


def test_lists_of_tensors() -> None:
    check_gradients(lambda x: mg.mean([x[0], x[1] * 2, 3.0]), F)
    check_gradients(lambda x: mg.tensor([x, 2 * x]), F)
    x = mg.tensor(F)
    with mg.strict, pytest.raises(mg.GradientLost):
        np.mean([x, x])


def test_assignment_into_an_array_made_like_a_tensor() -> None:
    def program(x: Any) -> Any:
        y = np.zeros_like(x)
        for i in range(len(x)):
            y[i] = x[i] * x[-i]
        return y

    check_gradients(program, F)


def test_integers_and_booleans_among_floats() -> None:
    for other in (np.arange(3), np.array([True, False, True]), mg.tensor([1, 2, 3]), 2, True):
        x = mg.tensor(F)
        (x * other).backward()
        assert_same(x.grad, np.broadcast_to(np.asarray(other, float), (3,)).copy())


def test_generalized_shapes() -> None:
    check_gradients(lambda a, b: np.einsum("...i,j->...", a, b), M, F)
    check_gradients(lambda a: np.einsum("ii->i", a), np.eye(3) + 0.5)
    check_gradients(lambda a, b: np.matmul(a, b), np.ones((2, 1, 2, 3)), np.ones((4, 3, 2)))
    check_gradients(lambda s, a: s * a, np.array(2.0), M)


def test_raw_values_are_plain_arrays() -> None:
    x = mg.tensor(F)
    assert type(x.data) is np.ndarray
    assert type(np.asarray(x * 2)) is np.ndarray
    assert type(x.item(0)) is float
    assert f"{np.sum(x):.2f}" == "0.00"


def test_hessians_have_the_shape_that_they_should() -> None:
    x = mg.tensor(F)
    rows = []
    for i in range(3):
        x.null_grad()
        np.sum(x**3 * F).backward(create_graph=True)
        slope = x.grad
        x.null_grad()
        slope[i].backward()
        rows.append(x.grad)
    np.testing.assert_allclose(rows, np.diag(6 * F * F))
