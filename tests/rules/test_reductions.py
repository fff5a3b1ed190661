import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import Sample, complex_normal, distinct, generic_checks, normal
from tests.edges import masked_gradient, pullback

nan, inf = np.nan, np.inf

#: A mask in which no row or column is empty.
MASK = np.array([[True, False, True], [True, True, False]])

AXES = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": (2, -2)},
    {"axis": None, "keepdims": True},
    {"axis": 1, "keepdims": True},
    {"axis": (-1, 0), "keepdims": True},
    {"axis": ()},
]

SUMS = [np.sum, np.prod, np.mean, np.nansum, np.nanprod, np.nanmean]
SPREADS = [np.var, np.std, np.nanvar, np.nanstd]
EXTREMES = [np.max, np.min, np.nanmax, np.nanmin, np.amax, np.amin]
RUNNING = [np.cumsum, np.cumprod, np.nancumsum, np.nancumprod]
CUMULATIVE = [np.cumulative_sum, np.cumulative_prod]
STARTING = [np.sum, np.prod, np.nansum, np.nanprod]
SKIPPING = [np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin]


def with_nan(*shape):
    """Distinct numbers, two of which are NaN."""
    values = distinct(*shape)
    values.flat[[0, values.size // 2]] = nan
    return values


def with_zeros(shape, *positions):
    """Numbers with zeros at some flat indices."""
    values = normal(*shape)
    values.flat[list(positions)] = 0
    return values


def unseen(sample, name):
    """A sample with a tensor as an argument on which NumPy does not dispatch."""
    return sample.but(reason=f"NumPy looks for tensors elsewhere than at {name}=", skip="constants")


#: A row below 0.9 and one above it.
LADDER = np.array([[0.3, 0.0, 0.6], [1.5, 1.8, 1.2]])
MEAN = np.array([[0.3, -0.2, 0.4]])

SAMPLES = [
    # Axes
    *(Sample(function, normal(2, 3, 2), **axes) for function in SUMS for axes in AXES),
    *(Sample(function, distinct(2, 3, 2), **axes) for function in EXTREMES for axes in AXES),
    *(Sample(function, normal(2, 3, 2), **axes) for function in SPREADS for axes in AXES[:-1]),
    Sample(np.var, normal(3), axis=()),
    *(Sample(np.ptp, distinct(2, 3, 2), **axes) for axes in AXES[:-1]),
    # 0-d and empty
    *(Sample(function, normal()) for function in SUMS),
    *(Sample(function, normal(), axis=0) for function in [np.sum, np.prod, np.max]),
    *(Sample(function, distinct()) for function in EXTREMES),
    *(Sample(function, normal(0)) for function in STARTING),
    *(Sample(function, normal(0, 3), axis=0) for function in STARTING),
    *(Sample(function, normal(0, 3), axis=1) for function in [*SUMS, np.var, np.max]),
    *(Sample(function, normal(0), initial=1.5) for function in EXTREMES),
    # where=
    *(Sample(function, normal(2, 3), where=MASK) for function in SUMS + SPREADS),
    *(Sample(function, normal(2, 3), axis=0, where=MASK) for function in SUMS + SPREADS),
    *(
        Sample(function, normal(2, 3), axis=-1, keepdims=True, where=MASK)
        for function in SUMS + SPREADS
    ),
    *(Sample(function, normal(2, 3), where=MASK[0]) for function in SUMS + SPREADS),
    *(Sample(function, normal(2, 3), axis=(0, 1), where=[True, False, True]) for function in SUMS),
    *(Sample(function, distinct(2, 3), axis=1, where=MASK, initial=0.1) for function in EXTREMES),
    # initial=
    *(Sample(function, normal(2, 3), initial=1.5) for function in STARTING),
    *(
        unseen(Sample(function, normal(2, 3), initial=normal(), **options), "initial")
        for function in STARTING
        for options in [{"axis": 0}, {"keepdims": True}, {"where": MASK}]
    ),
    *(
        unseen(Sample(function, LADDER, axis=1, initial=np.array(0.9)), "initial")
        for function in EXTREMES
    ),
    # dtype=
    *(Sample(function, normal(2, 3), dtype=np.complex128) for function in SUMS),
    *(Sample(function, normal(2, 3), dtype="f8") for function in SUMS + SPREADS),
    # Degrees of freedom
    *(Sample(function, normal(2, 3), ddof=1) for function in SPREADS),
    *(Sample(function, normal(2, 3), axis=1, correction=1) for function in SPREADS),
    *(Sample(function, normal(2, 3), axis=0, ddof=0.5, keepdims=True) for function in SPREADS),
    *(
        Sample(function, normal(3, 3), axis=0, ddof=1, where=~np.eye(3, dtype=bool))
        for function in SPREADS
    ),
    # mean=
    *(
        sample if sample.function in (np.var, np.std) else unseen(sample, "mean")
        for function in SPREADS
        for sample in [
            Sample(function, normal(2, 3), axis=0, mean=MEAN),
            Sample(function, normal(2, 3), axis=0, mean=MEAN, ddof=0.5, where=MASK),
            Sample(function, complex_normal(2, 3), axis=0, mean=MEAN + 0.5j),
        ]
    ),
    # Complex numbers
    *(Sample(function, complex_normal(2, 3), axis=1) for function in SUMS + SPREADS + EXTREMES),
    *(Sample(function, complex_normal(3), where=MASK[0]) for function in SUMS + SPREADS),
    Sample(np.ptp, complex_normal(2, 3), axis=1),
    # NaN
    *(Sample(function, with_nan(2, 4), axis=1) for function in SKIPPING),
    *(Sample(function, with_nan(2, 4), keepdims=True) for function in SKIPPING),
    *(Sample(function, with_nan(6), ddof=1) for function in [np.nanvar, np.nanstd]),
    # Products with zeros
    *(Sample(function, with_zeros((4,), 1)) for function in [np.prod, np.nanprod]),
    Sample(np.prod, with_zeros((4,), 1, 2)),
    Sample(np.prod, with_zeros((4,), 1), initial=normal()),
    *(Sample(np.prod, with_zeros((2, 3), 0, 1, 5), axis=axis) for axis in [0, 1, (1, 0), None]),
    Sample(np.prod, with_zeros((2, 3), 0, 1, 2, 5), axis=1, where=MASK),
    Sample(np.prod, with_zeros((2, 2, 2), 0, 3), axis=(0, 2), keepdims=True),
    Sample(np.prod, np.array(0.0)),
    # Cumulative sums and products
    *(Sample(function, normal(4)) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal(2, 3)) for function in RUNNING),
    *(Sample(function, normal(2, 3), axis=0) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal(2, 2, 3), axis=-2) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal()) for function in RUNNING),
    *(Sample(function, normal(), axis=0) for function in RUNNING),
    *(Sample(function, normal(0)) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal(0, 2), axis=1) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal(2, 0), axis=1) for function in RUNNING + CUMULATIVE),
    *(Sample(function, normal(3), dtype=np.complex128) for function in RUNNING + CUMULATIVE),
    *(Sample(function, complex_normal(2, 3), axis=1) for function in RUNNING + CUMULATIVE),
    *(Sample(function, with_nan(2, 4)) for function in RUNNING[2:]),
    *(Sample(function, with_nan(2, 4), axis=1) for function in RUNNING[2:]),
    *(Sample(function, normal(3), include_initial=True) for function in CUMULATIVE),
    *(Sample(function, normal(2, 3), axis=0, include_initial=True) for function in CUMULATIVE),
    *(Sample(function, normal(2, 3), axis=-1, include_initial=True) for function in CUMULATIVE),
    *(Sample(np.cumprod, with_zeros((5,), *positions)) for positions in [(0,), (2,), (1, 3), (4,)]),
    *(Sample(np.cumprod, with_zeros((2, 3), 0, 4, 5), axis=axis) for axis in [None, 0, 1]),
    Sample(np.nancumprod, with_zeros((5,), 1, 3)),
    Sample(np.cumulative_prod, with_zeros((5,), 1, 3), include_initial=True),
    Sample(np.cumulative_prod, with_zeros((2, 3), 1, 3), axis=0, include_initial=True),
    # No floats at all
    *(
        Sample(function, np.arange(6).reshape(2, 3), axis=1)
        for function in SUMS + SPREADS + EXTREMES
    ),
    *(Sample(function, np.arange(1, 4)) for function in RUNNING),
    *(Sample(function, np.array([True, False, True])) for function in [np.sum, np.mean, np.max]),
]

TestSamples = generic_checks(SAMPLES)


# ------------------------------------------------------------------ sums


def test_a_sum_keeps_nothing_of_its_argument():
    x = mg.tensor(np.ones(3))
    total = np.sum(2 * x)
    assert not any(isinstance(item, np.ndarray) for item in total.creator.saved)


@pytest.mark.parametrize("function", [np.mean, np.nanmean, np.var, np.std, np.nanvar, np.nanstd])
def test_where_nothing_goes_in_nothing_comes_back(function):
    mask = np.array([[False, False], [True, True]])
    x = mg.tensor([[1.0, 2.0], [3.0, 5.0]])
    with pytest.warns(RuntimeWarning):
        rows = function(x, axis=1, where=mask)
    rows[1].backward()
    assert x.grad[0].tolist() == [0, 0]
    assert np.all(np.isfinite(x.grad[1]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", SKIPPING)
def test_a_row_of_nothing_but_nan_receives_no_gradient(function):
    x = mg.tensor([[nan, nan], [3.0, 5.0]])
    rows = function(x, axis=1)
    np.sum(np.where(np.isnan(rows), 0, rows)).backward()
    assert x.grad[0].tolist() == [0, 0]
    assert np.all(np.isfinite(x.grad[1]))


@pytest.mark.parametrize("function", [*SUMS, *SPREADS, np.max, np.min, np.ptp])
@pytest.mark.parametrize("bad", [nan, inf])
def test_a_row_that_is_not_used_receives_no_gradient(function, bad):
    x = np.array([[1.0, bad, 2.0], [1.0, 4.0, 2.0]])
    good = np.array([False, True])
    gradient = masked_gradient(lambda x: function(x, axis=1), x, good)
    assert gradient[0].tolist() == [0, 0, 0]
    assert np.all(np.isfinite(gradient[1]))


# ------------------------------------------------------------------ products


def test_products_with_zeros_are_exact():
    (gradient,) = pullback(np.prod, np.array([3.0, 0.0, 5.0, 7.0]))
    assert gradient.tolist() == [0, 105, 0, 0]
    (gradient,) = pullback(np.prod, np.array([3.0, 0.0, 0.0, 7.0]))
    assert gradient.tolist() == [0, 0, 0, 0]


def test_second_derivatives_of_products_with_zeros_are_exact():
    values = np.array([3.0, 0.0, 0.0, 7.0])
    hessian = []
    for row in range(4):
        x = mg.tensor(values)
        np.prod(x).backward(create_graph=True)
        slope = x.grad[row]
        x.null_grad()
        slope.backward()
        hessian.append(x.grad.tolist())
    expected = np.zeros((4, 4))
    expected[1, 2] = expected[2, 1] = 21
    assert hessian == expected.tolist()


def test_third_derivatives_of_products_with_zeros():
    check_gradients(np.prod, np.array([2.0, 0.0, 0.0, 0.0]), order=3)
    check_gradients(np.cumprod, np.array([2.0, 0.0, 0.0, 0.0]), order=3)


def test_running_products_with_zeros_are_exact():
    (gradient,) = pullback(np.cumprod, np.array([3.0, 0.0, 5.0, 0.0, 7.0]))
    # 1 + x1 + x1 x2 + …, 3 (1 + x2 + x2 x3 + …), and elements after a zero
    assert gradient.tolist() == [1, 18, 0, 0, 0]


def test_products_beyond_the_range_of_floats():
    x = np.array([1e-200, 1e-200, 1.0])
    (gradient,) = pullback(np.prod, x)
    assert gradient.tolist() == [1e-200, 1e-200, 0]
    (gradient,) = pullback(np.cumprod, x, grad=[0.0, 1.0, 0.0])
    assert gradient.tolist() == [1e-200, 1e-200, 0]


def test_long_running_products():
    check_gradients(np.cumprod, np.where(np.arange(37) % 17, 1.1, 0), order=1)


# ------------------------------------------------------------------ variances


@pytest.mark.parametrize("function", [np.std, np.nanstd])
@pytest.mark.parametrize("value", [0.0, 2.0, 0.1, 1e8 / 3])
@pytest.mark.parametrize("size", [1, 3, 10])
def test_the_standard_deviation_of_a_constant_has_gradient_zero(function, value, size):
    (gradient,) = pullback(function, np.full(size, value))
    np.testing.assert_allclose(gradient, 0, atol=1e-8)
    (gradient,) = pullback(lambda x: function(x, axis=1), np.full((2, size), value, np.float32))
    np.testing.assert_allclose(gradient, 0, atol=1e-3)


@pytest.mark.parametrize("function", [np.std, np.nanstd])
def test_a_constant_row_does_not_spoil_the_others(function):
    x = np.array([[2.0, 2.0, 2.0], [1.0, 4.0, 2.0]])
    (gradient,) = pullback(lambda x: function(x, axis=1), x)
    (alone,) = pullback(function, x[1])
    assert gradient[0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(gradient[1], alone)


def test_the_second_derivative_of_std_at_its_kink_is_zero():
    x = mg.tensor([2.0, 2.0])
    np.std(x).backward(create_graph=True)
    slope = np.sum(x.grad)
    x.null_grad()
    slope.backward()
    assert x.grad.tolist() == [0, 0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", SPREADS)
def test_more_degrees_of_freedom_than_elements(function):
    x = mg.tensor([1.0, 2.0])
    function(x, ddof=2).backward()
    assert x.grad.tolist() == [0, 0]


def test_variances_of_numbers_far_from_zero():
    x = 1e9 + np.array([1.0, 2.0, 4.0])
    (gradient,) = pullback(np.var, x)
    np.testing.assert_allclose(gradient, [-8 / 9, -2 / 9, 10 / 9], rtol=1e-12)


def test_a_mean_that_is_computed_outside_gives_the_same_gradient():
    values = np.array([[1.0, 5.0, 2.0], [4.0, 4.5, 1.0]])

    def outside(x):
        return np.std(x, axis=1, mean=np.mean(x, axis=1, keepdims=True), ddof=1)

    (expected,) = pullback(lambda x: np.std(x, axis=1, ddof=1), values)
    (gradient,) = pullback(outside, values)
    np.testing.assert_allclose(gradient, expected, atol=1e-15)


# ------------------------------------------------------------------ extremes


@pytest.mark.parametrize("function", EXTREMES)
def test_ties_share_the_gradient(function):
    (gradient,) = pullback(function, np.array([2.0, 2.0, 2.0, 2.0]))
    assert gradient.tolist() == [0.25] * 4
    (gradient,) = pullback(lambda x: function(x, axis=0), np.array([[1.0, 3.0], [1.0, 3.0]]))
    assert gradient.tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("function", EXTREMES)
def test_what_where_leaves_out_does_not_tie(function):
    mask = np.array([True, False, True])
    (gradient,) = pullback(lambda x: function(x, where=mask, initial=1.0), np.ones(3))
    np.testing.assert_allclose(gradient, [1 / 3, 0, 1 / 3])


@pytest.mark.parametrize("function", EXTREMES)
def test_initial_takes_its_share_of_a_tie(function):
    gradient, initial = pullback(
        lambda x, initial: function(x, initial=initial), np.array([2.0, 2.0]), np.array(2.0)
    )
    np.testing.assert_allclose([*gradient, initial], 1 / 3)
    (gradient,) = pullback(lambda x: function(x, initial=2.0), np.array([2.0, 2.0], np.float32))
    np.testing.assert_allclose(gradient, 1 / 3, rtol=1e-6)
    assert gradient.dtype == np.float32


def test_the_range_of_equal_numbers():
    (gradient,) = pullback(np.ptp, np.array([2.0, 2.0, 2.0]))
    assert gradient.tolist() == [0, 0, 0]
    (gradient,) = pullback(np.ptp, np.array([1.0, 3.0, 3.0, 1.0, 2.0]))
    assert gradient.tolist() == [-0.5, 0.5, 0.5, -0.5, 0]


@pytest.mark.parametrize("function", [np.max, np.min, np.amax, np.amin])
def test_nan_is_the_extreme_and_receives_the_gradient(function):
    (gradient,) = pullback(
        lambda x: function(x, axis=1), np.array([[1.0, nan, 0.0, nan], [3.0, 2.0, 3.0, 2.0]])
    )
    assert gradient[0].tolist() == [0, 0.5, 0, 0.5]
    assert sorted(gradient[1].tolist()) == [0, 0, 0.5, 0.5]


@pytest.mark.parametrize("function", [np.max, np.min])
def test_infinities_tie(function):
    (gradient,) = pullback(function, np.array([inf, inf]))
    assert gradient.tolist() == [0.5, 0.5]


# ------------------------------------------------------------------ cumulative


def test_a_running_product_that_is_not_used_sends_nothing_back():
    x = np.array([2.0, 0.0, nan, 3.0])
    (gradient,) = pullback(np.cumprod, x, grad=np.array([1.0, 1.0, 0.0, 0.0]))
    assert gradient.tolist() == [1, 2, 0, 0]


# ------------------------------------------------------------------ constants


@pytest.mark.parametrize("function", [np.count_nonzero, np.all, np.any])
def test_counts_and_truth_are_plain(function):
    x = mg.tensor([0.0, 1.0])
    assert not isinstance(function(x), mg.Tensor)
    assert function(x) == function(x.data)
    assert function(x, axis=0) == function(x.data, axis=0)
