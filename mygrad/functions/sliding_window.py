"""Sliding windows with a step and a dilation."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.mirror import as_one


def sliding_window_view(
    arr: Any,
    window_shape: int | Sequence[int],
    step: int | Sequence[int],
    dilation: int | Sequence[int] | None = None,
) -> Any:
    """All positions of a window that slides over the last axes of an array, as a read-only view.

    Parameters
    ----------
    arr : array_like, shape (..., N1, ..., Nk)
    window_shape : int or sequence of int, length k
        The size of the window along each of the last axes.
    step : int or sequence of int, length k
        The step of the window along each of these axes.
    dilation : int or sequence of int, length k, optional
        The distance between neighbouring elements of the window; by default 1.

    Returns
    -------
    ndarray or Tensor, shape (P1, ..., Pk, ..., W1, ..., Wk)
        The axes of positions come first, then the other axes of ``arr``, then those of the window.
        There are ``(N - (W - 1) * dilation - 1) // step + 1`` positions along an axis. The result
        is a tensor if ``arr`` is one, and shares its memory.

    Raises
    ------
    TypeError
        An argument is not an integer or a sequence of integers.
    ValueError
        The window has more axes than ``arr``, a number is not positive, the lengths differ, or the
        window is larger than the array.

    See Also
    --------
    numpy.lib.stride_tricks.sliding_window_view : slides over any axes, one element at a time.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.sliding_window_view(np.arange(7), (3,), step=2)
    array([[0, 1, 2],
           [2, 3, 4],
           [4, 5, 6]])
    >>> x = mg.tensor([1.0, 2.0, 3.0, 4.0])
    >>> windows = mg.sliding_window_view(x, (2,), step=1, dilation=2)
    >>> windows
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return strided_windows(as_one(arr, None), window_shape, step, dilation)


@dispatched
def strided_windows(arr, window_shape, step, dilation=None):
    """:func:`sliding_window_view` of one array or tensor."""
    arr = np.asarray(arr)
    window, steps, gaps = _settings(window_shape, step, dilation)
    count = len(window)
    if count > arr.ndim:
        raise ValueError(
            f"sliding_window_view: a window of {count} axes, {window}, does not fit an array of"
            f" {arr.ndim}, of shape {arr.shape}"
        )
    lead = arr.ndim - count
    extents = tuple((w - 1) * gap + 1 for w, gap in zip(window, gaps, strict=True))
    if any(extent > n for extent, n in zip(extents, arr.shape[lead:], strict=True)):
        raise ValueError(
            f"sliding_window_view: a window of shape {window} with dilation {gaps} takes {extents}"
            f" elements; the last axes of the array have {arr.shape[lead:]}"
        )
    positions = tuple(
        (n - extent) // s + 1 for n, extent, s in zip(arr.shape[lead:], extents, steps, strict=True)
    )
    strides = arr.strides[lead:]
    return as_strided(
        arr,
        positions + arr.shape[:lead] + window,
        tuple(stride * s for stride, s in zip(strides, steps, strict=True))
        + arr.strides[:lead]
        + tuple(stride * gap for stride, gap in zip(strides, gaps, strict=True)),
        writeable=False,
    )


def _settings(window_shape, step, dilation):
    """Window shape, step and dilation as tuples of equal length."""
    window = _integers("window_shape", window_shape)
    window = window if isinstance(window, tuple) else (window,)
    settings = [window]
    for name, value in (("step", step), ("dilation", 1 if dilation is None else dilation)):
        numbers = _integers(name, value)
        numbers = numbers if isinstance(numbers, tuple) else (numbers,) * len(window)
        if len(numbers) != len(window):
            raise ValueError(
                f"sliding_window_view: {name} must be an integer, or one for each axis of window_shape"
                f" {window}; it got {value}"
            )
        settings.append(numbers)
    return settings


def _integers(name, value):
    """A positive integer, or a tuple of positive integers."""
    try:
        numbers = tuple(map(operator.index, value)) if np.iterable(value) else operator.index(value)
    except TypeError:
        raise TypeError(
            f"sliding_window_view: {name} must be positive integers, not {value!r}"
        ) from None
    if np.any(np.less(numbers, 1)):
        raise ValueError(f"sliding_window_view: {name} must be positive integers, not {value!r}")
    return numbers


@implements(strided_windows)
class SlidingWindowView(Operation):
    may_view = read_only = True

    def vjp_arr(grad, arr_shape, window_shape, step, dilation=None):
        window, steps, gaps = _settings(window_shape, step, dilation)
        lead = len(arr_shape) - len(window)
        positions = grad.shape[: len(window)]
        # Move the axes of positions to where they are in the array.
        grad = np.moveaxis(grad, range(len(window)), range(lead, len(arr_shape)))
        total = np.zeros_like(grad, shape=arr_shape)
        for offset in product(*map(range, window)):
            region = tuple(
                slice(i * gap, i * gap + (n - 1) * s + 1, s)
                for i, gap, n, s in zip(offset, gaps, positions, steps, strict=True)
            )
            total[(..., *region)] += grad[(..., *offset)]
        return total
