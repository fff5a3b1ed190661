"""Convolution over any number of spatial dimensions.

The result is linear in the data and in the filters. Together with a cotangent of the result they
form a scalar that is linear in each of three arrays::

    form(y, x, w) = Σ y[n, f, g] · x[n, c, s·g + d·k] · w[f, c, k]

`correlate`, `spread` and `match` are its derivatives with respect to ``y``, ``x`` and ``w``. The
rules of each are the other two, which gives derivatives of any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet.layers._shapes import Placement, as_array, placed

__all__ = ["conv_nd"]

Array = np.ndarray[Any, Any]

#: The number of bytes of windows unrolled at a time, small enough that they stay in the cache.
BLOCK = 1 << 21


@expression
def conv_nd(x: Any, filter_bank: Any, *, stride: Any, padding: Any = 0, dilation: Any = 1) -> Any:
    """Convolve data of any number of spatial dimensions with a bank of filters.

    Every filter is multiplied with every window of the data, summing over channels; filters are not
    flipped. With stride ``s`` and dilation ``d``, along each spatial axis::

        out[n, f, g] = Σ x[n, c, s·g + d·k] · filter_bank[f, c, k]     (sum over c and k)

    Parameters
    ----------
    x : array_like, shape (N, C, X, …)
        A batch of N data with C channels.
    filter_bank : array_like, shape (F, C, K, …)
        F filters with as many dimensions as the data.
    stride : int or tuple of int
        The distance between neighbouring windows; a tuple has one entry per spatial axis.
    padding : int or tuple of int
        The number of zeros added to the data at both ends of an axis.
    dilation : int or tuple of int
        The distance in the data between neighbouring elements of a filter.

    Returns
    -------
    Tensor, shape (N, F, G, …)
        ``G = (X + 2 * padding - dilation * (K - 1) - 1) / stride + 1`` along each axis.

    Raises
    ------
    ValueError
        ``G`` is not an integer, or the shapes do not match.
    TypeError
        Stride, padding or dilation are not integers.

    Notes
    -----
    Windows are unrolled to columns, a few samples at a time, and multiplied by one matrix product
    (K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for
    document processing", 2006). Only `x` and `filter_bank` are kept for the backward pass.

    Examples
    --------
    A step and the filter that detects it:

    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import conv_nd
    >>> x = mg.tensor([[[0.0, 0.0, 1.0, 1.0, 1.0]]])
    >>> w = mg.tensor([[[-1.0, 1.0]]])
    >>> conv_nd(x, w, stride=1)
    Tensor([[[0., 1., 0., 0.]]])
    >>> np.sum(conv_nd(x, w, stride=1)).backward()
    >>> w.grad
    array([[[2., 3.]]])

    Ten images of three channels, five filters:

    >>> conv_nd(np.ones((10, 3, 32, 32)), np.ones((5, 3, 3, 3)), stride=1, padding=1).shape
    (10, 5, 32, 32)
    """
    x, filter_bank = as_array(x), as_array(filter_bank)
    if x.ndim < 3 or filter_bank.ndim != x.ndim or x.shape[1] != filter_bank.shape[1]:
        raise ValueError(
            "conv_nd takes data of shape (N, C, X, …) and filters of shape (F, C, K, …), with equally many"
            f" channels C and dimensions, at least three. Got {x.shape} and"
            f" {filter_bank.shape}; reshape one of them."
        )
    placement = placed(
        "conv_nd",
        x.shape[2:],
        filter_bank.shape[2:],
        stride=stride,
        padding=padding,
        dilation=dilation,
    )
    return correlate(x, filter_bank, placement)


@dispatched
def correlate(x, w, placement):
    """The derivative of ``form`` with respect to ``y``: the convolution, shape (N, F, G, …)."""
    filters = w.reshape(len(w), math.prod(w.shape[1:]))
    grid = placement.grid
    out = np.empty((len(x), len(w), math.prod(grid)), np.result_type(x, w))
    for samples, columns in unrolled(x, placement):
        np.matmul(filters, columns, out=out[samples])
    return out.reshape(*out.shape[:2], *grid)


@dispatched
def spread(y, w, placement):
    """The derivative of ``form`` with respect to ``x``, shape (N, C, X, …)."""
    filters = w.reshape(len(w), math.prod(w.shape[1:]))
    y = as_rows(y)
    x = np.zeros((len(y), w.shape[1], *placement.sizes), np.result_type(y, w))
    offsets = [(at, *placement.reach(at)) for at in np.ndindex(placement.window)]
    shape = (filters.shape[1], y.shape[2])
    buffer = None
    for samples in blocks(len(y), math.prod(shape) * x.itemsize):
        part = x[samples]
        if buffer is None:
            buffer = np.empty((len(part), *shape), x.dtype)
        columns = np.matmul(filters.T, y[samples], out=buffer[: len(part)])
        columns = columns.reshape(len(part), *w.shape[1:], *placement.grid)
        for at, windows, elements in offsets:
            part[(..., *elements)] += columns[(slice(None), slice(None), *at, *windows)]
    return x


@dispatched
def match(y, x, placement):
    """The derivative of ``form`` with respect to ``w``, shape (F, C, K, …)."""
    y = as_rows(y)
    rows = x.shape[1] * math.prod(placement.window)
    w = np.zeros((y.shape[1], rows), np.result_type(y, x))
    for samples, columns in unrolled(x, placement):
        w += np.sum(np.matmul(y[samples], columns.swapaxes(1, 2)), axis=0)
    return w.reshape(len(w), x.shape[1], *placement.window)


@implements(correlate)
class ConvND(Operation):
    def vjp_x(grad, w, placement):
        return spread(grad, w, placement)

    def vjp_w(grad, x, placement):
        return match(grad, x, placement)


@implements(spread)
class Spread(Operation):
    def vjp_y(grad, w, placement):
        return correlate(grad, w, placement)

    def vjp_w(grad, y, placement):
        return match(y, grad, placement)


@implements(match)
class Match(Operation):
    def vjp_y(grad, x, placement):
        return correlate(x, grad, placement)

    def vjp_x(grad, y, placement):
        return spread(y, grad, placement)


def unrolled(x: Array, placement: Placement) -> Iterator[tuple[slice, Array]]:
    """Yield blocks of samples: a slice, and their windows as columns (n, C · K …, G …).

    The next block overwrites the columns.
    """
    windows = windows_of(x, placement)
    ndim = len(placement.sizes)
    count, shape = len(windows), windows.shape[1:]
    rows = math.prod(shape[: ndim + 1])
    buffer: Any = None
    for samples in blocks(count, math.prod(shape) * x.itemsize):
        some = windows[samples]
        if buffer is None:
            buffer = np.empty(some.shape, x.dtype)
        columns = buffer[: len(some)]
        np.copyto(columns, some)
        yield samples, columns.reshape(len(some), rows, math.prod(placement.grid))


def windows_of(x: Array, placement: Placement) -> Array:
    """A view of the padded data, shape (N, C, K, …, G, …)."""
    if any(placement.padding):
        margins = placement.padding
        inner: tuple[Any, ...] = tuple(
            slice(p, p + size) for p, size in zip(margins, x.shape[2:], strict=True)
        )
        sizes = [size + 2 * p for p, size in zip(margins, x.shape[2:], strict=True)]
        larger = np.zeros((*x.shape[:2], *sizes), x.dtype)
        larger[(slice(None), slice(None), *inner)] = x
        x = larger
    strides = x.strides[2:]
    return as_strided(
        x,
        (*x.shape[:2], *placement.window, *placement.grid),
        (
            *x.strides[:2],
            *(d * step for d, step in zip(placement.dilation, strides, strict=True)),
            *(s * step for s, step in zip(placement.stride, strides, strict=True)),
        ),
        writeable=False,
    )


def as_rows(y: Array) -> Array:
    """Maps of shape (N, F, G, …) with the windows on one axis, in a layout fit for matrix products."""
    return np.ascontiguousarray(y).reshape(*y.shape[:2], math.prod(y.shape[2:]))


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of ``count`` samples of ``size`` bytes, each of about `BLOCK` bytes."""
    step = max(1, BLOCK // max(1, size))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
