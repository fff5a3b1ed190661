"""Sliding windows with step and dilation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import normal


@st.composite
def windows(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...], Any, Any]:
    count = draw(st.integers(1, 3))
    window = tuple(draw(st.integers(1, 3)) for _ in range(count))
    step, dilation = ([draw(st.integers(1, 3)) for _ in range(count)] for _ in range(2))
    lead = [draw(st.integers(0, 2)) for _ in range(draw(st.integers(0, 1)))]
    sizes = [
        (w - 1) * d + 1 + draw(st.integers(0, 4)) for w, d in zip(window, dilation, strict=True)
    ]
    array = np.arange(float(np.prod(lead + sizes))).reshape(lead + sizes)
    if draw(st.booleans()):
        array = array[..., ::-1]
    return array, window, step, draw(st.sampled_from([dilation, tuple(dilation)]))


@given(windows())
def test_each_element_is_where_the_definition_says(case: Any) -> None:
    array, window, step, dilation = case
    count = len(window)
    result = mg.sliding_window_view(array, window, step, dilation)
    assert result.shape[-count:] == window
    for index in np.ndindex(*result.shape[:count]):
        corner = [i * s for i, s in zip(index, step, strict=True)]
        region = tuple(
            slice(c, c + (w - 1) * d + 1, d)
            for c, w, d in zip(corner, window, dilation, strict=True)
        )
        np.testing.assert_array_equal(result[index], array[(..., *region)])
    for axis in range(count):  # another step would not fit
        extent = (window[axis] - 1) * dilation[axis] + 1
        assert result.shape[axis] * step[axis] + extent > array.shape[axis - count]
    assert array.size == 0 or np.shares_memory(result, array)


@pytest.mark.parametrize(
    ("shape", "window", "step", "dilation"),
    [
        ((5,), (2,), 1, None),
        ((5,), 2, 2, 3),
        ((2, 4, 5), (2, 2), (2, 1), (1, 3)),
        ((3, 4), (3, 4), 5, None),
        ((0, 4), (2,), 1, None),
    ],
)
def test_gradients(shape: Any, window: Any, step: Any, dilation: Any) -> None:
    check_gradients(
        lambda x: np.exp(mg.sliding_window_view(x, window, step, dilation)), normal(*shape), order=2
    )


def test_arrays_make_arrays_and_tensors_tensors() -> None:
    array = normal(4)
    result = mg.sliding_window_view(array, (2,), step=1)
    assert type(result) is np.ndarray
    assert not result.flags.writeable
    assert mg.sliding_window_view([1, 2, 3], (2,), 1).tolist() == [[1, 2], [2, 3]]
    assert mg.sliding_window_view(mg.tensor([1, 2, 3]), (2,), 1).constant
    x = mg.tensor(1.0)
    mg.sliding_window_view([x, 2.0, x], (2,), 1).backward()
    assert x.grad == 2


def test_the_result_is_a_view() -> None:
    x = mg.tensor(np.zeros(4))
    y = x + 0
    view = mg.sliding_window_view(y, (2,), 2)
    assert view.base is y
    y[1] = 5 * x[0]
    assert view.data.tolist() == [[0, 5 * 0], [0, 0]]
    y[2] = 7.0
    assert view.data.tolist() == [[0, 0], [7, 0]]
    view.backward()
    assert x.grad.tolist() == [6, 0, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (((2, 2, 2), 1), ValueError, r"window of 3 axes.*array of 2, of shape \(4, 5\)"),
        (((6,), 1), ValueError, r"takes \(6,\) elements; the last axes of the array have \(5,\)"),
        (((2, 2), 1, (4, 1)), ValueError, r"dilation \(4, 1\) takes \(5, 2\) elements"),
        (((2.0,), 1), TypeError, r"window_shape must be positive integers, not \(2.0,\)"),
        (((0,), 1), ValueError, r"window_shape must be positive integers, not \(0,\)"),
        (((2,), 0), ValueError, "step must be positive integers, not 0"),
        (((2,), 1.0), TypeError, "step must be positive integers, not 1.0"),
        (((2, 2), (1,)), ValueError, "step must be an integer, or one for each axis"),
        (((2, 2), 1, -1), ValueError, "dilation must be positive integers, not -1"),
        (((2, 2), 1, (1, 1, 1)), ValueError, "dilation must be an integer, or one for each axis"),
    ],
    ids=lambda value: repr(value) if isinstance(value, tuple) else "",
)
def test_mistakes(arguments: Any, error: Any, match: str) -> None:
    for x in (normal(4, 5), mg.tensor(normal(4, 5))):
        with pytest.raises(error, match=match):
            mg.sliding_window_view(x, *arguments)
