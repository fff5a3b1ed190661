import numpy as np
import pytest

import mygrad as mg
from mygrad.rules.statistics import CONTINUOUS, _places
from mygrad.testing import check_gradients
from tests.checks import Sample, complex_normal, distinct, generic_checks, normal, positive
from tests.edges import masked_gradient, pullback
from tests.versions import numpy_since

nan, inf = np.nan, np.inf

AXES = [{}, {"axis": 0}, {"axis": -2, "keepdims": True}, {"axis": (2, 0)}, {"keepdims": True}]
STEPS = [
    "averaged_inverted_cdf",
    "closest_observation",
    "higher",
    "inverted_cdf",
    "lower",
    "midpoint",
    "nearest",
]
METHODS = [*CONTINUOUS, *STEPS]
QUANTILES = [np.quantile, np.nanquantile, np.percentile, np.nanpercentile]


def with_nan(*shape):
    """Distinct numbers, two of which are NaN."""
    values = distinct(*shape)
    values.flat[[0, values.size // 2]] = nan
    return values


def unit_of(function):
    """The quantile 1 in the units of the function."""
    return 1 if function in (np.quantile, np.nanquantile) else 100


def at(function, *q):
    """Quantiles as a tuple of numbers, which the checks do not differentiate."""
    return tuple(each * unit_of(function) for each in q)


def unseen(sample, name):
    """A sample with a tensor as an argument on which NumPy does not dispatch."""
    return sample.but(reason=f"NumPy looks for tensors elsewhere than at {name}=", skip="constants")


WEIGHTS = np.array([0.4, 1.5, 0.7, 0.2])
EDGES = np.array([-2.0, -0.7, 0.1, 1.3])

SAMPLES = [
    # Medians
    *(
        Sample(function, distinct(2, 3, 2), **axes)
        for function in [np.median, np.nanmedian]
        for axes in AXES
    ),
    *(Sample(function, distinct(5)) for function in [np.median, np.nanmedian]),
    *(Sample(function, distinct()) for function in [np.median, np.nanmedian]),
    Sample(np.median, distinct(0, 3), axis=1),
    Sample(np.median, complex_normal(2, 3), axis=1),
    Sample(np.median, np.array([1, 3, 2, 5])),
    Sample(np.nanmedian, with_nan(2, 4), axis=1),
    Sample(np.nanmedian, with_nan(3, 3), axis=0),
    Sample(np.nanmedian, with_nan(7), keepdims=True),
    # Quantiles
    *(
        Sample(function, distinct(2, 3, 2), 0.3 * unit_of(function), **axes)
        for function in QUANTILES
        for axes in AXES
    ),
    *(
        Sample(function, distinct(2, 3), at(function, 0.1, 0.45, 0.8), axis=1, method=method)
        for function in QUANTILES
        for method in METHODS
    ),
    *(
        Sample(function, with_nan(2, 4), at(function, 0.1, 0.45, 0.8), axis=1, method=method)
        for function in QUANTILES[1::2]
        for method in METHODS
    ),
    *(
        Sample(function, distinct(2, 3), unit_of(function) * np.array(0.23), axis=0, method=method)
        for function in QUANTILES
        for method in CONTINUOUS
    ),
    *(
        Sample(
            function, distinct(2, 4), unit_of(function) * np.array([[0.2, 0.37], [0.6, 0.81]]), 1
        )
        for function in QUANTILES
    ),
    Sample(np.nanquantile, with_nan(2, 4), np.array([0.2, 0.8]), axis=1, method="weibull"),
    *(Sample(function, distinct(4), at(function, 0, 0.5, 1)) for function in QUANTILES),
    *(Sample(function, distinct(1), at(function, 0, 0.5, 1)) for function in QUANTILES),
    *(Sample(function, distinct(3), 0.5, axis=None, keepdims=True) for function in QUANTILES),
    Sample(np.quantile, distinct(0, 3), 0.5, axis=1),
    Sample(np.quantile, np.array([1, 4, 2]), 0.3),
    Sample(np.quantile, np.array([1, 4, 2]), np.array(0.3)),
    Sample(np.percentile, distinct(3), 30, overwrite_input=False),
    # Averages
    *(Sample(np.average, normal(2, 3, 2), **axes) for axes in AXES),
    *(Sample(np.average, normal(2, 3), **axes, returned=True) for axes in [{}, {"axis": 1}]),
    *(
        Sample(np.average, normal(2, 3), weights=positive(2, 3), **axes)
        for axes in [{}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}]
    ),
    *(
        Sample(np.average, normal(2, 3), 1, positive(3), keepdims=keepdims, returned=returned)
        for keepdims in [False, True]
        for returned in [False, True]
    ),
    Sample(np.average, normal(2, 3, 2), axis=(2, 0), weights=positive(2, 2), returned=True),
    Sample(np.average, normal(3), weights=[1, 2, 3]),
    Sample(np.average, [1.0, 2.0, 4.0], weights=positive(3)),
    Sample(np.average, complex_normal(3), weights=positive(3)),
    # Covariances
    Sample(np.cov, normal(4)),
    Sample(np.cov, normal(2, 4)),
    Sample(np.cov, normal(4, 2), rowvar=False),
    Sample(np.cov, normal(4), rowvar=False),
    Sample(np.cov, normal(2, 4), normal(4)),
    Sample(np.cov, normal(4), normal(4), bias=True),
    Sample(np.cov, normal(4, 2), normal(4, 1), rowvar=False),
    Sample(np.cov, normal(2, 4), ddof=0),
    Sample(np.cov, normal(2, 4), fweights=np.array([1, 2, 3, 1])),
    Sample(np.cov, normal(2, 4), aweights=positive(4)),
    Sample(np.cov, normal(2, 4), ddof=0, aweights=positive(4), fweights=[1, 2, 3, 1]),
    Sample(np.cov, normal(2, 4), aweights=positive(4), fweights=[1, 2, 3, 1]),
    Sample(np.cov, complex_normal(2, 3)),
    Sample(np.cov, normal(2, 4), aweights=np.array([100, 90, 3, 127], np.int8)),
    Sample(np.cov, normal(2, 4), dtype=np.float64),
    Sample(np.corrcoef, normal(3, 4)),
    Sample(np.corrcoef, normal(4, 2), rowvar=False),
    Sample(np.corrcoef, normal(4), normal(4)),
    Sample(np.corrcoef, normal(4)),
    Sample(np.corrcoef, complex_normal(2, 4)),
    # Histograms
    Sample(np.bincount, np.array([0, 2, 2, 1])),
    Sample(np.bincount, np.array([0, 2, 2, 1]), weights=normal(4), minlength=5),
    Sample(np.bincount, [0, 3, 1], normal(3)),
    Sample(np.histogram, distinct(6), 3),
    Sample(np.histogram, distinct(2, 3), 3, weights=normal(2, 3)),
    Sample(np.histogram, distinct(6), bins=EDGES, weights=positive(6)),
    Sample(np.histogram, distinct(6), 3, density=True),
    Sample(np.histogram, distinct(6), 3, density=True, weights=positive(6)),
    Sample(np.histogram, distinct(6), bins=EDGES, density=True),
    Sample(np.histogram, distinct(6), 3, (-1, 0.9), weights=positive(6)),
    Sample(np.histogram, distinct(6), "sturges", weights=None),
    Sample(np.histogram, distinct(4), 2, weights=complex_normal(4)),
    Sample(np.histogram, np.array([1, 2, 2, 5]), 3, weights=normal(4)),
    Sample(np.histogram_bin_edges, distinct(2, 3), 4),
    Sample(np.histogram_bin_edges, distinct(6), "sqrt"),
    Sample(np.histogram_bin_edges, distinct(6), 3, (0, 1)),
    Sample(np.histogram_bin_edges, distinct(6), EDGES),
    Sample(np.histogram2d, distinct(5), distinct(5), 2),
    Sample(np.histogram2d, distinct(5), distinct(5), (2, 3), weights=normal(5)),
    Sample(np.histogram2d, distinct(5), distinct(5), [2, EDGES], density=True),
    Sample(np.histogram2d, distinct(5), distinct(5), EDGES, weights=normal(5)),
    Sample(np.histogram2d, distinct(5), distinct(5), 2, [(-1, 1), (-0.5, 1)], density=True),
    Sample(np.histogramdd, distinct(5, 2), 2),
    Sample(np.histogramdd, distinct(5, 2), (2, 3), weights=positive(5)),
    Sample(np.histogramdd, distinct(5, 3), 2, density=True, weights=positive(5)),
    Sample(np.histogramdd, [distinct(5), distinct(5)], [EDGES, 2], density=True),
    Sample(np.histogramdd, distinct(5, 2), 2, [None, (-1, 1)], density=True),
    Sample(np.histogramdd, distinct(5), 2, weights=normal(5)),
    Sample(np.histogramdd, distinct(5), [EDGES], density=True),
    Sample(np.histogramdd, [1.0, 2.0, 3.0], 2, weights=normal(3)),
    Sample(np.histogramdd, np.array([1, 2, 3]), 2, weights=normal(3)),
    Sample(np.histogram, distinct(6), 3, weights=np.full(6, 200, np.uint8), density=True),
    Sample(np.histogram, distinct(6), [False, True], weights=positive(6), density=True),
]

TestSamples = generic_checks(SAMPLES)


# ------------------------------------------------------------------ order statistics


@pytest.mark.parametrize("function", QUANTILES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_places_of_quantiles_are_those_of_numpy(function, method, dtype):
    levels = np.concatenate([np.arange(25) / 24, np.arange(11) / 10, [0.123, 0.77]])
    levels *= unit_of(function)
    for length in [1, 2, 3, 4, 5, 8, 20, 24]:
        lines = np.stack([np.sin(1 + 7.3 * np.arange(length)), np.cos(3.1 * np.arange(length))])
        lines = lines.astype(dtype)
        if length > 2 and "nan" in function.__name__:
            lines[0, 1] = nan
        expected = function(lines, levels, axis=1, method=method).T
        lower, upper, part = _places(function, lines, levels, method, None).neighbours(
            expected.shape
        )
        lines = np.sort(lines)
        below, above = (np.take_along_axis(lines, each, axis=1) for each in (lower, upper))
        values = np.where(
            part == 0, below, np.where(part == 1, above, below + part * (above - below))
        )
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", [np.median, np.nanmedian])
def test_ties_share_the_gradient_of_a_median(function):
    (gradient,) = pullback(function, np.array([2.0, 1.0, 2.0, 3.0, 2.0]))
    np.testing.assert_allclose(gradient, [1 / 3, 0, 1 / 3, 0, 1 / 3])
    (gradient,) = pullback(function, np.array([1.0, 2.0, 1.0, 3.0]))
    assert gradient.tolist() == [0.25, 0.5, 0.25, 0]
    (gradient,) = pullback(function, np.array([1.0, 2.0, 2.0, 3.0]))
    assert gradient.tolist() == [0, 0.5, 0.5, 0]


@pytest.mark.parametrize("function", QUANTILES)
def test_quantiles_of_equal_numbers(function):
    (gradient,) = pullback(lambda a: function(a, 0.3 * unit_of(function)), np.full(4, 2.0))
    assert gradient.tolist() == [0.25] * 4


def test_weights_of_quantiles_choose():
    def weighted(a, weights):
        return np.quantile(a, (0.1, 0.5, 0.9), axis=0, weights=weights, method="inverted_cdf")

    values = np.array([[3.0, 1.0], [1.0, 5.0], [2.0, 3.0], [7.0, 2.0]])
    weights = np.broadcast_to(WEIGHTS[:, None], (4, 2))
    check_gradients(lambda a: weighted(a, weights), values)
    check_gradients(lambda a: weighted(a, WEIGHTS), values)
    check_gradients(
        lambda a: np.nanpercentile(
            a, [20, 60], axis=1, weights=weights.T, method="inverted_cdf", keepdims=True
        ),
        values.T,
    )
    a, w = mg.tensor(values), mg.tensor(WEIGHTS)
    np.sum(weighted(a, w)).backward()
    assert np.sum(a.grad) == 6
    assert w.grad is None or not np.any(w.grad)


def test_a_quantile_that_moves_in_steps_has_no_slope():
    a, q = mg.tensor([1.0, 2.0, 4.0]), mg.tensor(0.4)
    np.quantile(a, q, method="nearest").backward()
    assert a.grad.tolist() == [0, 1, 0]
    assert q.grad is None or not np.any(q.grad)


def test_beyond_the_outermost_places_a_quantile_stays():
    _, slope = pullback(
        lambda a, q: np.quantile(a, q, method="hazen"),
        np.array([1.0, 2.0, 4.0]),
        np.array([0.05, 0.3, 0.99]),
    )
    assert slope.tolist() == [0, 3, 0]


def test_the_slope_at_the_ends():
    _, slope = pullback(np.quantile, np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0]))
    assert slope.tolist() == [2, 4]


def test_the_quantiles_of_a_row_with_nan():
    x = np.array([[1.0, nan, 2.0], [1.0, 4.0, 2.0]])
    (gradient,) = pullback(lambda a: np.median(a, axis=1), x)
    assert gradient.tolist() == [[0, 1, 0], [0, 0, 1]]
    gradient = masked_gradient(lambda a: np.median(a, axis=1), x, [False, True])
    assert gradient.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_the_old_name_of_method():
    x = mg.tensor([3.0, 1.0, 2.0])
    if numpy_since("2.4"):
        with pytest.raises(TypeError, match="interpolation"):
            np.quantile(x, 0.3, interpolation="lower")
        return
    for function, level in ((np.quantile, 0.3), (np.nanpercentile, 30)):
        with pytest.warns(DeprecationWarning, match="interpolation"):
            value = function(x, level, interpolation="lower")
        value.backward()
        assert x.grad.tolist() == [0, 1, 0]


@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
@pytest.mark.parametrize("method", ["linear", "nearest"])
def test_the_quantiles_of_a_row_of_nothing_but_nan(method):
    x = np.array([[nan, nan, nan], [1.0, 4.0, 2.0]])
    (gradient,) = pullback(lambda a: np.nanquantile(a, 0.5, axis=1, method=method), x)
    assert gradient.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_infinities_in_quantiles():
    (gradient,) = pullback(np.median, np.array([-inf, 1.0, inf]))
    assert gradient.tolist() == [0, 1, 0]


def test_numpy_may_not_scramble_a_tensor():
    x = mg.tensor([5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 7.0])
    np.median(2 * x, overwrite_input=True).backward()
    assert x.grad.tolist() == [0, 0, 2, 0, 0, 0, 0]


def test_a_median_into_an_existing_tensor():
    x, out = mg.tensor([5.0, 1.0, 4.0]), mg.tensor(0.0)
    np.median(x, out=out)
    assert out.data == 4
    (2 * out).backward()
    assert x.grad.tolist() == [0, 0, 2]


# ------------------------------------------------------------------ covariances


def test_the_diagonal_of_correlations_does_not_move():
    (gradient,) = pullback(
        np.corrcoef, np.array([[1.0, 2.0, 4.0], [3.0, 1.0, 2.0]]), grad=np.eye(2)
    )
    np.testing.assert_allclose(gradient, 0, atol=1e-15)


# ------------------------------------------------------------------ histograms


def test_each_weight_has_the_gradient_of_its_bin():
    values = np.array([0.0, 0.5, 1.0, 2.0, 3.0, nan, -1.0])
    weights = mg.tensor(np.ones(7))
    counts, _ = np.histogram(values, [0.0, 1.0, 2.0, 3.0], weights=weights)
    np.sum(counts * np.array([1.0, 10.0, 100.0])).backward()
    # Bins include their lower edge, the last one also its upper edge.
    assert weights.grad.tolist() == [1, 1, 10, 100, 100, 0, 0]


def test_counts_are_constant():
    x = mg.tensor([0.0, 1.0, 3.0])
    counts, edges = np.histogram(x, 2)
    assert counts.constant
    assert counts.dtype.kind == "i"
    edges[1].backward()
    assert x.grad.tolist() == [0.5, 0, 0.5]


def test_edges_around_equal_numbers():
    (gradient,) = pullback(
        lambda a: np.histogram_bin_edges(a, 2), np.array([2.0, 2.0]), grad=np.array([1.0, 0, 0])
    )
    assert gradient.tolist() == [0.5, 0.5]
    (gradient,) = pullback(lambda a: np.histogram_bin_edges(a, 2), np.zeros(0))
    assert gradient is None or gradient.size == 0
