"""Reductions along axes: sums, products, means, variances, extremes, cumulative sums."""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import (
    count,
    divide,
    from_last,
    restore_axes,
    silence,
    spread,
    to_last,
)
from mygrad.rules.matrices import conj

_sum = np.add.reduce

# ------------------------------------------------------------------ sums and means


def _masked(grad, where):
    return grad if where is True else np.where(where, grad, 0)


def _sum_pullback(grad, shape, axis, keepdims, where):
    if where is True:
        return spread(grad, shape, axis, keepdims)
    return np.where(where, restore_axes(grad, len(shape), axis, keepdims), 0)


def _mean_pullback(grad, shape, axis, keepdims, where):
    number = count(shape, axis, where)
    if where is True:
        return spread(divide(grad, number), shape, axis, keepdims)
    return np.where(where, divide(restore_axes(grad, len(shape), axis, keepdims), number), 0)


@implements(np.sum)
class Sum(Operation):
    def direct(a, axis=None, **options):
        return _sum(a, axis, **options) if options else _sum(a, axis)

    def vjp_a(grad, a_shape, axis=None, keepdims=False, where=True):
        return _sum_pullback(grad, a_shape, axis, keepdims, where)

    def vjp_initial(grad):
        return grad


@implements(np.mean)
class Mean(Operation):
    def vjp_a(grad, a_shape, axis=None, keepdims=False, where=True):
        return _mean_pullback(grad, a_shape, axis, keepdims, where)


@implements(np.nansum)
class Nansum(Operation):
    gates = True

    def vjp_a(grad, a, axis=None, keepdims=False, where=True):
        return _sum_pullback(grad, a.shape, axis, keepdims, ~np.isnan(a) & where)

    def vjp_initial(grad):
        return grad


@implements(np.nanmean)
class Nanmean(Operation):
    gates = True

    def vjp_a(grad, a, axis=None, keepdims=False, where=True):
        return _mean_pullback(grad, a.shape, axis, keepdims, ~np.isnan(a) & where)


# ------------------------------------------------------------------ products


def _regular(out):
    """True if products can be divided by their factors: none is zero, infinite or NaN."""
    return bool(np.all(out)) and bool(np.all(np.isfinite(out)))


def _before(products):
    """The products before each element, given the cumulative ``products`` along the last axis."""
    return np.concatenate((np.ones_like(products[..., :1]), products[..., :-1]), axis=-1)


def _products_of_others(a, axis):
    """For each element, the product of all others along ``axis``, computed without division."""
    line = to_last(a, axis)
    if line.shape[-1] == 0:
        return a
    ahead = _before(np.cumprod(line, axis=-1))
    behind = np.flip(_before(np.cumprod(np.flip(line, -1), axis=-1)), -1)
    return from_last(ahead * behind, a.shape, axis)


def _prod_pullback(grad, a, out, axis, keepdims, where, initial):
    kept = a if where is True else np.where(where, a, 1)
    grad, out = (restore_axes(each, a.ndim, axis, keepdims) for each in (grad, out))
    if _regular(out):
        return _masked(grad * out / kept, where)
    others = _products_of_others(kept, axis)
    return _masked(silence(grad, grad * initial * others), where)


@implements(np.prod)
class Prod(Operation):
    """Exact even if factors are zero."""

    def vjp_a(grad, a, out, axis=None, keepdims=False, where=True, initial=1):
        return _prod_pullback(grad, a, out, axis, keepdims, where, initial)

    def vjp_initial(grad, a, axis=None, keepdims=False, where=True):
        return grad * np.prod(a, axis=axis, keepdims=keepdims, where=where)


@implements(np.nanprod)
class Nanprod(Operation):
    """Exact even if factors are zero."""

    gates = True

    def vjp_a(grad, a, out, axis=None, keepdims=False, where=True, initial=1):
        return _prod_pullback(grad, a, out, axis, keepdims, ~np.isnan(a) & where, initial)

    def vjp_initial(grad, a, axis=None, keepdims=False, where=True):
        return grad * np.nanprod(a, axis=axis, keepdims=keepdims, where=where)


# ------------------------------------------------------------------ variances


def _centered(a, axis, dtype, where):
    number = count(a.shape, axis, where)
    return a - divide(np.sum(a, axis=axis, dtype=dtype, keepdims=True, where=where), number)


def _deviations(a, axis, dtype, where, mean):
    if mean is not None:
        return a - mean
    # Twice, to remove the rounding error of the first mean. It is large compared with the
    # deviations of numbers far from zero; for equal numbers, nothing else is left.
    return _centered(_centered(a, axis, dtype, where), axis, dtype, where)


def _var_pullback(grad, a, axis, dtype, ddof, keepdims, where, mean, correction):
    freedom = count(a.shape, axis, where) - (ddof if correction is None else correction)
    grad = restore_axes(grad, a.ndim, axis, keepdims)
    deviations = _deviations(a, axis, dtype, where, mean)
    pulled = 2 * divide(grad, freedom) * conj(deviations)
    return _masked(silence(grad, pulled), where)


def _std_pullback(grad, a, out, axis, dtype, ddof, keepdims, where, mean, correction):
    freedom = count(a.shape, axis, where) - (ddof if correction is None else correction)
    grad, out = (restore_axes(each, a.ndim, axis, keepdims) for each in (grad, out))
    deviations = _deviations(a, axis, dtype, where, mean)
    # Where all deviations are 0, the standard deviation has its minimum, which is a kink.
    flat = (out == 0) | (freedom <= 0)
    slope = np.where(flat, 0, divide(grad, freedom) / np.where(flat, 1, out))
    return _masked(silence(grad, slope * conj(deviations)), where)


@implements(np.var)
class Var(Operation):
    def vjp_a(
        grad,
        a,
        axis=None,
        dtype=None,
        ddof=0,
        keepdims=False,
        where=True,
        mean=None,
        correction=None,
    ):
        return _var_pullback(grad, a, axis, dtype, ddof, keepdims, where, mean, correction)

    def vjp_mean(grad, a, mean, axis=None, ddof=0, keepdims=False, where=True, correction=None):
        return -_var_pullback(grad, a, axis, None, ddof, keepdims, where, mean, correction)


@implements(np.std)
class Std(Operation):
    """The derivative is 0 where all elements are equal."""

    def vjp_a(
        grad,
        a,
        out,
        axis=None,
        dtype=None,
        ddof=0,
        keepdims=False,
        where=True,
        mean=None,
        correction=None,
    ):
        return _std_pullback(grad, a, out, axis, dtype, ddof, keepdims, where, mean, correction)

    def vjp_mean(
        grad, a, out, mean, axis=None, ddof=0, keepdims=False, where=True, correction=None
    ):
        return -_std_pullback(grad, a, out, axis, None, ddof, keepdims, where, mean, correction)


@implements(np.nanvar)
class Nanvar(Var):
    gates = True

    def fact_where(a, where=True):
        return ~np.isnan(a) & where


@implements(np.nanstd)
class Nanstd(Std):
    """The derivative is 0 where all elements are equal."""

    gates = True

    def fact_where(a, where=True):
        return ~np.isnan(a) & where


# ------------------------------------------------------------------ extremes


def share_of_ties(grad, a, extreme, axis=None, where=True, initial=None):
    """A mask of the elements equal to ``extreme``, and the share of ``grad`` that each one gets.

    All arguments but ``a`` keep the reduced axes. Where the extreme is NaN, the NaN elements share
    the gradient.
    """
    tied = a == extreme
    if where is not True:
        tied = tied & where
    missing = np.isnan(extreme)
    unique = initial is None and np.count_nonzero(tied) == extreme.size
    if np.any(missing):
        tied = tied | (np.isnan(a) & missing & where)
    elif unique:
        return tied, grad
    number = np.count_nonzero(tied, axis=axis, keepdims=True)
    return tied, divide(grad, number if initial is None else number + (initial == extreme))


class Extreme(Operation):
    """Tied elements share the gradient evenly."""

    def vjp_a(grad, a, out, axis=None, keepdims=False, where=True, initial=None):
        grad, out = (restore_axes(each, a.ndim, axis, keepdims) for each in (grad, out))
        tied, share = share_of_ties(grad, a, out, axis, where, initial)
        return np.where(tied, share, 0)

    def vjp_initial(grad, a, out, axis=None, keepdims=False, where=True, initial=None):
        grad, out = (restore_axes(each, a.ndim, axis, keepdims) for each in (grad, out))
        _, share = share_of_ties(grad, a, out, axis, where, initial)
        return np.where(initial == out, share, 0)


@implements(np.max, np.amax)
class Max(Extreme):
    pass


@implements(np.min, np.amin)
class Min(Extreme):
    pass


@implements(np.nanmax)
class Nanmax(Extreme):
    gates = True


@implements(np.nanmin)
class Nanmin(Extreme):
    gates = True


@implements(np.ptp)
class Ptp(Operation):
    """Tied elements share the gradient evenly."""

    def vjp_a(grad, a, axis=None, keepdims=False):
        grad = restore_axes(grad, a.ndim, axis, keepdims)
        top, of_top = share_of_ties(grad, a, np.max(a, axis=axis, keepdims=True), axis)
        low, of_low = share_of_ties(grad, a, np.min(a, axis=axis, keepdims=True), axis)
        return np.where(top, of_top, 0) - np.where(low, of_low, 0)


# ------------------------------------------------------------------ cumulative sums and products


def _reversed_cumsum(x, axis):
    backwards = (slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)
    return np.cumsum(x[backwards], axis=axis)[backwards]


def _cumsum_pullback(grad, shape, axis):
    if axis is None:
        return np.reshape(_reversed_cumsum(grad, 0), shape)
    return np.reshape(_reversed_cumsum(grad, axis), shape)


def _without_first(x, axis):
    """``x`` without its first element along ``axis``."""
    axis = 0 if axis is None else axis % x.ndim
    return x[(slice(None),) * axis + (slice(1, None),)]


@implements(np.cumsum)
class Cumsum(Operation):
    def vjp_a(grad, a_shape, axis=None):
        return _cumsum_pullback(grad, a_shape, axis)


@implements(np.nancumsum)
class Nancumsum(Operation):
    gates = True

    def vjp_a(grad, a, axis=None):
        return np.where(np.isnan(a), 0, _cumsum_pullback(grad, a.shape, axis))


@implements(np.cumulative_sum)
class CumulativeSum(Operation):
    def vjp_x(grad, x_shape, axis=None, include_initial=False):
        grad = _without_first(grad, axis) if include_initial else grad
        return _cumsum_pullback(grad, x_shape, axis)


def _cumprod_pullback(grad, a, out, axis):
    if _regular(out):
        return _cumsum_pullback(grad * out, a.shape, axis) / a
    line, out, grad = (to_last(each, axis) for each in (a, out, grad))
    # The gradient of an element is p * r, where p is the product of all elements before it, and r
    # satisfies r[i] = grad[i] + a[i + 1] * r[i + 1]. Solve it without division, doubling the
    # stride: sums[i] is the part of r[i] from the next `stride` elements, steps[i] their product.
    sums, steps, stride = grad, line[..., 1:], 1
    while stride < line.shape[-1]:
        far = sums[..., stride:]
        near = sums[..., :-stride] + silence(far, steps * far)
        sums = np.concatenate((near, sums[..., -stride:]), axis=-1)
        steps = steps[..., :-stride] * steps[..., stride:]
        stride *= 2
    return from_last(silence(sums, _before(out) * sums), a.shape, axis)


@implements(np.cumprod)
class Cumprod(Operation):
    """Exact even if factors are zero."""

    def vjp_a(grad, a, out, axis=None):
        return _cumprod_pullback(grad, a, out, axis)


@implements(np.nancumprod)
class Nancumprod(Operation):
    """Exact even if factors are zero."""

    gates = True

    def vjp_a(grad, a, out, axis=None):
        missing = np.isnan(a)
        return np.where(missing, 0, _cumprod_pullback(grad, np.where(missing, 1, a), out, axis))


@implements(np.cumulative_prod)
class CumulativeProd(Operation):
    """Exact even if factors are zero."""

    def vjp_x(grad, x, out, axis=None, include_initial=False):
        if include_initial:
            grad, out = (_without_first(each, axis) for each in (grad, out))
        return _cumprod_pullback(grad, x, out, axis)
