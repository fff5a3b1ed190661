import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal, positive

SAMPLES = [
    *(
        Sample(np.full_like, normal(*shape), value, **options).but(
            skip="constants", reason="NumPy asks only the first argument who computes"
        )
        for shape, value, options in (
            ((2, 3), normal(), {}),
            ((2, 3), normal(3), {"dtype": np.complex128}),
            ((2, 3), normal(2, 1), {}),
            ((3,), normal(2), {"shape": (2, 2)}),
            ((0, 2), normal(2), {}),
        )
    ),
    Sample(np.full_like, normal(2), 1.5),
    Sample(np.linspace, normal(), normal(), 4),
    Sample(np.linspace, normal(), 2, 4),
    Sample(np.linspace, 1, normal(), 3, endpoint=False),
    *(Sample(np.linspace, normal(2), normal(3, 1), 3, axis=axis) for axis in (0, 1, -1)),
    Sample(np.linspace, normal(2), normal(), 3, endpoint=False, axis=-1),
    Sample(np.linspace, normal(2), normal(2), 3, retstep=True),
    Sample(np.linspace, normal(), normal(), 3, False, True),
    Sample(np.linspace, normal(), normal(), 1),
    Sample(np.linspace, normal(), normal(), 1, endpoint=False),
    Sample(np.linspace, normal(2), normal(2), 0),
    Sample(np.linspace, complex_normal(), normal(), 3),
    Sample(np.logspace, normal(), normal(), 4),
    Sample(np.logspace, normal(2), normal(), 3, base=2.0, axis=-1),
    Sample(np.logspace, normal(), 1, 3, endpoint=False),
    Sample(np.logspace, normal(), normal(), 3, base=positive()),
    Sample(np.logspace, normal(2), normal(), 3, base=positive(2)),
    Sample(np.logspace, 1, 2, 3, base=positive(2), axis=1),
    Sample(np.logspace, normal(), normal(), 1),
    Sample(np.logspace, normal(), normal(), 0),
    Sample(np.geomspace, positive(), positive(), 4),
    Sample(np.geomspace, positive(2), positive(2, 1), 3, axis=-1),
    Sample(np.geomspace, positive(2), 3, 3, endpoint=False),
    Sample(np.geomspace, -positive(), -positive(), 3),
    Sample(np.geomspace, complex_normal(), complex_normal(), 3),
    Sample(np.geomspace, positive(), positive(), 1),
    Sample(np.geomspace, positive(), positive(), 0),
    *(
        Sample(np.meshgrid, *arrays, **options)
        for arrays in (
            [normal(2)],
            [normal(2), normal(3)],
            [normal(2), normal(1), normal(2)],
            [normal(), normal(2, 2)],
            [normal(0), normal(2)],
            [normal(2), np.array([1, 2])],
        )
        for options in (
            {},
            {"indexing": "ij"},
            {"sparse": True},
            {"copy": False},
            {"sparse": True, "copy": False, "indexing": "ij"},
        )
    ),
    *(
        Sample(np.vander, normal(3), n, increasing=increasing)
        for n in (None, 0, 1, 2, 4)
        for increasing in (False, True)
    ),
    Sample(np.vander, complex_normal(2)),
    Sample(np.vander, normal(0), 2),
]

TestSamples = generic_checks(SAMPLES)


def gradients(function, *values):
    """The result of `function` on tensors, and the gradients of its weighted sum."""
    tensors = [mg.tensor(value) for value in values]
    result = function(*tensors)
    assert isinstance(result, mg.Tensor)
    (result * np.arange(1.0, 1 + result.size).reshape(result.shape)).sum().backward()
    return [result.data, *(tensor.grad for tensor in tensors)]


LIKE = mg.tensor([0.0])


@pytest.mark.parametrize(
    "function",
    [np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require],
)
def test_conversions_with_like_pass_the_gradient(function):
    x = [[1.0, 2.0], [3.0, 4.0]]
    result, grad = gradients(lambda x: function(x, like=LIKE), x)
    np.testing.assert_array_equal(result, x)
    np.testing.assert_array_equal(grad, [[1, 2], [3, 4]])


def test_an_array_of_tensors_with_like_passes_the_gradients():
    result, x_grad, y_grad = gradients(
        lambda x, y: np.array([x, [y, 7]], like=LIKE), [1.0, 2.0], 3.0
    )
    np.testing.assert_array_equal(result, [[1, 2], [3, 7]])
    np.testing.assert_array_equal(x_grad, [1, 2])
    np.testing.assert_array_equal(y_grad, 3)


def test_array_adds_axes_and_changes_the_type():
    result, grad = gradients(lambda x: np.array(x, np.float32, ndmin=3, like=LIKE), [1.0, 2.0])
    assert result.shape == (1, 1, 2)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(grad, [1, 2])


def test_conversions_without_a_copy_are_views():
    x = mg.tensor([1.0, 2.0])
    y = 1 * x
    view = np.asarray(y, like=LIKE)
    assert np.shares_memory(view, y)
    view[0] = 5
    np.testing.assert_array_equal(y, [5, 2])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1])


def test_full_is_differentiable_in_its_value():
    result, grad = gradients(lambda value: np.full((2, 2), value, like=LIKE), [5.0, 6.0])
    np.testing.assert_array_equal(result, [[5, 6], [5, 6]])
    np.testing.assert_array_equal(grad, [4, 6])


def test_arange_is_differentiable_in_start_and_step():
    result, start, stop, step = gradients(lambda *ends: np.arange(*ends, like=LIKE), 1.0, 2.6, 0.5)
    np.testing.assert_array_equal(result, [1, 1.5, 2, 2.5])
    assert start == 1 + 2 + 3 + 4
    assert stop is None
    assert step == 2 + 2 * 3 + 3 * 4
    result, stop = gradients(lambda stop: np.arange(stop, like=LIKE), 2.5)
    np.testing.assert_array_equal(result, [0, 1, 2])
    assert stop is None


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.empty, (3,)),
        (np.zeros, ((2, 3),)),
        (np.ones, (2,)),
        (np.eye, (2, 3)),
        (np.identity, (2,)),
        (np.tri, (3, 2)),
        (np.frombuffer, (b"12345678",)),
        (np.fromiter, ([1.0, 2.0], float)),
        (np.fromfunction, (np.add.outer, (2, 3))),
        (np.loadtxt, (["1 2", "3 4"],)),
        (np.genfromtxt, (["1 2", "3 4"],)),
    ],
)
def test_with_like_creation_makes_tensors(function, args):
    result, expected = function(*args, like=LIKE), function(*args)
    assert isinstance(result, mg.Tensor)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if function is not np.empty:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("function", [np.empty_like, np.zeros_like, np.ones_like])
def test_arrays_like_a_tensor_are_tensors(function):
    x = mg.tensor(np.ones((2, 3), np.float32))
    assert isinstance(function(x), mg.Tensor)
    assert function(x).dtype == np.float32
    assert function(x, int, shape=4).shape == (4,)
    assert function(x, int).constant


@pytest.mark.parametrize("function", [np.empty_like, np.zeros_like, np.ones_like])
def test_what_is_written_into_an_array_like_data_keeps_its_gradient(function):
    data, x = mg.tensor([1.0, 2.0], constant=True), mg.tensor(3.0)
    filled = function(data)
    filled[...] = data * x
    filled.sum().backward()
    assert x.grad == 3


def test_geomspace_has_the_ends_exactly():
    start, stop = mg.tensor(2.0), mg.tensor(32.0)
    np.geomspace(start, stop, 5)[[0, -1]].sum().backward()
    assert start.grad == 1
    assert stop.grad == 1
