"""Properties of whole families of functions, over random shapes, axes and indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mygrad.tensors.tensor import Tensor
from mygrad.testing import check_gradients
from tests.checks import assert_same
from tests.strategies import (
    advanced_indices,
    apart,
    arrays,
    axes,
    axis,
    basic_indices,
    broadcastable,
    indices,
    shapes,
)


def check(function: Any, *args: np.ndarray) -> None:
    """Value, type and derivatives to second order."""
    assert_same(function(*map(Tensor, args)), function(*args))
    check_gradients(function, *args)


@pytest.mark.parametrize(
    "function",
    [np.add, np.subtract, np.multiply, np.arctan2, np.hypot, np.logaddexp],
    ids=lambda function: function.__name__,
)
@given(data=st.data())
def test_binary_operations_broadcast(function: Any, data: st.DataObject) -> None:
    one, another = data.draw(broadcastable(2))
    check(
        function,
        data.draw(arrays(one, low=0.5)),
        data.draw(arrays(another, low=-4, high=-0.5)),
    )


@given(data=st.data())
def test_division_broadcasts(data: st.DataObject) -> None:
    one, another = data.draw(broadcastable(2))
    check(np.divide, data.draw(arrays(one)), data.draw(arrays(another, low=0.5)))


@given(data=st.data())
def test_power_broadcasts(data: st.DataObject) -> None:
    one, another = data.draw(broadcastable(2))
    check(np.power, data.draw(arrays(one, low=0.5)), data.draw(arrays(another, low=-2, high=2)))


@given(data=st.data())
def test_three_arguments_broadcast(data: st.DataObject) -> None:
    first, second, third = data.draw(broadcastable(3))
    condition = data.draw(arrays(first)) > 0
    check(
        lambda x, y: np.where(condition, x, y) * x,
        data.draw(arrays(second)),
        data.draw(arrays(third)),
    )


@pytest.mark.parametrize(
    "function",
    [np.sum, np.mean, np.prod, np.var],
    ids=lambda function: function.__name__,
)
@given(data=st.data())
def test_reductions(function: Any, data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_side=1)))
    along = data.draw(axes(x.ndim))
    keepdims = data.draw(st.booleans())
    check(lambda x: function(x, axis=along, keepdims=keepdims), x)


@pytest.mark.parametrize(
    "function",
    [np.max, np.min, np.ptp, np.std],
    ids=lambda function: function.__name__,
)
@given(data=st.data())
def test_reductions_of_distinct_elements(function: Any, data: st.DataObject) -> None:
    x = data.draw(apart(shapes(min_side=2)))
    along = data.draw(axes(x.ndim))
    keepdims = data.draw(st.booleans())
    # The deviation of a single number has no derivative.
    assume(function is not np.std or function(x, axis=along).size < x.size)
    check(lambda x: function(x, axis=along, keepdims=keepdims), x)


@pytest.mark.parametrize("function", [np.sum, np.prod], ids=lambda function: function.__name__)
@given(data=st.data())
def test_reductions_of_empty_arrays(function: Any, data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1).filter(lambda shape: 0 in shape)))
    along = data.draw(axes(x.ndim))
    check(lambda x: function(x, axis=along), x)


@pytest.mark.parametrize(
    "function", [np.cumsum, np.cumprod], ids=lambda function: function.__name__
)
@given(data=st.data())
def test_accumulations(function: Any, data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    along = data.draw(st.one_of(st.none(), axis(x.ndim)))
    check(lambda x: function(x, axis=along), x)


@given(data=st.data())
def test_basic_indexing(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    index = data.draw(basic_indices(x.shape))
    check(lambda x: x[index] ** 2, x)
    original = Tensor(x)
    picked = original[index]
    assert np.shares_memory(picked, original) == np.shares_memory(x[index], x)


@given(data=st.data())
def test_advanced_indexing(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    index = data.draw(advanced_indices(x.shape))
    check(lambda x: x[index] ** 2, x)


@given(data=st.data())
def test_indexing_one_after_another(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    first = data.draw(indices(x.shape))
    second = data.draw(indices(x[first].shape))
    check(lambda x: x[first][second] * 3.0, x)


@given(data=st.data())
def test_assignment(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    index = data.draw(indices(x.shape))
    value = data.draw(arrays(x[index].shape))

    def assign(x: Any, value: Any) -> Any:
        result = x * 2.0
        result[index] = value * value
        return result * x

    check(assign, x, value)


@given(data=st.data())
def test_augmented_assignment_through_views(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes(min_dims=1)))
    first = data.draw(basic_indices(x.shape))
    second = data.draw(indices(x[first].shape))
    value = data.draw(arrays(x[first][second].shape))

    def update(x: Any, value: Any) -> Any:
        result = np.sin(x)
        view = result[first]
        if np.ndim(view):  # NumPy's scalars are no views
            view[second] *= value
        return result * x

    check(update, x, value)


@given(data=st.data())
def test_reshaping(data: st.DataObject) -> None:
    x = data.draw(arrays(shapes()))
    order = data.draw(st.permutations(range(x.ndim)))
    kind = data.draw(st.sampled_from("CFA"))
    check(lambda x: np.reshape(np.transpose(x, order), -1, order=kind) ** 2, x)


@given(data=st.data())
def test_matrix_products_broadcast(data: st.DataObject) -> None:
    one, another = data.draw(broadcastable(2, max_dims=2))
    rows, inner, columns = data.draw(st.tuples(*[st.integers(0, 3)] * 3))
    check(
        np.matmul,
        data.draw(arrays((*one, rows, inner))),
        data.draw(arrays((*another, inner, columns))),
    )
