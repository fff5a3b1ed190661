import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

windows = np.lib.stride_tricks.sliding_window_view

SAMPLES = [
    *(Sample(np.reshape, normal(2, 3), (3, -1), order=order) for order in "CFA"),
    *(Sample(np.reshape, normal(3, 2).T, (3, -1), order=order) for order in "CFA"),
    *(Sample(np.reshape, normal(2, 2, 3)[:, ::-1], 12, order=order) for order in "CFA"),
    *(Sample(np.reshape, normal(3, 2).T, (3, 2), copy=copy) for copy in (None, True)),
    Sample(np.reshape, normal(2, 3), (3, 2), copy=False).but(
        skip="layout", reason="copy=False refuses layouts that a view cannot have"
    ),
    Sample(np.reshape, normal(), (1, 1)),
    Sample(np.reshape, normal(1, 1), ()),
    Sample(np.reshape, normal(0, 3), (3, 0, 2)),
    Sample(np.reshape, complex_normal(2, 3), (3, 2)),
    *(Sample(np.ravel, normal(2, 3), order=order) for order in "CFAK"),
    *(Sample(np.ravel, normal(3, 2).T, order=order) for order in "CFAK"),
    *(Sample(np.ravel, normal(2, 2, 3).transpose(1, 2, 0), order=order) for order in "CFAK"),
    *(Sample(np.ravel, normal(2, 3)[::-1, ::2].T, order=order) for order in "CFAK"),
    *(Sample(np.ravel, np.broadcast_to(normal(3), (2, 3)).T, order=order) for order in "CFAK"),
    *(Sample(np.ravel, normal(), order=order) for order in "CFAK"),
    *(Sample(np.ravel, normal(2, 0), order=order) for order in "CFAK"),
    Sample(np.squeeze, normal(1, 3, 1)),
    Sample(np.squeeze, normal(1, 3, 1), axis=-1),
    Sample(np.squeeze, normal(1, 3, 1), axis=(0, 2)),
    Sample(np.squeeze, normal(1, 1)),
    Sample(np.squeeze, normal()),
    Sample(np.squeeze, normal(1, 0)),
    Sample(np.expand_dims, normal(2, 3), 1),
    Sample(np.expand_dims, normal(2, 3), (0, -1)),
    Sample(np.expand_dims, normal(), 0),
    Sample(np.expand_dims, normal(0), -1),
    *(
        Sample(function, *arrays)
        for function in (np.atleast_1d, np.atleast_2d, np.atleast_3d)
        for arrays in (
            [normal()],
            [normal(3)],
            [normal(2, 3)],
            [normal(1, 2, 1, 2)],
            [normal(0)],
            [normal(), normal(2), normal(2, 1)],
        )
    ),
    *(Sample(np.copy, normal(3, 2).T, order=order) for order in "CFAK"),
    Sample(np.copy, normal()),
    Sample(np.copy, complex_normal(2)),
    Sample(np.astype, normal(2, 3), np.float64, copy=False),
    Sample(np.astype, normal(2, 3), np.float64),
    Sample(np.astype, normal(2), np.complex128),
    Sample(np.astype, normal(), float),
    Sample(np.transpose, normal(2, 3)),
    Sample(np.transpose, normal(2, 1, 3), (1, 2, 0)),
    Sample(np.transpose, normal(2, 1, 3), axes=[-1, 0, -2]),
    Sample(np.transpose, normal(3), 0),
    Sample(np.transpose, normal()),
    Sample(np.transpose, normal(), ()),
    Sample(np.transpose, normal(2, 0)),
    Sample(np.matrix_transpose, normal(2, 3)),
    Sample(np.matrix_transpose, normal(2, 1, 3)),
    Sample(np.swapaxes, normal(2, 1, 3), 0, -1),
    Sample(np.swapaxes, normal(2, 3), 1, 1),
    Sample(np.moveaxis, normal(2, 1, 3), 0, -1),
    Sample(np.moveaxis, normal(2, 1, 3), (0, -1), (1, 0)),
    Sample(np.moveaxis, normal(2, 1, 3), [-1], [0]),
    *(Sample(np.rollaxis, normal(2, 1, 3), axis) for axis in (-3, -1, 1, 2)),
    *(Sample(np.rollaxis, normal(2, 1, 3), 1, start) for start in (-3, -2, -1, 0, 1, 2, 3)),
    Sample(np.flip, normal(2, 3)),
    Sample(np.flip, normal(2, 3), axis=-1),
    Sample(np.flip, normal(2, 1, 3), (0, -1)),
    Sample(np.flip, normal(2), axis=()),
    Sample(np.flip, normal()),
    Sample(np.fliplr, normal(2, 3)),
    Sample(np.flipud, normal(2, 3)),
    Sample(np.flipud, normal(3)),
    *(Sample(np.rot90, normal(2, 3), k) for k in (-1, 0, 1, 2, 3, 5)),
    Sample(np.rot90, normal(2, 1, 3), 1, (-1, 0)),
    Sample(np.roll, normal(2, 3), 2),
    Sample(np.roll, normal(2, 3), -1, axis=-1),
    Sample(np.roll, normal(2, 3), (1, 2), axis=(0, 1)),
    Sample(np.roll, normal(2, 3), 1, axis=(0, -1)),
    Sample(np.roll, normal(2, 3), (1, 2), axis=1),
    Sample(np.roll, normal(2, 3), [1, 2]),
    Sample(np.roll, normal(5), np.array(2, np.uint8)),
    Sample(np.roll, normal(), 3),
    Sample(np.roll, normal(0, 2), 3, axis=0),
    Sample(np.broadcast_to, normal(3, 1), (2, 3, 2)),
    Sample(np.broadcast_to, normal(), (2, 2)),
    Sample(np.broadcast_to, normal(3), (3,)),
    Sample(np.broadcast_to, normal(1), 3),
    Sample(np.broadcast_to, normal(1), (0,)),
    Sample(np.broadcast_arrays, normal(3, 1), normal(2), normal()),
    Sample(np.broadcast_arrays, normal(2), np.array([1, 2])),
    Sample(np.broadcast_arrays, normal(2, 2)),
    Sample(np.repeat, normal(2, 3), 2),
    Sample(np.repeat, normal(2, 3), 2, axis=0),
    Sample(np.repeat, normal(2, 3), [2], axis=-1),
    Sample(np.repeat, normal(2, 3), [1, 0, 2], axis=1),
    Sample(np.repeat, normal(2, 2), np.array([2, 0, 1, 1])),
    Sample(np.repeat, normal(2, 2), 0, axis=0),
    Sample(np.repeat, normal(), 3),
    Sample(np.repeat, normal(0, 2), 3, axis=0),
    Sample(np.tile, normal(2, 3), 2),
    Sample(np.tile, normal(2, 1), (2, 1, 3)),
    Sample(np.tile, normal(2, 1, 2), [2]),
    Sample(np.tile, normal(2), (2, 2)),
    Sample(np.tile, normal(2), (0, 2)),
    Sample(np.tile, normal(2), ()),
    Sample(np.tile, normal(), (2, 2)),
    Sample(np.tile, normal(0), 2),
    Sample(np.resize, normal(2, 3), (3, 5)),
    Sample(np.resize, normal(2, 3), 4),
    Sample(np.resize, normal(2, 3), (12,)),
    Sample(np.resize, normal(2), ()),
    Sample(np.resize, normal(2), 0),
    Sample(np.resize, normal(), (2, 2)),
    Sample(np.resize, normal(0), 3),
    Sample(windows, normal(5), 3),
    Sample(windows, normal(3, 4), (2, 3)),
    Sample(windows, normal(3, 4), 2, axis=-1),
    Sample(windows, normal(3, 4), (3, 2), axis=(1, 0)),
    Sample(windows, normal(6), (2, 3), axis=(0, 0)),
    Sample(windows, normal(4), 4),
    Sample(windows, normal(2, 3), (2, 1)),
    Sample(windows, normal(0, 2), 1, axis=1),
    Sample(np.trim_zeros, normal(4)),
    Sample(np.trim_zeros, normal(2, 3)),
    Sample(np.trim_zeros, normal(2, 3), "f", axis=1),
]

TestSamples = generic_checks(SAMPLES)


def test_trimmed_zeros_have_no_gradient():
    x = mg.tensor([0.0, 0.0, 3.0, 0.0, 5.0, 0.0])
    np.trim_zeros(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 1, 1, 1, 0])
    for trim, grad in (("f", [0, 0, 1, 1, 1, 1]), ("b", [1, 1, 1, 1, 1, 0])):
        x = mg.tensor(x.data)
        np.trim_zeros(x, trim).sum().backward()
        np.testing.assert_array_equal(x.grad, grad)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_zeros_are_trimmed_from_every_side(axis):
    array = np.zeros((4, 5))
    array[1:3, 2:4] = [[1, 0], [0, 2]]
    x = mg.tensor(array)
    result = np.trim_zeros(x, axis=axis)
    expected = np.trim_zeros(array, axis=axis)
    np.testing.assert_array_equal(result, expected)
    result.sum().backward()
    assert x.grad.sum() == expected.size
    np.testing.assert_array_equal(x.grad[1:3, 2:4], 1)


def test_nothing_is_left_of_zeros_alone():
    x = mg.tensor(np.zeros(3))
    np.trim_zeros(x).sum().backward()
    np.testing.assert_array_equal(x.grad, 0)


def test_astype_keeps_the_gradient_in_the_type_of_the_original():
    x = mg.tensor([1.5, 2.5])
    single = np.astype(x, np.float32)
    assert single.dtype == np.float32
    single.sum().backward()
    assert x.grad.dtype == np.float64
    assert np.astype(x, int).constant


VIEWS = {
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "ravel": np.ravel,
    "ravel in the order of memory": lambda x: np.ravel(x, "K"),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "atleast_3d": np.atleast_3d,
    "transpose": np.transpose,
    "matrix_transpose": np.matrix_transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, 1),
    "rollaxis": lambda x: np.rollaxis(x, 1),
    "flip": np.flip,
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": np.rot90,
    "astype": lambda x: np.astype(x, float, copy=False),
    "trim_zeros": lambda x: np.trim_zeros(x, "f"),
    "unstack": lambda x: np.unstack(x)[1],
    "array_split": lambda x: np.array_split(x, 2, axis=1)[1],
}


@pytest.mark.parametrize("name", VIEWS)
def test_an_update_of_a_view_shows_in_its_base(name):
    view = VIEWS[name]
    array = np.arange(1.0, 7).reshape(2, 3)
    x = mg.tensor(array)
    base = 1 * x
    target, expected = view(base), array.copy()
    view(expected)[...] *= 10
    target *= 10
    np.testing.assert_array_equal(base, expected)
    (base * array).sum().backward()
    np.testing.assert_array_equal(x.grad, expected)


def test_broadcasts_are_read_only_views():
    x = mg.tensor([1.0, 2.0])
    view = np.broadcast_to(x, (3, 2))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    x[0] = 5
    np.testing.assert_array_equal(view, [[5, 2]] * 3)
    np.testing.assert_array_equal(windows(x, 1), [[5], [2]])


def test_each_argument_of_several_has_its_view():
    x, y = mg.tensor([1.0, 2.0]), mg.tensor(3.0)
    a, b = 1 * x, 1 * y
    _, view = np.atleast_1d(a, b)
    view *= 10
    assert b == 30
    b.backward()
    assert y.grad == 10


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
@pytest.mark.parametrize("turned", [False, True])
def test_flattening_follows_memory_where_asked_to(order, turned):
    array = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)[:, ::-1]
    array = array.T if turned else array
    x = mg.tensor(array, copy=False)
    weights = np.arange(24.0)
    (np.ravel(x, order) * weights).sum().backward()
    expected = np.empty(24)
    expected[np.ravel(array, order).astype(int)] = weights
    np.testing.assert_array_equal(x.grad, expected[array.astype(int)])
