"""Views: memory sharing, gradients, and arbitrary depth."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine.regions import Region


class Row(enum.IntEnum):
    """A name for a row."""

    SECOND = 1


class Counter:
    """An integer to NumPy, though none to Python's isinstance."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __index__(self) -> int:
        return self.count


VIEWS: dict[str, Callable[[Any], Any]] = {
    "slices": lambda a: a[1:, ::-1],
    "an integer": lambda a: a[1],
    "a member of an enumeration": lambda a: a[Row.SECOND],
    "what has __index__": lambda a: a[Counter(1), Counter(0) :],
    "a tensor without axes": lambda a: a[mg.tensor(1), : mg.tensor(2)],
    "newaxis and ellipsis": lambda a: a[None, ..., 0],
    "T": lambda a: a.T,
    "mT": lambda a: a.mT,
    "transpose": lambda a: np.transpose(a, (1, 0)),
    "swapaxes": lambda a: a.swapaxes(0, 1),
    "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "rollaxis": lambda a: np.rollaxis(a, 1),
    "reshape": lambda a: a.reshape(4, 3),
    "reshape in order F": lambda a: np.reshape(a.T, (2, 6), order="F"),
    "ravel": lambda a: a.ravel(),
    "ravel of a transpose": lambda a: np.ravel(a.T, "K"),
    "squeeze": lambda a: np.squeeze(a[:1]),
    "expand_dims": lambda a: np.expand_dims(a, 1),
    "atleast_3d": lambda a: np.atleast_3d(a),
    "flip": np.flip,
    "fliplr": np.fliplr,
    "rot90": lambda a: np.rot90(a),
    "diagonal": lambda a: np.diagonal(a),
    "diag": lambda a: np.diag(a),
    "broadcast_to": lambda a: np.broadcast_to(a, (2, 3, 4)),
    "broadcast_arrays": lambda a: np.broadcast_arrays(a, np.ones((2, 1, 1)))[0],
    "sliding_window_view": lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=1),
    "split": lambda a: np.split(a, 3)[1],
    "array_split": lambda a: np.array_split(a, 2, axis=1)[1],
    "hsplit": lambda a: np.hsplit(a, 2)[1],
    "unstack": lambda a: np.unstack(a)[2],
    "iteration": lambda a: list(a)[1],
    "einsum": lambda a: np.einsum("ij->ji", a),
    "real": lambda a: np.real(a),
    "view": lambda a: a.view(),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "an integer array": lambda a: a[[0, 1]],
    "an array without axes": lambda a: a[np.array(1)],
    "a boolean": lambda a: a[np.True_],
    "a mask": lambda a: a[np.ones(3, bool)],
    "ravel that cannot": lambda a: a.T.ravel(),
    "reshape that cannot": lambda a: a.T.reshape(12),
    "flatten": lambda a: a.flatten(),
    "copy": lambda a: a.copy(),
    "astype": lambda a: a.astype(np.float32),
    "flat": lambda a: a.flat[1:3],
    "take": lambda a: np.take(a, [0, 1]),
}


def numbers() -> np.ndarray:
    return np.arange(12.0).reshape(3, 4) + 1


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_shares_memory_where_numpy_does(name: str, order: Any) -> None:
    step = VIEWS[name]
    array = np.array(numbers(), order=order)
    x = mg.tensor(array)
    base = x.copy(order)
    view, expected = step(base), step(array)
    shares = np.shares_memory(expected, array)
    assert np.shares_memory(view, base) == np.may_share_memory(view, base) == shares
    assert (view.base is base) == shares
    assert np.array_equal(view, expected)
    assert view.strides == expected.strides
    if name != "broadcast_arrays":  # NumPy warns of its flag
        assert view.flags.writeable == expected.flags.writeable
    weights = np.arange(view.size).reshape(view.shape) + 1.0
    np.sum(view * weights).backward()
    gradient = np.zeros(array.shape)
    positions = step(np.array(np.arange(12).reshape(3, 4), order=order))
    np.add.at(gradient.reshape(-1), positions, weights)
    assert np.array_equal(x.grad, gradient)
    assert np.array_equal(base.grad, gradient)
    if shares:
        assert view.grad.base is base.grad
        assert np.array_equal(view.grad, step(np.array(gradient, order=order)))


@pytest.mark.parametrize("name", COPIES)
def test_copies_where_numpy_does(name: str) -> None:
    x = mg.tensor(numbers())
    copy = COPIES[name](x)
    assert copy.base is None
    assert not np.shares_memory(copy, x)
    np.sum(copy).backward()
    assert np.sum(x.grad) == copy.size


# NumPy warns of writing to what broadcast_arrays returns.
@pytest.mark.parametrize("name", [name for name in VIEWS if name != "broadcast_arrays"])
def test_an_update_shows_in_the_family(name: str) -> None:
    """Of the base in its views, and of a view in the base and in its other views."""
    step = VIEWS[name]
    array = numbers()
    x = mg.tensor(numbers())
    base = x * 1.0
    view, expected = step(base), step(array)
    other, other_expected = base[::2], array[::2]
    base *= 2.0
    array *= 2.0
    assert np.array_equal(view, expected)
    if expected.flags.writeable:
        view += 1.0
        expected += 1.0
        assert np.array_equal(base, array)
        assert np.array_equal(other, other_expected)
    np.sum(base * base).backward()
    assert np.array_equal(x.grad, 4 * array)
    if view.base is base:
        assert np.array_equal(view.grad, step(base.grad))


@pytest.mark.parametrize("name", ["diagonal", "broadcast_to", "sliding_window_view"])
@pytest.mark.parametrize("locked", [False, True])
def test_views_that_numpy_makes_read_only(name: str, locked: bool) -> None:
    x = mg.tensor(numbers())
    keep = [x.data, x * x] if locked else []
    view = VIEWS[name](x)
    with pytest.raises(ValueError, match="read-only"):
        view[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        view += 1
    assert np.array_equal(x, numbers())
    keep.clear()
    assert not view.flags.writeable
    x += 1
    assert np.array_equal(view, VIEWS[name](numbers() + 1))


def test_views_of_views_have_one_base() -> None:
    x = mg.tensor(numbers())
    view = x[1:].T[::2]
    assert view.base is x
    view[0] = 0.0
    assert np.array_equal(x[1:, 0], [0, 0])


def test_what_is_empty_has_a_base() -> None:
    array = np.ones((0, 3))
    x = mg.tensor(array)
    for take in (np.transpose, np.ravel, np.atleast_3d, lambda a: np.array_split(a, 2)[1]):
        assert take(array).base is array
        assert take(x).base is x
        assert take(take(x)).base is x


def test_an_empty_view_that_was_looked_at_can_be_updated() -> None:
    x = mg.tensor(np.ones(0)) * 1
    view = x[...]
    assert view.data.shape == (0,)
    np.sum(x * np.ones(0)).backward()
    view = view[...]
    view += 1.0
    assert view.base is x


def test_the_conjugate_of_what_is_real_is_the_very_tensor() -> None:
    array, x = numbers(), mg.tensor(numbers())
    assert array.conj() is array
    assert x.conj() is x.conjugate() is x
    z = mg.tensor([1 + 2j])
    assert np.array_equal(z.conj(), [1 - 2j])
    assert np.conjugate(x).base is None


def test_views_of_a_constant_are_constant() -> None:
    x = mg.tensor(numbers(), constant=True)
    view = x[1:]
    assert view.constant
    view += 1
    assert view.constant
    assert x.data[1, 0] == 6
    assert view.grad is None


def test_a_view_keeps_its_base_alive() -> None:
    view = (mg.tensor(numbers()) * 2)[0]
    assert view.base is not None
    view[0] = 0.0
    assert np.array_equal(view.base[0], [0, 4, 6, 8])


def test_complex_parts() -> None:
    z = mg.tensor([1 + 2j, 3 - 1j])
    w = z * 1
    w.real *= 2.0
    imaginary = w.imag
    imaginary[0] = 5.0
    assert np.array_equal(w, [2 + 5j, 6 - 1j])
    assert imaginary.base is w
    np.sum(w.real * [1, 10] + imaginary * [100, 1000]).backward()
    # A loss L has the gradient dL/dx - i dL/dy.
    assert np.array_equal(w.grad, [1 - 100j, 10 - 1000j])
    assert np.array_equal(z.grad, [2, 20 - 1000j])
    assert np.array_equal(imaginary.grad, [100, 1000])


def test_overlapping_windows() -> None:
    x = mg.tensor(np.arange(5.0))
    y = x * 1
    windows = np.lib.stride_tricks.sliding_window_view(y, 3)
    y[2] = x[0] * 10
    np.sum(windows * windows).backward()
    assert np.array_equal(y.grad, 2 * y.data * [1, 2, 3, 2, 1])
    assert np.array_equal(x.grad, [0, 4, 0, 12, 8])


def test_no_window_overlaps_unless_it_does() -> None:
    float64 = np.dtype(float)
    assert not Region((3, 2), (16, 8), 0, float64, True).overlaps
    assert not Region((3, 2), (-8, 24), 16, float64, True).overlaps
    assert not Region((1, 3), (0, 8), 0, float64, True).overlaps
    assert Region((2, 3), (0, 8), 0, float64, True).overlaps
    assert Region((3, 2), (8, 8), 0, float64, True).overlaps


@pytest.mark.parametrize("step", [slice(None, None, -1), slice(None, None, 2)])
def test_a_base_that_is_no_dense_array(step: slice) -> None:
    values = numbers()
    x = mg.tensor(values.T[step], copy=False)
    y = x * 1
    view = x[0]
    np.sum(view * view * y[0]).backward()
    assert np.array_equal(x.grad[0], 3 * values.T[step][0] ** 2)
    assert np.array_equal(view.grad, x.grad[0])
    view += 1.0
    assert np.array_equal(x[0], values.T[step][0] + 1)
    np.sum(x * x).backward()
    assert np.array_equal(view.grad, 2 * x.data[0])


def test_assigning_a_shape() -> None:
    x = mg.tensor(numbers())
    y = x * 2
    row, column = y[1], y[:, 1]
    y.shape = (2, 6)
    assert y.shape == (2, 6)
    assert row.shape == (4,)
    row += 1.0
    assert np.array_equal(y, (numbers() * 2 + np.array([[0], [1], [0]])).reshape(2, 6))
    column.shape = (3, 1)
    column *= 2.0
    np.sum(y * y).backward()
    assert y.grad.shape == (2, 6)
    assert column.grad.shape == (3, 1)
    assert np.shares_memory(column.grad, y.grad)
    scale = np.where(np.arange(4) == 1, 4.0, 2.0)
    assert np.array_equal(x.grad, y.grad.reshape(3, 4) * scale)
    with pytest.raises(AttributeError, match=r"shape \(12,\) cannot be assigned.*reshape"):
        x.T.shape = (12,)
    with pytest.raises(ValueError, match="reshape"):
        x.shape = (5,)
    assert x.shape == (3, 4)


def test_assigning_a_shape_to_a_view_uses_no_value() -> None:
    x = mg.tensor(numbers())
    y = x * 1
    view = y[1:]
    np.sum(view * 3.0).backward()
    view.shape = (8,)
    assert np.array_equal(view.grad, np.full(8, 3.0))
    assert np.shares_memory(view.grad, y.grad)
    with pytest.raises(mg.errors.InvalidBackprop):
        y.backward()


def test_assigning_a_shape_to_a_leaf_under_no_autodiff() -> None:
    w = mg.tensor(numbers())
    with mg.no_autodiff:
        w.shape = (4, 3)
    np.sum(w * w).backward()
    assert w.grad.shape == (4, 3)


@pytest.mark.parametrize("depth", [1_000, 10_000])
def test_deep_chains_of_views(depth: int) -> None:
    x = mg.tensor(np.ones(3))
    view = x * 1
    for _ in range(depth):
        view = view[::-1]
    view[0] = 2.0
    np.sum(view * view).backward()
    assert np.array_equal(x.grad, [0, 2, 2])


def test_a_graph_that_goes_back_leaves_views_usable() -> None:
    x = mg.tensor(np.ones(3))
    y = x * 1
    view = y[1:]
    np.sum(y * y).backward()
    loss = np.sum(view * 3)  # y is a leaf from here on
    assert view.grad is None
    assert y.grad is None
    loss.backward()
    assert np.array_equal(y.grad, [0, 3, 3])
    assert np.array_equal(x.grad, [2, 2, 2])


def test_an_empty_list_selects_nothing():
    x = mg.tensor([1.0, 2.0])
    y = x * 1
    y[[]] = 5.0
    y[[]] += 1.0
    (np.sum(y[[]]) + np.sum(y)).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 1.0])


@pytest.mark.parametrize("index", [1.5, "a", mg.tensor(1.5), mg.tensor([1.0]), (mg.tensor(0.5), 0)])
def test_what_is_no_index_is_refused_as_by_numpy(index: Any) -> None:
    x = mg.tensor(np.ones((2, 3)))
    with pytest.raises(IndexError):
        x[index]
    with pytest.raises(IndexError):
        x[index] = 1.0
