import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

COLUMN = np.array([[True], [False], [True]])
ROW = np.array([False, True, True, False])
MATRIX = np.array([[True, False, False], [True, True, False]])


def double(x):
    return 2 * x


def cube(x):
    return x**3


def scaled(x, factor, power=3):
    return factor * x**power


SAMPLES = [
    Sample(np.take, normal(2, 3), [0, -1, 0]),
    Sample(np.take, normal(2, 3), 4),
    Sample(np.take, normal(2, 3), [[0, -1], [1, 1]], axis=1),
    Sample(np.take, normal(2, 3), np.array([1, 1, 0], np.uint8), axis=-1),
    Sample(np.take, normal(2, 3), 1, axis=0),
    Sample(np.take, normal(2, 3), [5, -7, 0], axis=0, mode="wrap"),
    Sample(np.take, normal(2, 3), [5, -7, 0], axis=-1, mode="clip"),
    Sample(np.take, normal(2, 3), [7, -7], mode="wrap"),
    Sample(np.take, normal(2, 1, 3), [2, 2], axis=-1),
    Sample(np.take, complex_normal(2, 2), [1, 1], axis=1),
    Sample(np.take, normal(), 0),
    Sample(np.take, normal(2, 3), np.zeros((0,), int), axis=0),
    Sample(np.take, normal(0, 2), np.zeros((0,), int), axis=0, mode="clip"),
    Sample(np.take, normal(2, 0), [0, 1], axis=0),
    Sample(np.take_along_axis, normal(3, 2), np.array([[0, -1, 0]]).T, axis=1),
    Sample(np.take_along_axis, normal(3, 2), np.array([[0, 2]]), 0),
    Sample(np.take_along_axis, normal(2, 3), np.array([[2, 0, 1], [0, 0, 0]]), axis=-1),
    Sample(np.take_along_axis, normal(2, 3), np.array([0, 0, 5]), axis=None),
    Sample(np.take_along_axis, normal(1, 3), np.array([[0], [2], [2]]), axis=1),
    Sample(np.take_along_axis, normal(2, 0), np.zeros((2, 0), int), axis=1),
    Sample(np.where, COLUMN, normal(2), normal(3, 1)),
    Sample(np.where, COLUMN, 1.5, normal(3, 2)),
    Sample(np.where, COLUMN, normal(3, 2), 0),
    Sample(np.where, True, normal(2), normal()),
    Sample(np.where, [True, False], normal(2), [1.0, 2.0]),
    Sample(np.where, MATRIX, normal(2, 3), normal(2, 3)),
    Sample(np.where, MATRIX, complex_normal(3), normal(2, 1)),
    Sample(np.where, COLUMN, normal(0), normal(0)),
    Sample(np.where, np.array([0.0, 2.0, 0.0]), normal(3), normal()).but(
        constant=0, reason="a condition counts as true or false"
    ),
    Sample(np.select, [MATRIX, ~MATRIX], [normal(2, 3), normal(3)]),
    Sample(np.select, [MATRIX, COLUMN[:2]], [normal(), normal(2, 1)], default=normal(3)),
    Sample(np.select, [MATRIX, MATRIX], [normal(2, 3), normal(2, 3)], 1.5),
    Sample(np.select, (MATRIX,), (normal(1),)),
    Sample(np.select, [MATRIX[0], MATRIX[1]], normal(2, 3)),
    Sample(np.select, [COLUMN, ~COLUMN], normal(2, 2)),
    Sample(np.select, [np.array(True)], [normal()], normal()),
    Sample(np.choose, np.array([2, 0, 1]), [normal(3), normal(3), normal(1)]),
    Sample(np.choose, np.array([[4], [-1]]), (normal(2), normal()), mode="wrap"),
    Sample(np.choose, np.array([4, -1, 1]), [normal(3), normal(3)], mode="clip"),
    Sample(np.choose, MATRIX, [normal(2, 3), normal()]),
    Sample(np.choose, np.array([[1, 0]]), normal(2, 2)),
    Sample(np.choose, 1, [normal(2), normal(2)]),
    Sample(np.compress, [True, False, True], normal(3, 2), axis=0),
    Sample(np.compress, [0, 1], normal(2, 3), axis=-1),
    Sample(np.compress, np.array([False, True, True]), normal(2, 3)),
    Sample(np.compress, [False], normal(3)),
    Sample(np.extract, MATRIX, normal(2, 3)),
    Sample(np.extract, [0, 1, 1], normal(2, 3)),
    Sample(np.extract, ROW[:1], normal()),
    Sample(np.piecewise, normal(2, 3), [MATRIX, ~MATRIX], [double, cube]),
    Sample(np.piecewise, normal(4), [ROW, ~ROW], [cube, 1.5]),
    Sample(np.piecewise, normal(4), ROW, [double, cube]),
    Sample(np.piecewise, normal(4), [ROW, np.ones(4, bool)], [double, cube]),
    Sample(np.piecewise, normal(4), [ROW & False], [double]),
    Sample(np.piecewise, normal(4), [ROW], [scaled, scaled], 3),
    Sample(np.piecewise, normal(2, 3), [COLUMN[:2, 0]], [cube, double]),
    *(
        Sample(np.piecewise, normal(4), [ROW], *rest).but(
            skip="constants", reason="NumPy asks only the first two arguments who computes"
        )
        for rest in (([scaled], normal()), ([scaled, scaled], normal(), 2), ([normal(), cube],))
    ),
    Sample(np.piecewise, normal(), [True, False], [cube, double]),
    Sample(np.diagonal, normal(3, 3)),
    *(Sample(np.diagonal, normal(2, 3), offset) for offset in (-1, 1, 2, 7)),
    Sample(np.diagonal, normal(2, 2, 3), 1, 2, 0),
    Sample(np.diagonal, normal(2, 2, 3), 0, -1, -3),
    Sample(np.diagonal, normal(0, 3)),
    *(Sample(np.diag, normal(2, 3), k) for k in (-1, 0, 1)),
    *(Sample(np.diag, normal(3), k) for k in (-1, 0, 2)),
    *(Sample(np.diagflat, normal(2, 2), k) for k in (-1, 0, 1)),
    Sample(np.diagflat, normal()),
    *(Sample(np.tril, normal(2, 3), k) for k in (-1, 0, 1)),
    *(Sample(np.triu, normal(2, 3), k) for k in (-1, 0, 1)),
    Sample(np.tril, normal(2, 2, 2)),
    Sample(np.triu, normal(3)),
    Sample(np.triu, normal(0, 3), k=1),
]

TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_branch_that_where_did_not_take_sends_no_nan(bad):
    x = mg.tensor([4.0, -1.0, bad])
    with np.errstate(invalid="ignore"):
        np.where(x > 0, np.sqrt(x), 0)[:2].sum().backward()
    np.testing.assert_array_equal(x.grad, [0.25, 0, 0])


def test_no_nan_comes_from_choices_that_were_not_taken():
    x = mg.tensor([0.0, 4.0])
    with np.errstate(divide="ignore"):
        np.select([x > 0], [np.log(x)], default=x).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 0.25])
    with np.errstate(divide="ignore"):
        np.choose((x > 0).astype(int), [x, np.log(x)]).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 0.25])


@pytest.mark.parametrize(
    "select",
    [
        lambda v: np.take(v, [1]),
        lambda v: np.take_along_axis(v, np.array([1]), 0),
        lambda v: np.compress([False, True], v),
        lambda v: np.extract([False, True], v),
    ],
    ids=["take", "take_along_axis", "compress", "extract"],
)
def test_no_nan_comes_from_elements_that_were_not_selected(select):
    x = mg.tensor([-1.0, 4.0])
    with np.errstate(invalid="ignore"):
        np.sum(select(np.sqrt(x))).backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])


def test_where_keeps_single_precision_beside_python_numbers():
    x = mg.tensor(np.float32([1, -1]))
    result = np.where(x > 0, x, 0.0)
    assert result.dtype == np.float32
    result.sum().backward()
    assert x.grad.dtype == np.float32


def test_where_of_a_condition_alone_tells_positions():
    (positions,) = np.where(mg.tensor([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(positions, [1, 2])


def test_a_condition_that_carries_a_gradient_receives_none():
    condition, x = mg.tensor([0.0, 1.0]), mg.tensor([3.0, 4.0])
    (np.where(condition, x, 2 * x) * condition).sum().backward()
    np.testing.assert_array_equal(condition.grad, [6, 4])
    np.testing.assert_array_equal(x.grad, [0, 1])


def test_elements_taken_repeatedly_add_up():
    x = mg.tensor([1.0, 2.0, 3.0])
    (np.take(x, [2, 0, 2, 2]) * [1, 10, 100, 1000]).sum().backward()
    np.testing.assert_array_equal(x.grad, [10, 0, 1101])


def test_take_writes_into_out():
    x, out = mg.tensor([1.0, 2.0, 3.0]), mg.tensor([0.0, 0.0])
    assert np.take(x, [2, 2], out=out) is out
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 2])


def test_a_bad_index_raises_numpys_error():
    with pytest.raises(IndexError):
        np.take(mg.tensor([1.0]), 3)


@pytest.mark.parametrize(
    "function", [np.argwhere, np.diag_indices_from, np.flatnonzero, np.nonzero]
)
def test_positions_are_plain_arrays(function):
    array = np.array([[0.0, 1.0], [2.0, 0.0]])
    actual, expected = function(mg.tensor(array)), function(array)
    for one, other in zip(actual, expected, strict=True):
        assert not isinstance(one, mg.Tensor)
        np.testing.assert_array_equal(one, other)
