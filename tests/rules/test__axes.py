import numpy as np
import pytest

from mygrad.rules._axes import (
    count,
    divide,
    from_last,
    normalize_axes,
    restore_axes,
    spread,
    to_last,
)

SHAPE = (2, 3, 4)
AXES = [None, 0, -1, 1, (0, 2), (2, 0), (-1, 1), (0, 1, 2), ()]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "prepare", [np.ascontiguousarray, lambda x: np.asarray(x)[()], np.asfortranarray]
)
def test_spread_is_broadcasting_without_a_copy(axis, keepdims, prepare):
    reduced = np.sum(np.arange(24.0).reshape(SHAPE), axis=axis, keepdims=keepdims)
    grad = prepare(reduced)
    grad = grad.reshape(reduced.shape)
    full = spread(grad, SHAPE, axis, keepdims)
    expected = np.broadcast_to(restore_axes(np.asarray(grad), 3, axis, keepdims), SHAPE)
    assert full.tolist() == expected.tolist()
    assert full.dtype == reduced.dtype
    assert not full.flags.owndata


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), ()])
def test_spread_to_shapes_without_axes_or_elements(shape):
    assert spread(np.array(2.0), shape).shape == shape
    assert spread(np.float32(2), shape).dtype == np.float32
    for axis in range(len(shape)):
        assert spread(np.sum(np.ones(shape), axis=axis), shape, axis).shape == shape


def test_normalize_axes():
    assert normalize_axes(None, 2) == (0, 1)
    assert normalize_axes(np.int64(-1), 2) == (1,)
    assert normalize_axes([-1, 0], 3) == (2, 0)
    assert normalize_axes(0, 0) == ()


@pytest.mark.parametrize("axis", AXES)
def test_to_last_and_back(axis):
    x = np.arange(24.0).reshape(SHAPE)
    line = to_last(x, axis)
    assert line.shape[-1] == count(SHAPE, axis)
    assert from_last(line, SHAPE, axis).tolist() == x.tolist()


def test_count_with_a_mask():
    assert count(SHAPE, (0, 2), np.array([[True], [False], [True]])).tolist() == [[[8], [0], [8]]]


def test_divide_keeps_the_precision_and_gives_zero_for_nothing():
    x = np.ones(2, np.float32)
    quotient = divide(x, np.array([2, 0]))
    assert quotient.dtype == np.float32
    assert quotient.tolist() == [0.5, 0]
    assert divide(x, 0).tolist() == [0, 0]
    assert divide(x, 4).dtype == np.float32
