"""Order statistics, averages, covariances, histograms."""

from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import composed, implements
from mygrad.rules._axes import from_last, normalize_axes, silence, to_last
from mygrad.rules.indexing import scatter_add
from mygrad.rules.reductions import share_of_ties
from mygrad.rules.signal import array_of, as_floats
from mygrad.rules.sorting import ranks, unsort

# ------------------------------------------------------------------ averages


def _aligned(weights, shape, axis):
    """Weights of some axes of an array of ``shape``, so that they broadcast against it."""
    if np.shape(weights) == shape:
        return weights
    axes = normalize_axes(axis, len(shape))
    weights = np.transpose(weights, np.argsort(axes))
    return np.reshape(weights, [n if each in axes else 1 for each, n in enumerate(shape)])


@composed(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        return (mean, None) if returned else mean
    weights = _aligned(weights, np.shape(a), axis)
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    mean = np.sum(np.multiply(a, weights), axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape)) if returned else mean


# ------------------------------------------------------------------ order statistics

# Where the quantile q of n sorted values lies, counted from 0: (n + 1 - α - β) q + α - 1. After
# Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50 (1996).
CONTINUOUS = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (1 / 2, 1 / 2),
    "weibull": (0, 0),
    "linear": (1, 1),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


SKIP_NAN = (np.nanquantile, np.nanpercentile)
PERCENT = (np.percentile, np.nanpercentile)


def _lines(a, axis):
    """``a`` as a matrix whose rows are what a reduction along ``axis`` takes in."""
    lines = to_last(a, axis)
    return np.reshape(lines, (lines.size // max(lines.shape[-1], 1), lines.shape[-1]))


class _Places(NamedTuple):
    """Where quantiles lie in sorted lines, counted from 0; between two elements by a fraction.

    ``place`` is of shape (lines, quantiles), or one that broadcasts to it, and so is ``slope``, its
    derivative by the quantile (None where it moves in steps). ``size`` is how many elements a line
    has to choose from, ``present`` how many of them are not NaN.
    """

    place: Any
    slope: Any
    size: Any
    present: Any

    def neighbours(self, shape):
        """The places of the elements below and above, and the weight of the one above."""
        lower = np.clip(np.floor(self.place), 0, np.maximum(self.size - 2, 0)).astype(np.intp)
        upper = np.minimum(lower + 1, self.size - 1)
        part = self.place - lower
        return np.broadcast_to(lower, shape), np.broadcast_to(upper, shape), part


def _places(function, lines, q, method, weights):
    missing = np.isnan(lines)
    present = np.count_nonzero(~missing, axis=-1, keepdims=True)
    size = np.maximum(present, 1) if function in SKIP_NAN else lines.shape[-1]
    slope = None
    if method in CONTINUOUS:
        alpha, beta = CONTINUOUS[method]
        steps = (size + 1 - alpha - beta) / (100 if function in PERCENT else 1)
        place = steps * q + (alpha - 1)
        slope = np.where((place >= 0) & (place <= size - 1), steps, 0)
        place = np.where(place < 0, 0, np.where(place > size - 1, size - 1, place))
    else:
        # NumPy finds the place itself where the elements are the numbers of their places.
        numbers, _ = ranks(lines)
        numbers = numbers.astype(lines.dtype)
        if function in SKIP_NAN:
            numbers = np.where(missing & (present > 0), np.nan, numbers)
        place = function(numbers, q, axis=-1, method=method, weights=weights).T
    if function not in SKIP_NAN:
        # NaN is sorted to the end, and is what the quantiles of its line are.
        place = np.where(present < lines.shape[-1], lines.shape[-1] - 1, place)
    return _Places(place, slope, size, present)


def _prepare(function, grad, a, q, axis, method, weights):
    """The gradient and the data by lines, and the places in them."""
    lines = _lines(a, axis)
    if weights is not None:
        weights = _lines(np.broadcast_to(_aligned(weights, a.shape, axis), a.shape), axis)
    places = _places(function, lines, np.reshape(q, (-1,)), method, weights)
    grad = np.reshape(grad, (np.size(q), len(lines))).T
    if function in SKIP_NAN:
        grad = np.where(places.present > 0, grad, 0)
    return grad, lines, places


def _quantile_back(function, grad, a, q, axis, method="linear", weights=None):
    if not a.size:
        return a
    grad, lines, places = _prepare(function, grad, a, q, axis, method, weights)
    lower, upper, part = places.neighbours(grad.shape)
    shares = np.concatenate((grad * (1 - part), grad * part), axis=-1)
    index = np.arange(len(lines))[:, None], np.concatenate((lower, upper), axis=-1)
    return from_last(unsort(scatter_add(shares, index, lines.shape), lines), a.shape, axis)


def _quantile_back_to_q(function, grad, a, q, axis, method):
    if method not in CONTINUOUS or not a.size:
        return None
    grad, lines, places = _prepare(function, grad, a, q, axis, method, None)
    lower, upper, _ = places.neighbours(grad.shape)
    ordered = np.sort(lines, axis=-1)
    rise = np.take_along_axis(ordered, upper, axis=-1) - np.take_along_axis(ordered, lower, axis=-1)
    return np.reshape(np.sum(silence(grad, grad * places.slope * rise), axis=0), np.shape(q))


@implements(np.quantile)
class Quantile(Operation):
    """Elements that tie share the gradient evenly."""

    def fact_kind():
        return np.quantile

    # Before NumPy 2.4, `interpolation` is a deprecated name of `method`.

    def vjp_a(grad, kind, a, q, axis=None, method="linear", weights=None, interpolation=None):
        return _quantile_back(kind, grad, a, q, axis, interpolation or method, weights)

    def vjp_q(grad, kind, a, q, axis=None, method="linear", interpolation=None):
        return _quantile_back_to_q(kind, grad, a, q, axis, interpolation or method)

    def vjp_weights(grad):
        return None


@implements(np.percentile)
class Percentile(Quantile):
    def fact_kind():
        return np.percentile


@implements(np.nanquantile)
class Nanquantile(Quantile):
    gates = True

    def fact_kind():
        return np.nanquantile


@implements(np.nanpercentile)
class Nanpercentile(Quantile):
    gates = True

    def fact_kind():
        return np.nanpercentile


@implements(np.median)
class Median(Operation):
    """Elements that tie share the gradient evenly."""

    def vjp_a(grad, a, axis=None):
        return _quantile_back(np.quantile, grad, a, 0.5, axis)


@implements(np.nanmedian)
class Nanmedian(Operation):
    """Elements that tie share the gradient evenly."""

    gates = True

    def vjp_a(grad, a, axis=None):
        return _quantile_back(np.nanquantile, grad, a, 0.5, axis)


# ------------------------------------------------------------------ covariances


def _observations(m, rowvar):
    rows = np.atleast_2d(m)
    return rows if rowvar or np.ndim(m) == 1 else np.transpose(rows)


@composed(np.cov)
def cov(
    m,
    y=None,
    rowvar=True,
    bias=False,
    ddof=None,
    fweights=None,
    aweights=None,
    *,
    dtype=None,
):
    rows = _observations(m, rowvar)
    if y is not None:
        more = np.atleast_2d(y)
        more = more if rowvar or more.shape[0] == 1 else np.transpose(more)
        rows = np.concatenate((rows, more), axis=0)
    rows = np.astype(rows, np.result_type(rows.dtype, np.float64) if dtype is None else dtype)
    ddof = int(not bias) if ddof is None else ddof
    weights = 1 if fweights is None else np.asarray(fweights, float)
    weights = weights if aweights is None else weights * as_floats(aweights)
    weights = np.broadcast_to(weights, rows.shape[1:])
    total = np.sum(weights)
    lost = ddof if aweights is None else ddof * np.sum(weights * aweights) / total
    deviations = rows - np.sum(rows * weights, axis=1, keepdims=True) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.squeeze(np.matmul(deviations * weights, np.conj(deviations.T)) / (total - lost))


@composed(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    covariances = cov(x, y, rowvar, dtype=dtype)
    with np.errstate(divide="ignore", invalid="ignore"):
        if covariances.ndim == 0:
            return covariances / covariances
        # NumPy clips what rounding has carried beyond 1; that has no part in the derivative.
        deviation = np.sqrt(np.real(np.diagonal(covariances)))
        return covariances / deviation[:, None] / deviation


# ------------------------------------------------------------------ histograms


@implements(np.bincount)
class Bincount(Operation):
    def vjp_weights(grad, x):
        return np.take(grad, x)


@implements(np.histogram_bin_edges)
class HistogramBinEdges(Operation):
    def vjp_a(grad, a, bins=10, range=None):
        if range is not None or np.ndim(bins) or not a.size:
            return None
        # Evenly spaced from the smallest to the largest element.
        part = np.linspace(0, 1, grad.size)
        low, of_low = share_of_ties(np.sum(grad * (1 - part)), a, np.min(a, keepdims=True))
        top, of_top = share_of_ties(np.sum(grad * part), a, np.max(a, keepdims=True))
        return np.where(low, of_low, 0) + np.where(top, of_top, 0)

    def vjp_bins(grad):
        return grad

    def vjp_weights(grad):
        return None


def _bin(x, edges):
    """The number of the bin of each element, and whether there is one."""
    number = np.searchsorted(edges, x, side="right") - 1
    # The last bin contains both of its edges.
    number = np.where(np.equal(x, edges[-1]), len(edges) - 2, number)
    return number, (number >= 0) & (number < len(edges) - 1)


def _histogram(columns, edges, density, weights):
    """Sums of weights over the bins of a grid; None where they are mere counts."""
    if weights is None and not density:
        return None
    shape = tuple(len(each) - 1 for each in edges)
    numbers, inside = zip(*map(_bin, columns, edges), strict=True)
    chosen = np.logical_and.reduce(inside)
    index = tuple(number[chosen] for number in numbers)
    if weights is None:
        weights = np.ones(chosen.shape)
    weights = np.reshape(as_floats(weights), chosen.shape)
    sums = scatter_add(weights[chosen], index, shape)
    if not density:
        return sums
    total = np.sum(sums)
    for axis, each in enumerate(edges):
        sums = sums / np.reshape(np.diff(each), [-1 if n == axis else 1 for n in range(len(shape))])
    return sums / total


@composed(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    edges = np.histogram_bin_edges(a, bins, range, weights)
    return _histogram([np.ravel(a)], [edges], density, weights), edges


def _grid(columns, bins, ranges):
    """The edges of the bins of each column."""
    count = len(columns)
    bins = bins if np.iterable(bins) else [bins] * count
    ranges = [None] * count if ranges is None else ranges
    return [np.histogram_bin_edges(*each) for each in zip(columns, bins, ranges, strict=True)]


@composed(np.histogramdd)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    # A matrix has a point in each row; anything else is a sequence of columns, or a single one.
    matrix = getattr(sample, "ndim", 0) == 2
    columns = list(sample.T if matrix else np.atleast_2d(array_of(sample)))
    edges = _grid(columns, bins, range)
    return _histogram(columns, edges, density, weights), edges


@composed(np.histogram2d)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    # One array is the edges of both axes.
    both = np.iterable(bins) and len(bins) not in (1, 2)
    edges = _grid([x, y], [bins, bins] if both else bins, range)
    return _histogram([x, y], edges, density, weights), *edges
