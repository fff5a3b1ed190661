import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, distinct, generic_checks
from tests.edges import pullback
from tests.versions import numpy_since

nan = np.nan

AXES = [{}, {"axis": 0}, {"axis": -2}, {"axis": None}]
#: Rows, columns and single values, some of them equal.
REPEATED = np.array([[0.5, 2.0, 0.5], [0.5, 2.0, 0.5], [0.1, 2.0, 0.3]])

SAMPLES = [
    *(Sample(np.sort, distinct(2, 3, 2), **axis) for axis in AXES),
    *(Sample(np.sort, distinct(4), kind=kind) for kind in ["quicksort", "stable", "heapsort"]),
    Sample(np.sort, distinct(4), stable=True),
    *(
        sample.since("2.5", reason="it brought descending")
        for sample in (
            Sample(np.sort, distinct(5), descending=True),
            *(Sample(np.sort, distinct(2, 3, 2), descending=True, **axis) for axis in AXES),
            Sample(np.sort, distinct(4), descending=False),
            Sample(np.sort, complex_normal(2, 3), descending=True),
        )
    ),
    *(Sample(np.sort, distinct(*shape)) for shape in [(0,), (1,), (2, 0), (0, 2)]),
    Sample(np.sort, distinct(), axis=None),
    Sample(np.sort, complex_normal(2, 3)),
    Sample(np.sort, complex_normal(2, 3), axis=None),
    Sample(np.sort, np.array([3, 1, 2])),
    *(Sample(np.partition, distinct(2, 3, 2), 1, **axis) for axis in AXES),
    *(Sample(np.partition, distinct(7), kth) for kth in [0, 3, -1, (1, 4), [-1, 2]]),
    Sample(np.partition, complex_normal(5), 2),
    Sample(np.partition, distinct(1), 0),
    Sample(np.sort_complex, complex_normal(2, 3)),
    Sample(np.sort_complex, distinct(4)),
    Sample(np.sort_complex, distinct(0)),
    Sample(np.unique, distinct(2, 3)),
    Sample(np.unique, distinct()),
    Sample(np.unique, distinct(0)),
    Sample(np.unique, distinct(2, 3), return_index=True),
    Sample(np.unique, distinct(2, 3), True, True, True),
    Sample(np.unique, complex_normal(3), return_counts=True),
    Sample(np.unique, distinct(3, 2), axis=0),
    *(
        sample.since("2.3", reason="it brought sorted")
        for sample in (
            Sample(np.unique, distinct(20), sorted=False),
            Sample(np.unique, distinct(20), return_inverse=True, sorted=False),
            Sample(np.unique, distinct(3, 2), axis=0, sorted=False),
        )
    ),
    Sample(np.unique, distinct(3, 2), axis=-1, return_inverse=True),
    Sample(np.unique, np.array([2, 1, 2]), return_counts=True),
    Sample(np.unique_all, distinct(2, 3)),
    Sample(np.unique_counts, distinct(4)),
    Sample(np.unique_inverse, distinct(2, 2)),
    Sample(np.unique_values, distinct(4)),
]

TestSamples = generic_checks(SAMPLES)


# ------------------------------------------------------------------ ties


def partition(x):
    return np.partition(x, 2)


@pytest.mark.parametrize("function", [np.sort, np.sort_complex, partition])
def test_equal_elements_share_what_their_places_receive(function):
    x = np.array([[2.0, 1.0, 2.0, 2.0], [4.0, 3.0, 3.0, 5.0]])
    tensor = mg.tensor(x)
    ordered = function(tensor)
    weight = np.array([[1.0, 2.0, 4.0, 6.0], [1.0, 2.0, 8.0, 16.0]])
    # A weight for each value, in any arrangement of equal ones
    np.sum(np.real(ordered) * weight[np.arange(2)[:, None], np.argsort(ordered)]).backward()
    received = dict.fromkeys([*x[0], *x[1]], 0.0)
    for value, share in zip(x.flat, tensor.grad.flat, strict=True):
        received[value] += share
    assert received[1.0] == received[2.0] / 12 == 1
    assert tensor.grad[0].tolist() == [4, 1, 4, 4]


def test_equal_elements_share_to_second_order():
    x = mg.tensor([2.0, 1.0, 2.0])
    np.sum(np.sort(x) ** 3 * np.array([1.0, 2.0, 4.0])).backward(create_graph=True)
    slope = x.grad
    assert slope.data.tolist() == [36, 3, 36]
    x.null_grad()
    slope[0].backward()
    np.testing.assert_allclose(x.grad, [18, 0, 18])


def test_many_equal_elements_in_single_precision():
    x = mg.tensor(np.repeat(np.array([2, 1], np.float32), 1000))
    np.sum(np.sort(x) * np.arange(2000, dtype=np.float32)).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad[:1000], 1499.5)
    np.testing.assert_allclose(x.grad[1000:], 499.5)


def test_nan_is_sorted_to_the_end():
    (gradient,) = pullback(np.sort, np.array([nan, 1.0, 0.0]), grad=np.array([1.0, 2.0, 4.0]))
    assert gradient.tolist() == [4, 2, 1]
    if numpy_since("2.5"):
        (gradient,) = pullback(
            lambda x: np.sort(x, descending=True),
            np.array([nan, 0.0, 1.0, 0.0]),
            grad=np.array([1.0, 2.0, 4.0, 8.0]),
        )
        assert gradient.tolist() == [8, 3, 1, 3]
    (gradient,) = pullback(
        lambda x: np.partition(x, 0), np.array([nan, 1.0, 0.0]), grad=np.array([1.0, 2.0, 2.0])
    )
    assert gradient.tolist() == [2, 2, 1]


def test_sorting_a_tensor_in_place():
    x = mg.tensor([3.0, 1.0, 2.0])
    y = x * 1
    y.sort()
    assert y.data.tolist() == [1, 2, 3]
    np.sum(y * np.array([1.0, 2.0, 4.0])).backward()
    assert x.grad.tolist() == [4, 1, 2]
    with pytest.raises(TypeError, match="backwards"):
        y.sort(backwards=True)
    if numpy_since("2.5"):
        y.sort(descending=True)
        assert y.data.tolist() == [3, 2, 1]


# ------------------------------------------------------------------ unique values


DISTINCT = {
    "unique": np.unique,
    "unique_values": np.unique_values,
    "unique_all": lambda x: np.unique_all(x).values,
    "unique_counts": lambda x: np.unique_counts(x).values,
    "unique_inverse": lambda x: np.unique_inverse(x).values,
    "unique with indices": lambda x: np.unique(x, return_index=True)[0],
}


@pytest.mark.parametrize("function", DISTINCT.values(), ids=DISTINCT.keys())
@pytest.mark.parametrize("kind", [float, complex])
def test_equal_elements_share_the_gradient_of_their_value(function, kind):
    x = mg.tensor(REPEATED.astype(kind))
    values = function(x)
    # Whatever their order, 0.1, 0.3, 0.5 and 2.0 get 1, 3, 5 and 20.
    np.sum(np.real(values) * np.real(values.data) * 10).backward()
    np.testing.assert_allclose(x.grad, [[1.25, 20 / 3, 1.25], [1.25, 20 / 3, 1.25], [1, 20 / 3, 3]])


def test_equal_rows_and_columns_share_the_gradient():
    (gradient,) = pullback(
        lambda x: np.unique(x, axis=0), REPEATED, grad=np.array([[1.0, 2.0, 3.0], [4.0, 6.0, 8.0]])
    )
    assert gradient.tolist() == [[2, 3, 4], [2, 3, 4], [1, 2, 3]]
    (gradient,) = pullback(lambda x: np.unique(x, axis=1), REPEATED[:2], grad=[[1.0, 2.0]] * 2)
    assert gradient.tolist() == [[0.5, 2, 0.5], [0.5, 2, 0.5]]


def test_nan_as_a_distinct_value():
    x = np.array([nan, 1.0, nan])
    (gradient,) = pullback(np.unique, x, grad=np.array([1.0, 2.0]))
    assert gradient.tolist() == [1, 1, 1]
    (gradient,) = pullback(
        lambda x: np.unique(x, equal_nan=False), x, grad=np.array([1.0, 2.0, 2.0])
    )
    assert gradient.tolist() == [2, 1, 2]


def test_only_the_counts_are_used():
    x = mg.tensor([1.0, 2.0, 1.0])
    values, counts = np.unique(x, return_counts=True)
    assert counts.constant
    np.sum(x * x * np.sum(counts)).backward()
    assert x.grad.tolist() == [6, 12, 6]
    assert not values.constant


# ------------------------------------------------------------------ indices


PLACES = {
    "argsort": np.argsort,
    "argsort of all": lambda x: np.argsort(x, axis=None, kind="stable"),
    "argpartition": lambda x: np.argpartition(x, 1),
    "argmax": np.argmax,
    "argmin": lambda x: np.argmin(x, axis=1, keepdims=True),
    "nanargmax": lambda x: np.nanargmax(x, axis=0),
    "nanargmin": np.nanargmin,
    "lexsort": lambda x: np.lexsort((x[0], x[1])),
    "searchsorted": lambda x: np.searchsorted(np.sort(x[0]), x[1]),
    "digitize": lambda x: np.digitize(x, [0.0, 0.5]),
}


@pytest.mark.parametrize("call", PLACES.values(), ids=PLACES.keys())
def test_places_are_plain_integers(call):
    x = distinct(2, 3)
    places = call(mg.tensor(x))
    assert isinstance(places, np.ndarray | np.generic)
    assert np.array_equal(places, call(x))
