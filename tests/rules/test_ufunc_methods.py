"""Ufunc methods: NumPy's values, and gradients by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import assert_same

P = np.array([0.7, 2.2, 1.35])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

FOLDED = [
    "add",
    "multiply",
    "maximum",
    "minimum",
    "subtract",
    "divide",
    "logaddexp",
    "hypot",
    "power",
]
STEEP = ["arctan2", "fmax", "fmin", "float_power", "logaddexp2", "fmod", "remainder"]
PLAIN = ["logical_and", "logical_or", "heaviside"]
INTEGERS = ["bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"]


def methods(ufunc: Any) -> dict[str, Any]:
    """The functions of a matrix to check, by name of the method."""
    return {
        "reduce": lambda a: ufunc.reduce(a),
        "reduce, axis": lambda a: ufunc.reduce(a, axis=1, keepdims=True),
        "accumulate": lambda a: ufunc.accumulate(a, axis=1),
        "outer": lambda a: ufunc.outer(a, a[0]),
        "reduceat": lambda a: ufunc.reduceat(a, [0, 2, 1], axis=1),
    }


@pytest.mark.parametrize("method", methods(np.add))
@pytest.mark.parametrize("name", [*FOLDED, *STEEP, *PLAIN])
def test_methods_of_ufuncs(name: str, method: str) -> None:
    ufunc = getattr(np, name)
    call = methods(ufunc)[method]
    array = np.array([[1.3, 0.9, 2.1], [0.6, 1.7, 0.45]])
    assert_same(call(mg.tensor(array)), call(array))
    assert_same(call(mg.tensor(array.astype("f4"))), call(array.astype("f4")))
    if name not in PLAIN:
        check_gradients(call, array)


@pytest.mark.parametrize("method", methods(np.add))
@pytest.mark.parametrize("name", [*INTEGERS, "add", "multiply", "maximum"])
def test_methods_of_ufuncs_on_integers(name: str, method: str) -> None:
    call = methods(getattr(np, name))[method]
    array = np.array([[12, 9, 2], [6, 15, 4]])
    assert_same(call(mg.tensor(array)), call(array))


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "maximum", "power", "logaddexp"]
)
def test_at(name: str) -> None:
    ufunc = getattr(np, name)
    for index in ([0, 2], [1, 1, 0], (slice(None),), np.array([True, False, True])):
        count = np.zeros(3)[index].size
        values = np.linspace(1.1, 1.7, count)
        expected, tensor = P.copy(), mg.tensor(P)
        ufunc.at(expected, index, values)
        assert ufunc.at(tensor, index, values) is None
        np.testing.assert_allclose(tensor.data, expected, rtol=1e-15)

        def program(x: Any, v: Any, index: Any = index) -> Any:
            y = x * 1.0
            ufunc.at(y, index, v)
            return y**2

        check_gradients(program, P, values)


@pytest.mark.parametrize("ufunc", [np.negative, np.exp, np.square])
def test_at_of_one_argument(ufunc: Any) -> None:
    def program(x: Any) -> Any:
        y = x * 1.0
        ufunc.at(y, [1, 1, 0])
        return y

    expected = P.copy()
    ufunc.at(expected, [1, 1, 0])
    assert_same(program(mg.tensor(P)), expected)
    check_gradients(program, P)


def test_at_on_a_plain_array_says_why_it_cannot_be() -> None:
    with pytest.raises(TypeError, match=r"np\.add\.at.*plain array"):
        np.add.at(P.copy(), [0], mg.tensor(1.0))


REDUCTIONS: list[dict[str, Any]] = [
    {"dtype": np.float32},
    {"initial": 2.3},
    {"where": M > 0, "initial": 1.2},
    {"axis": (0, 1)},
    {"axis": None, "keepdims": True},
    {"axis": -1},
    {"axis": ()},
]


@pytest.mark.parametrize("kwargs", REDUCTIONS, ids=repr)
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.logaddexp, np.hypot])
def test_keywords_of_reduce(ufunc: Any, kwargs: dict[str, Any]) -> None:
    expected = ufunc.reduce(M, **kwargs)
    assert_same(ufunc.reduce(mg.tensor(M), **kwargs), expected)
    if "dtype" not in kwargs:
        check_gradients(lambda x: ufunc.reduce(x, **kwargs), M)
    out = mg.tensor(np.zeros_like(expected))
    assert ufunc.reduce(mg.tensor(M), out=out, **kwargs) is out
    assert_same(out, np.asarray(expected))


def test_reductions_that_need_a_value_to_start_with() -> None:
    with pytest.raises(ValueError, match=r"identity.*initial"):
        np.subtract.reduce(mg.tensor(M), where=M > 0)
    check_gradients(
        lambda x, v: np.subtract.reduce(x, axis=1, where=M > 0, initial=v), M, np.array(1.3)
    )
    check_gradients(lambda x, v: np.logaddexp.reduce(x, initial=v), M, np.array(1.3))


def test_reductions_that_are_not_taken_receive_nothing() -> None:
    x = mg.tensor([[0.0, 0.0], [1.0, 2.0]])
    with np.errstate(invalid="ignore"):
        np.sum(np.where([False, True], np.divide.reduce(x, axis=1), 0)).backward()
    assert x.grad.tolist() == [[0, 0], [0.5, -0.25]]


def test_arguments_with_no_derivative_are_folded_as_zeros() -> None:
    x = mg.tensor([1.0, -2.0, 3.0])
    np.copysign.reduce(x).backward()
    assert x.grad.tolist() == [1, 0, 0]
