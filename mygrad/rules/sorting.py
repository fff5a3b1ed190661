"""Sorting and distinct values. Equal elements share evenly what their places received."""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import divide, from_last, to_last
from mygrad.rules.indexing import scatter_add


def _share_between_ties(grad, ordered):
    """``grad`` with its mean over each run of equal elements in ``ordered``, along the last axis."""
    new = ordered[..., 1:] != ordered[..., :-1]
    if np.all(new):
        return grad
    first = np.ones(ordered.shape, bool)
    first[..., 1:] = new
    first = np.ravel(first)
    groups = np.cumsum(first) - 1
    sizes = np.diff(np.flatnonzero(first), append=first.size)
    sums = scatter_add(np.ravel(grad), (groups,), sizes.shape)
    return np.reshape(np.take(divide(sums, sizes), groups), grad.shape)


def ranks(lines):
    """The place of each element in its sorted line, along the last axis; and the order itself."""
    order = np.argsort(lines, axis=-1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(order.shape[-1]), axis=-1)
    return places, order


def unsort(grad, lines):
    """What the elements of ``lines`` receive if the sorted lines receive ``grad``, along the last axis."""
    places, order = ranks(lines)
    grad = _share_between_ties(grad, np.take_along_axis(lines, order, axis=-1))
    return np.take_along_axis(grad, places, axis=-1)


@implements(np.sort)
class Sort(Operation):
    """Equal elements share evenly what their places received."""

    def vjp_a(grad, a, axis=-1, descending=False):
        grad, lines = to_last(grad, axis), to_last(a, axis)
        if descending:  # NaN are last in either direction
            ascending = np.argsort(np.sort(lines, axis=-1, descending=True), axis=-1)
            grad = np.take_along_axis(grad, ascending, axis=-1)
        return from_last(unsort(grad, lines), a.shape, axis)


@implements(np.sort_complex)
class SortComplex(Operation):
    """Equal elements share evenly what their places received."""

    def vjp_a(grad, a):
        return unsort(grad, a)


@implements(np.partition)
class Partition(Operation):
    """Equal elements share evenly what their places received."""

    def vjp_a(grad, a, out, axis=-1):
        # Which element went where, NumPy does not say: the smallest of the result is the smallest of
        # the argument, and so on.
        order = np.argsort(to_last(out, axis), axis=-1)
        ordered = np.take_along_axis(to_last(grad, axis), order, axis=-1)
        return from_last(unsort(ordered, to_last(a, axis)), a.shape, axis)


def _unique_back(grad, out, ar, axis, equal_nan):
    if isinstance(grad, tuple):
        grad, out = grad[0], out[0]
    if grad is None:
        return None
    _, groups, sizes = np.unique(
        ar, return_inverse=True, return_counts=True, axis=axis, equal_nan=equal_nan
    )
    if axis is None:
        # NumPy need not have sorted the values.
        share = divide(np.take(grad, np.argsort(out)), sizes)
        return np.reshape(np.take(share, groups), ar.shape)
    to_last_axis = divide(np.moveaxis(grad, axis, -1), sizes)
    return np.moveaxis(np.take(to_last_axis, np.ravel(groups), axis=-1), -1, axis)


@implements(np.unique)
class Unique(Operation):
    """Equal elements share the gradient of their value evenly."""

    def vjp_ar(grad, out, ar, axis=None, equal_nan=True):
        return _unique_back(grad, out, ar, axis, equal_nan)


@implements(np.unique_values, np.unique_all, np.unique_counts, np.unique_inverse)
class UniqueValues(Operation):
    """Equal elements share the gradient of their value evenly."""

    def vjp_x(grad, out, x):
        return _unique_back(grad, out, x, None, False)
