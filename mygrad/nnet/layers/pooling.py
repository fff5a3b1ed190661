"""Pooling: the maximum or mean of each window, or of each channel."""

from __future__ import annotations

import math
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet.layers._shapes import Placement, as_array, per_axis, placed

__all__ = ["avg_pool", "global_avg_pool", "global_max_pool", "max_pool"]


@expression
def max_pool(x: Any, pool: Any, stride: Any) -> Any:
    """The maximum of each window on the trailing axes.

    ``out[…, g] = max over k of x[…, s·g + k]``, along each pooled axis.

    Parameters
    ----------
    x : array_like, shape (…, X, …)
        Leading axes, such as those of samples and channels, are not pooled.
    pool : tuple of int
        The size of a window along each pooled axis: its length is the number of trailing axes to
        pool.
    stride : int or tuple of int
        The distance between neighbouring windows: one for all pooled axes, or one for each.

    Returns
    -------
    Tensor, shape (…, G, …)
        ``G = (X - pool) / stride + 1`` along each pooled axis.

    Raises
    ------
    ValueError
        ``G`` is not an integer.
    TypeError
        `pool` is not a tuple of integers, or `stride` not an integer or a tuple of integers.

    Notes
    -----
    Entries that tie for the maximum of a window share its gradient evenly, independent of their
    order.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import max_pool
    >>> x = mg.tensor([[0.0, 10.0, 8.0, 8.0], [2.0, 7.0, 3.0, 5.0]])
    >>> max_pool(x, pool=(2, 2), stride=2)
    Tensor([[10.,  8.]])
    >>> np.sum(max_pool(x, pool=(2, 2), stride=2)).backward()
    >>> x.grad
    array([[0. , 1. , 0.5, 0.5],
           [0. , 0. , 0. , 0. ]])
    """
    x = as_array(x)
    return largest(x, _windows("max_pool", x, pool, stride))


@expression
def avg_pool(x: Any, pool: Any, stride: Any) -> Any:
    """The mean of each window on the trailing axes; see :func:`max_pool` for the arguments.

    ``out[…, g] = mean over k of x[…, s·g + k]``, along each pooled axis.

    Examples
    --------
    >>> import mygrad as mg
    >>> from mygrad.nnet.layers import avg_pool
    >>> avg_pool(mg.tensor([[0.0, 10.0, 8.0, 4.0], [2.0, 4.0, 3.0, 5.0]]), pool=(2, 2), stride=2)
    Tensor([[4., 5.]])
    """
    x = as_array(x)
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    placement = _windows("avg_pool", x, pool, stride)
    dtype = x.dtype
    if dtype == np.float16:  # float16 cannot hold the sums
        x = x.astype(np.float32)
    return (totals(x, placement) / math.prod(placement.window)).astype(dtype, copy=False)


@expression
def global_max_pool(x: Any) -> Any:
    """The maximum of each channel: shape (N, C, X, …) becomes (N, C).

    Entries that tie share the gradient evenly.

    >>> import mygrad as mg
    >>> from mygrad.nnet.layers import global_max_pool
    >>> global_max_pool(mg.tensor([[[1.0, 4.0, 2.0], [3.0, 0.0, 5.0]]]))
    Tensor([[4., 5.]])
    """
    x = _with_channels("global_max_pool", x)
    return np.max(x, axis=tuple(range(2, x.ndim)))


@expression
def global_avg_pool(x: Any) -> Any:
    """The mean of each channel: shape (N, C, X, …) becomes (N, C).

    It replaces dense layers at the end of a convolutional network (M. Lin, Q. Chen, S. Yan,
    "Network in network", 2013).

    >>> import mygrad as mg
    >>> from mygrad.nnet.layers import global_avg_pool
    >>> global_avg_pool(mg.tensor([[[1.0, 4.0, 1.0], [3.0, 0.0, 6.0]]]))
    Tensor([[2., 3.]])
    """
    x = _with_channels("global_avg_pool", x)
    return np.mean(x, axis=tuple(range(2, x.ndim)))


def _windows(function: str, x: Any, pool: Any, stride: Any) -> Placement:
    if not 0 < np.size(pool) <= x.ndim or np.ndim(pool) != 1:
        raise TypeError(
            f"{function}: pool must be a tuple of one to {x.ndim} integers, one for each trailing axis"
            f" to pool of an array of shape {x.shape}; not {pool!r}"
        )
    window = per_axis(function, "pool", pool, len(pool), least=1)
    return placed(function, x.shape[x.ndim - len(window) :], window, stride=stride)


def _with_channels(function: str, x: Any) -> Any:
    x = as_array(x)
    if x.ndim < 3 or 0 in x.shape[2:]:
        raise ValueError(
            f"{function} takes data of shape (N, C, X, …) with entries to pool, not {x.shape}."
            " Reshape it, or use max_pool or avg_pool."
        )
    return x


def shifts(placement: Placement) -> list[list[slice]]:
    """For each pooled axis, the slices that hold the first, second, … elements of all windows."""
    return [
        [slice(k, k + (count - 1) * stride + 1, stride) for k in range(length)]
        for length, stride, count in zip(
            placement.window, placement.stride, placement.grid, strict=True
        )
    ]


def along(axis: int, piece: slice) -> tuple[Any, ...]:
    """The index that applies ``piece`` to the negative ``axis``: -1, -2, …"""
    return (..., piece, *(slice(None),) * (-axis - 1))


def combined(x: Any, placement: Placement, ufunc: np.ufunc) -> Any:
    """Reduce each window by ``ufunc``, one axis after the other, which takes fewer steps."""
    pieces = shifts(placement)
    for axis in range(-len(pieces), 0):
        x = reduce(ufunc, [x[along(axis, piece)] for piece in pieces[axis]])
    return x


# ------------------------------------------------------------------ the maximum


@dispatched
def largest(x, placement):
    """The maximum of each window."""
    out = combined(x, placement, np.maximum)
    return out.copy() if np.may_share_memory(out, x) else out


@implements(largest)
class MaxPool(Operation):
    def vjp_x(grad, out, x, placement):
        places = [(..., *pieces) for pieces in product(*shifts(placement))]
        count = np.zeros(out.shape, grad.dtype)
        for place in places:
            count += x[place] == out
        share = grad / np.maximum(count, 1)  # NaN, which is equal to nothing, gets no gradient
        total = np.zeros_like(share, shape=x.shape)
        for place in places:
            total[place] += share * (x[place] == out)
        return total


# ------------------------------------------------------------------ the mean


@dispatched
def totals(x, placement):
    """The sum of each window."""
    out = combined(x, placement, np.add)
    return out.copy() if np.may_share_memory(out, x) else out


@dispatched
def scattered(y, placement):
    """The transpose of `totals`: add the number of each window to all its entries."""
    pieces = shifts(placement)
    shape = [*y.shape[: y.ndim - len(pieces)], *placement.grid]
    for axis in range(-len(pieces), 0):
        shape[axis] = placement.sizes[axis]
        x = np.zeros(shape, y.dtype)
        for piece in pieces[axis]:
            x[along(axis, piece)] += y
        y = x
    return y


@implements(totals)
class Totals(Operation):
    def vjp_x(grad, placement):
        return scattered(grad, placement)


@implements(scattered)
class Scattered(Operation):
    def vjp_y(grad, placement):
        return totals(grad, placement)
