"""Helpers for reductions: normalize axes, restore reduced ones, count the elements reduced."""

import math
import operator

import numpy as np

_ndarray = np.ndarray


def normalize_axes(axis, ndim):
    """``axis`` (an integer, a tuple of them, or None for all) as a tuple of integers in [0, ndim).

    >>> normalize_axes((-1, 0), 3)
    (2, 0)
    >>> normalize_axes(None, 2)
    (0, 1)
    """
    if axis.__class__ is int and ndim:
        return (axis % ndim,)
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, tuple | list):
        return tuple(operator.index(each) % ndim for each in axis)
    # Many functions accept the axis 0 or -1 for a 0-d array.
    return (operator.index(axis) % ndim,) if ndim else ()


def restore_axes(grad, ndim, axis, keepdims=False):
    """``grad`` with the axes that a reduction of ``ndim`` axes removed, at length one."""
    if keepdims or axis is None:
        return grad
    shape = list(grad.shape)
    for each in sorted(normalize_axes(axis, ndim)):
        shape.insert(each, 1)
    return np.reshape(grad, shape)


def spread(grad, shape, axis=None, keepdims=False):
    """Broadcast ``grad``, the gradient of a reduction, to the ``shape`` of the reduced array.

    Nothing is copied: the axes have stride 0.
    """
    # Does what np.broadcast_to does in a tenth of the time: nearly every loss runs this.
    if axis is None and (grad.__class__ is _ndarray or isinstance(grad, np.generic)):
        return _ndarray(shape, grad.dtype, grad, 0, (0,) * len(shape))
    if isinstance(grad, np.generic):
        grad = np.asarray(grad)
    if grad.__class__ is _ndarray and grad.flags.c_contiguous:
        strides = list(grad.strides)
        for each in sorted(normalize_axes(axis, len(shape))):
            if keepdims:
                strides[each] = 0
            else:
                strides.insert(each, 0)
        return _ndarray(shape, grad.dtype, grad, 0, strides)
    return np.broadcast_to(restore_axes(grad, len(shape), axis, keepdims), shape)


def count(shape, axis=None, where=True):
    """The number of elements reduced: an integer, or an array with the reduced axes kept."""
    if where is True:
        if axis is None:
            return math.prod(shape)
        return math.prod(shape[each] for each in normalize_axes(axis, len(shape)))
    return np.count_nonzero(np.broadcast_to(where, shape), axis=axis, keepdims=True)


def divide(x, number):
    """``x / number`` in the dtype of ``x``, where ``number`` counts elements; 0 where it is 0."""
    if number.__class__ is int or number.__class__ is float:
        return x / number if number > 0 else x * 0
    positive = number > 0
    return np.where(positive, x, 0) / np.where(positive, number, 1).astype(x.dtype)


def silence(grad, pulled):
    """``pulled`` with zeros where ``grad`` is zero and ``pulled`` is not finite.

    Elements that the loss does not depend on get a zero gradient, never NaN.
    """
    if np.all(grad):
        return pulled
    return np.where((grad == 0) & ~np.isfinite(pulled), 0, pulled)


def to_last(x, axis):
    """``x`` with the axes ``axis`` (None: all) moved to the end and merged into one."""
    if axis is None:
        return np.reshape(x, (-1,))
    axes = normalize_axes(axis, x.ndim)
    kept = [each for each in range(x.ndim) if each not in axes]
    length = math.prod(x.shape[each] for each in axes)
    if len(axes) != 1 or kept + list(axes) != list(range(x.ndim)):
        x = np.transpose(x, (*kept, *axes))
    return x if len(axes) == 1 else np.reshape(x, (*x.shape[: len(kept)], length))


def from_last(x, shape, axis):
    """The inverse of :func:`to_last` for an array of ``shape``."""
    if axis is None:
        return np.reshape(x, shape)
    ndim = len(shape)
    axes = normalize_axes(axis, ndim)
    order = (*(each for each in range(ndim) if each not in axes), *axes)
    return np.transpose(np.reshape(x, [shape[each] for each in order]), np.argsort(order))
