import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal
from tests.edges import pullback

MAKERS = [normal, complex_normal]
VECTOR_ORDERS = [1, 2, 3, 0.5, -1, -2, 0, np.inf, -np.inf]
MATRIX_ORDERS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]

SAMPLES = [
    *(Sample(np.linalg.norm, make(4), ord) for make in MAKERS for ord in VECTOR_ORDERS),
    *(Sample(np.linalg.norm, make(2, 3), ord, 0) for make in MAKERS for ord in VECTOR_ORDERS),
    *(Sample(np.linalg.norm, make(3, 2), ord) for make in MAKERS for ord in MATRIX_ORDERS),
    *(
        Sample(np.linalg.norm, make(2, 1, 3), ord, (0, 2))
        for make in MAKERS
        for ord in MATRIX_ORDERS
    ),
    *(
        Sample(np.linalg.norm, make(2, 1, 3), ord, (-1, 0), True)
        for make in MAKERS
        for ord in MATRIX_ORDERS
    ),
    *(
        Sample(np.linalg.norm, make(*shape), **options)
        for make in MAKERS
        for shape, options in [
            ((), {}),
            ((3,), {}),
            ((2, 3), {}),
            ((2, 3), {"keepdims": True}),
            ((2, 1, 2), {}),
            ((2, 3), {"axis": 1}),
            ((2, 3), {"axis": -1, "keepdims": True}),
            ((2, 3), {"axis": (0, 1)}),
            ((2, 2, 2), {"axis": (2, 0), "keepdims": True}),
        ]
    ),
    Sample(np.linalg.norm, normal(0)),
    Sample(np.linalg.norm, normal(0, 2), axis=1),
    *(
        Sample(np.linalg.norm, normal(*shape), ord)
        for shape, ord in [
            ((0, 2), 1),
            ((0, 2), -1),
            ((2, 0), np.inf),
            ((2, 0), -np.inf),
        ]
    ),
    Sample(np.linalg.matrix_norm, normal(2, 0, 0), ord="fro"),
    *(
        row.since("2.3", reason="before, NumPy found no maximum of no sums")
        for row in (
            Sample(np.linalg.norm, normal(0, 0), 1),
            Sample(np.linalg.norm, normal(0, 0), np.inf),
            Sample(np.linalg.norm, normal(2, 0), 1),
            Sample(np.linalg.norm, normal(0, 2), np.inf),
            Sample(np.linalg.matrix_norm, normal(2, 0, 0), ord=1),
            Sample(np.linalg.matrix_norm, normal(2, 0, 0), ord=np.inf),
        )
    ),
    Sample(np.linalg.matrix_norm, normal(2, 2, 0), ord=-np.inf),
    *(Sample(np.linalg.vector_norm, make(2, 3), ord=p) for make in MAKERS for p in VECTOR_ORDERS),
    *(
        Sample(np.linalg.vector_norm, make(2, 2, 2), axis=(0, -1), keepdims=True, ord=ord)
        for make in MAKERS
        for ord in VECTOR_ORDERS
    ),
    Sample(np.linalg.vector_norm, normal()),
    Sample(np.linalg.vector_norm, normal(2, 3)),
    Sample(np.linalg.vector_norm, normal(2, 3), axis=1),
    *(
        Sample(np.linalg.matrix_norm, make(2, 3, 2), ord=p)
        for make in MAKERS
        for p in MATRIX_ORDERS
    ),
    Sample(np.linalg.matrix_norm, normal(3, 2)),
    Sample(np.linalg.matrix_norm, normal(3, 2), keepdims=True, ord="nuc"),
    *(Sample(np.linalg.cond, make(2, 2), ord) for make in MAKERS for ord in [None, *MATRIX_ORDERS]),
    *(Sample(np.linalg.cond, normal(2, 2, 2), ord) for ord in [None, *MATRIX_ORDERS]),
    *(Sample(np.linalg.cond, make(3, 2)) for make in MAKERS),
    Sample(np.linalg.cond, normal(2, 3), -2),
    Sample(np.linalg.cond, normal(1, 1)),
]
TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("ord", [None, *VECTOR_ORDERS])
def test_norm_of_the_zero_vector_has_gradient_zero(make, ord):
    x = mg.tensor(0 * make(3))
    with np.errstate(divide="ignore"):
        np.linalg.norm(x, ord).backward()
    assert x.grad is None or not np.any(x.grad)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("ord", MATRIX_ORDERS)
def test_norm_of_the_zero_matrix_has_gradient_zero(make, ord):
    x = mg.tensor(0 * make(2, 3))
    np.linalg.norm(x, ord).backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))


def test_a_zero_vector_among_others():
    x = mg.tensor(np.array([[3.0, 4], [0, 0]]))
    np.sum(np.linalg.norm(x, axis=1)).backward()
    np.testing.assert_allclose(x.grad, [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize("ord", [0.5, 1, 3, -1, -2])
def test_zero_entries(ord):
    x = mg.tensor(np.array([0.0, 2, -1]))
    with np.errstate(divide="ignore"):
        np.linalg.norm(x, ord).backward()
    y = mg.tensor(np.array([2.0, -1]))
    np.linalg.norm(y, ord).backward()
    np.testing.assert_allclose(x.grad, [0, *(y.grad if ord > 0 else [0, 0])])


@pytest.mark.parametrize(
    ("ord", "expected"),
    [(np.inf, [0.5, -0.5, 0]), (-np.inf, [0, 0, 1])],
)
def test_ties_share_the_gradient(ord, expected):
    x = mg.tensor(np.array([2.0, -2, 1]))
    np.linalg.norm(x, ord).backward()
    np.testing.assert_allclose(x.grad, expected)


@pytest.mark.parametrize("ord", [1, -1, np.inf, -np.inf])
def test_rows_and_columns_that_tie_share_the_gradient(ord):
    x = mg.tensor(np.array([[1.0, -2], [2, 1]]))
    np.linalg.norm(x, ord).backward()
    np.testing.assert_allclose(x.grad, np.sign(x.data) / 2)


@pytest.mark.parametrize("ord", [2, -2])
def test_singular_values_that_tie_share_the_gradient(ord):
    x = mg.tensor(3 * np.eye(2))
    np.linalg.norm(x, ord).backward()
    np.testing.assert_allclose(x.grad, np.eye(2) / 2)


def test_condition_of_a_singular_matrix_that_nobody_asks_for():
    matrices = np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 5]]])
    for p in (None, 1, "fro"):
        x, y = mg.tensor(matrices), mg.tensor(matrices[1])
        c = np.linalg.cond(x, p)
        np.sum(np.where(np.arange(2) == 0, 0, c)).backward()
        np.linalg.cond(y, p).backward()
        np.testing.assert_allclose(x.grad, [np.zeros((2, 2)), y.grad])


@pytest.mark.parametrize("ord", [None, 0.5, 1, 3, np.inf])
def test_norm_of_a_row_that_nobody_asks_for(ord):
    x = mg.tensor([[np.nan, 1.0], [np.inf, 2.0], [3.0, 4.0]])
    norms = np.linalg.norm(x, ord, axis=1)
    np.sum(np.where([False, False, True], norms, 0)).backward()
    assert np.all(x.grad[:2] == 0)
    assert np.all(np.isfinite(x.grad[2]))


def test_norm_of_a_matrix_that_nobody_asks_for():
    x = mg.tensor([[[np.nan, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 5.0]]])
    norms = np.linalg.norm(x, 1, axis=(1, 2))
    np.sum(np.where([False, True], norms, 0)).backward()
    np.testing.assert_array_equal(x.grad, [np.zeros((2, 2)), [[0, 1], [0, 1]]])


@pytest.mark.parametrize("function", [np.linalg.norm, np.linalg.vector_norm])
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1e-170, 1e-170], [0.5**0.5, 0.5**0.5]),
        ([3e200, -4e200], [0.6, -0.8]),
        ([np.inf, 1.0], [1, 0]),
        ([-np.inf, np.inf], [-(0.5**0.5), 0.5**0.5]),
        ([0.0, 0.0], [0, 0]),
        ([np.nan, 1.0], [np.nan, np.nan]),
    ],
)
def test_the_euclidean_norm_where_it_overflows_or_underflows(function, x, expected):
    (gradient,) = pullback(function, np.array(x))
    np.testing.assert_allclose(gradient, expected, rtol=1e-15)


def test_second_derivatives_of_the_norm_of_zeros_are_zero():
    x = mg.tensor([[3.0, 4.0], [0.0, 0.0]])
    np.linalg.norm(x, axis=1).backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    np.sum(slope[:, 0]).backward()
    np.testing.assert_allclose(x.grad, [[0.128, -0.096], [0, 0]], atol=1e-16)
