"""Padding: all modes of ``np.pad``.

NumPy pads one axis after the other; the pullback removes the margins in reverse order. In every
mode the margins are linear in the entries along their axis and in the given values.
"""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules.indexing import scatter_add
from mygrad.rules.manipulation import along

STATISTICS = ("maximum", "mean", "median", "minimum")


@implements(np.pad)
class Pad(Operation):
    def fact_seen(array, mode="constant"):
        """The values, if they decide which entries a margin depends on."""
        if callable(mode):
            raise TypeError("np.pad is not differentiable if mode is a function")
        return np.asarray(array) if mode in STATISTICS else None

    def vjp_array(
        grad, array_shape, pad_width, seen, mode="constant", stat_length=None, reflect_type="even"
    ):
        ndim = len(array_shape)
        widths = pairs(pad_width, ndim)
        lengths = pairs(stat_length, ndim)
        for axis in reversed(range(ndim)):
            left, grad, right = margins(grad, axis, *widths[axis])
            if mode in ("constant", "empty") or not left.size + right.size:
                continue
            if mode == "linear_ramp":
                grad = grad + through_ramps(left, right, axis, grad.shape)
            elif mode in STATISTICS:
                before = [*widths[:axis], *[(0, 0)] * (ndim - axis)]
                inner = np.pad(seen, before, mode, stat_length=stat_length)
                grad = grad + through_statistics(left, right, axis, inner, mode, lengths[axis])
            else:
                grad = grad + through_copies(left, right, axis, grad.shape, mode, reflect_type)
        return grad

    def vjp_constant_values(grad, array_shape, pad_width, constant_values_shape):
        widths = pairs(pad_width, len(array_shape))
        sums = []
        for axis in reversed(range(len(array_shape))):
            left, grad, right = margins(grad, axis, *widths[axis])
            sums.append(np.stack([np.sum(left), np.sum(right)]))
        return summed_to_given(sums[::-1], constant_values_shape)

    def vjp_end_values(grad, array_shape, pad_width, end_values_shape):
        widths = pairs(pad_width, len(array_shape))
        sums = []
        for axis in reversed(range(len(array_shape))):
            left, grad, right = margins(grad, axis, *widths[axis])
            far_left, far_right = (1 - near for near in nearness(left, right, axis))
            sums.append(np.stack([np.sum(left * far_left), np.sum(right * far_right)]))
            grad = grad + through_ramps(left, right, axis, grad.shape)
        return summed_to_given(sums[::-1], end_values_shape)


def pairs(widths, ndim):
    """Two numbers for each axis, from any form that ``np.pad`` accepts."""
    if isinstance(widths, dict):
        rows = [(0, 0)] * ndim
        for axis, width in widths.items():
            rows[axis] = width if isinstance(width, tuple) else (width, width)
        return rows
    return np.broadcast_to(widths, (ndim, 2)).tolist()


def summed_to_given(sums, shape):
    """``sums``, a pair for each axis, summed to the ``shape`` of the given values."""
    if shape and isinstance(shape[0], tuple):  # as nested sequences
        shape = (len(shape), *shape[0])
    lengths = (1,) * (2 - len(shape)) + shape
    axes = tuple(axis for axis, length in enumerate(lengths) if length == 1)
    return np.reshape(np.sum(np.stack(sums), axis=axes), shape)


def margins(grad, axis, before, after):
    """``grad`` split along ``axis``: the margin before, the array, the margin after."""
    stop = grad.shape[axis] - after
    return (
        grad[along(axis, slice(None, before))],
        grad[along(axis, slice(before, stop))],
        grad[along(axis, slice(stop, None))],
    )


def column(factors, axis, like):
    """``factors``, one for each position on ``axis``, shaped to multiply arrays like ``like``."""
    shape = (-1,) + (1,) * (like.ndim - axis - 1)
    return np.reshape(np.asarray(factors, dtype=like.dtype), shape)


def nearness(left, right, axis):
    """The weight of the edge in each position of a ramp; the end value has the rest."""
    before, after = left.shape[axis], right.shape[axis]
    return (
        column(np.arange(before) / max(before, 1), axis, left),
        column(np.arange(after)[::-1] / max(after, 1), axis, right),
    )


def through_ramps(left, right, axis, shape):
    """Pull linear ramps back to an array of ``shape``."""
    near_left, near_right = nearness(left, right, axis)
    edges = [
        np.sum(left * near_left, axis=axis, keepdims=True),
        np.sum(right * near_right, axis=axis, keepdims=True),
    ]
    return scatter_add(
        np.concatenate(edges, axis), along(axis, np.array([0, shape[axis] - 1])), shape
    )


def through_statistics(left, right, axis, inner, mode, lengths):
    """Pull margins filled with statistics of ``inner`` back to it."""
    n = inner.shape[axis]
    first, last = (n if length is None else min(length, n) for length in lengths)
    total = 0
    for part, seen in ((left, slice(0, first)), (right, slice(n - last, n))):
        weights = parts_of_statistic(inner[along(axis, seen)], axis, mode)
        pull = weights * np.sum(part, axis=axis, keepdims=True)
        total = total + scatter_add(pull, along(axis, seen), inner.shape)
    return total


def parts_of_statistic(seen, axis, mode):
    """The weight of each entry in the statistic along ``axis``; ties have equal weights."""
    n = seen.shape[axis]
    if mode == "mean":
        return np.ones(seen.shape, seen.dtype) / max(n, 1)
    if mode == "median":
        ordered = np.sort(seen, axis=axis)
        places = ((n - 1) // 2, n // 2)
    else:
        ordered = (np.max if mode == "maximum" else np.min)(seen, axis=axis, keepdims=True)
        places = (0,)
    total = np.zeros(seen.shape, seen.dtype)
    for place in places:
        chosen = seen == ordered[along(axis, slice(place, place + 1))]
        total += chosen / (np.sum(chosen, axis=axis, keepdims=True) * len(places))
    return total


def through_copies(left, right, axis, shape, mode, reflect_type):
    """Pull back margins that repeat entries (``edge``, ``wrap``, ``reflect``, ``symmetric``)."""
    before, after, n = left.shape[axis], right.shape[axis], shape[axis]
    places = np.concatenate([np.arange(-before, 0), np.arange(n, n + after)])
    source = np.pad(np.arange(n), (before, after), mode)[places + before]
    values = np.concatenate([left, right], axis)
    # A single entry is repeated, whatever the reflection type.
    if mode in ("reflect", "symmetric") and reflect_type == "odd" and n > 1:
        # Odd reflection: 2 * edge - entry; each full period adds 2 * (last - first).
        turns = places // (n if mode == "symmetric" else n - 1)
        odd = turns % 2
        values = np.concatenate(
            [
                values * column(1 - 2 * odd, axis, values),
                np.sum(values * column(turns + odd, axis, values), axis=axis, keepdims=True),
                np.sum(values * column(odd - turns, axis, values), axis=axis, keepdims=True),
            ],
            axis,
        )
        source = np.concatenate([source, [n - 1, 0]])
    return scatter_add(values, along(axis, source), shape)
