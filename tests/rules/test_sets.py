import numpy as np

import mygrad as mg
from mygrad.engine.registry import PiecewiseConstant, registry
from tests.checks import Sample, complex_normal, distinct, generic_checks

nan = np.nan

A = np.array([3.0, 1.0, 2.0])
B = np.array([[2.0, 4.0], [5.0, 3.0]])


SAMPLES = [
    Sample(np.union1d, distinct(3), distinct(2, 2) + 0.1),
    Sample(np.union1d, distinct(3), np.array([7, 8])),
    Sample(np.union1d, distinct(0), distinct(2)),
    Sample(np.union1d, distinct(0), distinct(0)),
    Sample(np.union1d, distinct(), distinct(2)),
    Sample(np.union1d, complex_normal(2), distinct(2)),
    Sample(np.setxor1d, distinct(3), distinct(2) + 9),
    Sample(np.setxor1d, distinct(3), distinct(2) + 9, assume_unique=True),
    Sample(np.setxor1d, distinct(3), np.array([7, 8])),
    Sample(np.setdiff1d, distinct(2, 2), np.array([7, 8])),
    Sample(np.setdiff1d, distinct(3), np.array([7, 8]), assume_unique=True),
    Sample(np.setdiff1d, distinct(3), distinct(2) + 9),
    Sample(np.setdiff1d, distinct(0), np.array([7.0])),
    Sample(np.intersect1d, distinct(3), distinct(2) + 9),
    Sample(np.intersect1d, distinct(3), distinct(2) + 9, return_indices=True),
]

TestSamples = generic_checks(SAMPLES)


def gradients(function, *arrays):
    """The result of `function` and the gradients of the sum of its squares."""
    tensors = [mg.tensor(array) for array in arrays]
    result = function(*tensors)
    np.sum(result * result).backward()
    return [result.data, *(tensor.grad for tensor in tensors)]


def test_elements_of_both_sets_share_the_gradient_of_their_value():
    values, first, second = gradients(np.intersect1d, A, B)
    assert values.tolist() == [2, 3]
    assert first.tolist() == [3, 0, 2]
    assert second.tolist() == [[2, 0], [0, 3]]
    values, first, second = gradients(np.union1d, A, B)
    assert values.tolist() == [1, 2, 3, 4, 5]
    assert first.tolist() == [3, 2, 2]
    assert second.tolist() == [[2, 8], [10, 3]]


def test_elements_of_both_sets_receive_nothing_from_what_only_one_holds():
    values, first, second = gradients(np.setxor1d, A, B)
    assert values.tolist() == [1, 4, 5]
    assert first.tolist() == [0, 2, 0]
    assert second.tolist() == [[0, 8], [10, 0]]
    values, first, second = gradients(np.setdiff1d, A, B)
    assert values.tolist() == [1]
    assert first.tolist() == [0, 2, 0]
    assert second is None


def test_equal_elements_of_one_set_share():
    values, first, second = gradients(np.intersect1d, [2.0, 2.0, 1.0], [2.0, 3.0])
    assert values.tolist() == [2]
    np.testing.assert_allclose(first, [4 / 3, 4 / 3, 0])
    np.testing.assert_allclose(second, [4 / 3, 0])
    _, first, _ = gradients(lambda a, b: np.setdiff1d(a, b, assume_unique=True), [2, 1.0, 2], [3.0])
    assert first.tolist() == [4, 2, 4]


def test_positions_beside_the_values():
    first, second = mg.tensor(A), mg.tensor(B)
    values, *places = np.intersect1d(first, second, return_indices=True)
    expected = np.intersect1d(A, B, return_indices=True)
    for place, model in zip(places, expected[1:], strict=True):
        assert place.constant
        assert np.array_equal(place, model)
    np.sum(values).backward()
    assert first.grad.tolist() == [0.5, 0, 0.5]


def test_second_derivatives():
    x, y = mg.tensor([2.0, 1.0]), mg.tensor([2.0, 3.0])
    np.sum(np.union1d(x, y) ** 3).backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    np.sum(slope).backward()
    np.testing.assert_allclose(x.grad, [3, 6])


def test_nan_is_one_value():
    tensor = mg.tensor([nan, 1.0, nan])
    values = np.union1d(tensor, [1.0])
    assert np.array_equal(values, [1, nan], equal_nan=True)
    np.sum(values * np.array([2.0, 4.0])).backward()
    assert tensor.grad.tolist() == [2, 1, 2]


def test_single_precision():
    x = mg.tensor(np.array([2, 1], np.float32))
    values = np.union1d(x, np.array([2, 7], np.float32))
    assert values.dtype == np.float32
    np.sum(values).backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [0.5, 1]


def test_isin():
    inside = np.isin(mg.tensor(A), mg.tensor(B), invert=True)
    assert isinstance(registry[np.isin], PiecewiseConstant)
    assert type(inside) is np.ndarray
    assert inside.tolist() == [False, True, False]
