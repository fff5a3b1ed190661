"""Pooling against its definition; ties; derivatives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import avg_pool, global_avg_pool, global_max_pool, max_pool
from mygrad.testing import check_gradients
from tests.checks import assert_close, distinct

CASES = [
    ((5,), (2,), 1),
    ((2, 4), (2,), 2),
    ((2, 7), (3,), 2),
    ((5,), (1,), 2),
    ((6,), (2,), 4),
    ((1, 3, 4), (2, 2), (1, 2)),
    ((3, 4), (3, 4), 1),
    ((2, 3, 2), (2, 2, 1), (1, 1, 1)),
]


def by_definition(x, pool, stride, combine):
    stride = np.broadcast_to(stride, len(pool))
    sizes = x.shape[x.ndim - len(pool) :]
    grid = [(n - p) // s + 1 for n, p, s in zip(sizes, pool, stride, strict=True)]
    out = np.zeros((*x.shape[: x.ndim - len(pool)], *grid))
    for place in product(*map(range, grid)):
        window = tuple(slice(g * s, g * s + p) for g, s, p in zip(place, stride, pool, strict=True))
        axes = tuple(range(-len(pool), 0))
        out[(..., *place)] = combine(x[(..., *window)], axis=axes)
    return out


@pytest.mark.parametrize(("function", "combine"), [(max_pool, np.max), (avg_pool, np.mean)])
@pytest.mark.parametrize(("shape", "pool", "stride"), CASES)
def test_definition_and_derivatives(function, combine, shape, pool, stride):
    x = distinct(*shape)
    assert_close(function(x, pool, stride), by_definition(x, pool, stride, combine))
    check_gradients(lambda x: function(x, pool, stride), x, order=2)


@pytest.mark.parametrize("function", [global_max_pool, global_avg_pool])
def test_global_pooling(function):
    x = distinct(2, 1, 3, 2)
    combine = np.max if function is global_max_pool else np.mean
    assert_close(function(x), combine(x, axis=(2, 3)))
    check_gradients(function, x, order=2)
    assert function(np.ones((0, 2, 3))).shape == (0, 2)


def test_entries_that_tie_share_evenly():
    x = mg.tensor([[1.0, 1.0, 0.0, 2.0, 2.0, 2.0]])
    max_pool(x, (3,), 3).backward([[6.0, 9.0]])
    assert x.grad.tolist() == [[3.0, 3.0, 0.0, 3.0, 3.0, 3.0]]
    x = mg.tensor([0.0, 1.0, 1.0])  # in windows that overlap, too
    max_pool(x, (2,), 1).backward()
    assert x.grad.tolist() == [0.0, 1.5, 0.5]
    x = mg.tensor([[[4.0, 4.0]]])
    global_max_pool(x).backward()
    assert x.grad.tolist() == [[[0.5, 0.5]]]


def test_infinite_entries_and_nan():
    x = mg.tensor([-np.inf, -np.inf, np.inf, 1.0])
    out = max_pool(x, (2,), 2)
    out.backward()
    assert out.tolist() == [-np.inf, np.inf]
    assert x.grad.tolist() == [0.5, 0.5, 1.0, 0.0]
    x = mg.tensor([np.nan, 1.0, 2.0, 3.0])
    out = max_pool(x, (2,), 2)
    out.backward()
    assert np.isnan(out.data[0])
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_the_result_is_no_view():
    x = np.array([1.0, 2.0])
    for function in (max_pool, avg_pool):
        out = function(x, (1,), 1)
        out.data[0] = 5
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("function", [max_pool, avg_pool])
def test_dtypes_and_constants(function):
    x = mg.tensor(np.ones((2, 4), np.float32))
    out = function(x, (2,), 2)
    out.backward()
    assert out.dtype == x.grad.dtype == np.float32
    assert function(x.data, (2,), 2).constant
    assert function(x, (2,), 2, constant=True).constant
    whole = function(np.array([1, 4]), (2,), 1)
    assert whole.tolist() == ([4] if function is max_pool else [2.5])
    assert whole.dtype == (np.int64 if function is max_pool else np.float64)


@pytest.mark.parametrize("function", [max_pool, avg_pool])
def test_empty_batch(function):
    x = mg.tensor(np.ones((0, 4, 4)))
    out = function(x, (2, 2), 2)
    out.backward()
    assert out.shape == (0, 2, 2)
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("function", [max_pool, avg_pool])
@pytest.mark.parametrize(
    ("pool", "stride", "error", "message"),
    [
        ((2,), 2, ValueError, r"= 3 must be a multiple of the stride"),
        ((6,), 1, ValueError, r"windows of \(6,\) do not fit on axes of \(5,\)"),
        ((2,), 0, ValueError, "stride must be"),
        ((0,), 1, ValueError, "pool must be .* each at least 1"),
        ((1.5,), 1, TypeError, "pool must be an integer"),
        (2, 1, TypeError, r"a tuple of one to 2 integers.* shape \(3, 5\); not 2"),
        ((), 1, TypeError, "a tuple of one to 2 integers"),
        ((1, 1, 1), 1, TypeError, "a tuple of one to 2 integers"),
    ],
)
def test_what_cannot_be_is_refused(function, pool, stride, error, message):
    with pytest.raises(error, match=message) as caught:
        function(np.ones((3, 5)), pool, stride)
    assert function.__name__ in str(caught.value)


@pytest.mark.parametrize("function", [global_max_pool, global_avg_pool])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 0)])
def test_global_pooling_needs_something_to_pool(function, shape):
    with pytest.raises(ValueError, match=r"takes data of shape \(N, C, X, …\)"):
        function(np.ones(shape))


def test_the_sum_of_a_window_may_be_too_large_for_half_precision():
    x = mg.tensor(np.full((3, 300), 1000.0), dtype=np.float16)
    means = avg_pool(x, (300,), 1)
    assert means.dtype == np.float16
    np.testing.assert_array_equal(means, np.full((3, 1), 1000))
    means.sum().backward()
    assert x.grad.dtype == np.float16
    np.testing.assert_array_equal(x.grad, np.float16(1 / 300))
