"""Operands of every class use the specialized calls, and mean what they mean to NumPy."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch import compiled, ufuncs
from mygrad.dispatch.compiled import gives_floats
from mygrad.dispatch.kinds import NUMBERS
from tests.checks import assert_same, raw

V = np.array([0.5, 2.0])

NUMPYS = sorted((scalar for scalar in NUMBERS if issubclass(scalar, np.generic)), key=str)
NUMBER_LIKE = [2, 2.0, True, 1 + 2j, *(scalar(1) for scalar in NUMPYS)]
NUMBER_LIKE += [np.array(each) for each in (2.0, 2, True, np.float32(2), np.float16(2), 1j)]
OPERATORS: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.mul,
    operator.truediv,
    np.power,  # `**` of NumPy before 2.3 has a way of its own for some exponents, with another dtype
    np.maximum,
]


def named(value: Any) -> str:
    return f"{type(value).__name__} {getattr(value, 'dtype', '')}"


@pytest.mark.parametrize("number", NUMBER_LIKE, ids=named)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_numbers_take_the_short_way(
    number: Any, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_calls", {})  # of which there may be as many as are allowed
    monkeypatch.setattr(ufuncs, "apply", lambda *_: pytest.fail("the general way"))
    array = V.astype(dtype)
    for operate in OPERATORS:
        for swapped in (False, True):
            x = mg.tensor(array)
            result = operate(number, x) if swapped else operate(x, number)
            # NEP 50: an array without axes promotes as one with axes does.
            assert_same(result, operate(number, array) if swapped else operate(array, number))
            assert not result.constant
            result.backward()
            assert x.grad.dtype == dtype
            assert not isinstance(number, np.ndarray) or number.flags.writeable


def test_what_is_no_number_is_refused_as_numpy_does() -> None:
    for other in (np.timedelta64(1, "s"), np.datetime64("2020"), np.str_("a")):
        assert type(other) not in NUMBERS
        with pytest.raises(TypeError):
            mg.tensor(V) * other


@pytest.mark.parametrize("where", [True, np.array([True, True])], ids=["short", "general"])
def test_an_array_without_axes_is_read_when_it_is_used(where: Any) -> None:
    x, two = mg.tensor(V), np.array(2.0)
    y = np.multiply(x, two) if where is True else np.multiply(x, two, where=where)
    two[...] = 5
    y.backward()
    assert x.grad.tolist() == [2, 2]


@pytest.mark.parametrize("mode", [mg.mem_guard_on, mg.debug], ids=["usual", "debug"])
def test_where_of_two_results(mode: Any) -> None:
    x, y = mg.tensor([7.0, 7.0]), mg.tensor([2.0, 0.0])
    with mode:
        quotient, remainder = np.divmod(x, y, where=[True, False])
    assert [raw(each)[0] for each in (quotient, remainder)] == [3, 1]
    remainder.backward([1, 1])
    assert x.grad.tolist() == [1, 0]
    assert y.grad.tolist() == [-3, 0]


@pytest.mark.parametrize("exponents", [(2, 3), [2, 3]], ids=["tuple", "list"])
def test_a_sequence_of_numbers_is_an_array(exponents: Any) -> None:
    x = mg.tensor(V)
    y = np.power(x, exponents)
    if isinstance(exponents, list):
        exponents[:] = [7, 7]  # too late
    y.backward()
    assert x.grad.tolist() == [2 * 0.5, 3 * 2.0**2]


def test_the_class_of_the_result() -> None:
    class Mine(mg.Tensor):
        __slots__ = ()

    x, y = mg.tensor(V), Mine(V)
    for number in (2.0, np.float32(2), np.array(2.0), V):
        for result in (x * y, y * x, y * number, number * y, -y, np.multiply(x, y)):
            assert type(result) is Mine
        assert type(x * number) is type(number * x) is mg.Tensor


def test_ufuncs_that_make_floats_of_floats() -> None:
    assert gives_floats(np.multiply)  # timedeltas times floats are timedeltas: no tensor holds them
    assert gives_floats(np.ldexp)
    assert not gives_floats(np.divmod)  # two results
    assert not gives_floats(np.isnan)
    assert not gives_floats(np.sum)
