"""Shape manipulation: reshaping, moving axes, broadcasting, repeating, resizing, windows."""

import math
from itertools import product

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules.indexing import scatter_add

# ------------------------------------------------------------------ reshaping and copying


def resolved(a, order):
    """``order``, with "A" replaced by the "C" or "F" that it stands for."""
    if order == "A":
        return "F" if np.asarray(a).flags.fnc else "C"
    return order


@implements(np.reshape)
class Reshape(Operation):
    may_view = True

    def fact_layout(a, order="C"):
        return resolved(a, order)

    def vjp_a(grad, a_shape, layout):
        return np.reshape(grad, a_shape, order=layout)


@implements(np.ravel)
class Ravel(Operation):
    may_view = True

    def fact_layout(a, order="C"):
        return memory_order(np.asarray(a)) if order == "K" else resolved(a, order)

    def vjp_a(grad, a_shape, layout):
        if isinstance(layout, str):
            return np.reshape(grad, a_shape, order=layout)
        parts = np.reshape(grad, [a_shape[axis] for axis in layout])
        return np.transpose(parts, inverse_permutation(layout, len(layout)))


def memory_order(a):
    """The axes of ``a`` in the order that ``order="K"`` uses: by decreasing stride.

    Axes of stride 0 or length 1 are not ordered by stride. NumPy's insertion sort leaves them in
    place; so does this one.
    """
    strides = [abs(stride) if n > 1 else 0 for stride, n in zip(a.strides, a.shape, strict=True)]
    rising = []
    for axis in reversed(range(a.ndim)):
        place = len(rising)
        for position in reversed(range(len(rising))):
            other = strides[rising[position]]
            if other and strides[axis]:
                if other <= strides[axis]:
                    break
                place = position
        rising.insert(place, axis)
    return rising[::-1]


@implements(np.squeeze)
class Squeeze(Operation):
    may_view = True

    def vjp_a(grad, a_shape):
        return np.reshape(grad, a_shape)


@implements(np.expand_dims)
class ExpandDims(Operation):
    may_view = True

    def vjp_a(grad, a_shape):
        return np.reshape(grad, a_shape)


@implements(np.atleast_1d, np.atleast_2d, np.atleast_3d)
class AtLeast(Operation):
    may_view = True

    def vjp_arys(grad, arys_shape):
        grads = grad if len(arys_shape) > 1 else (grad,)
        return [
            None if part is None else np.reshape(part, shape)
            for part, shape in zip(grads, arys_shape, strict=True)
        ]


@implements(np.copy)
class Copy(Operation):
    def vjp_a(grad):
        return grad


@implements(np.astype)
class AsType(Operation):
    may_view = True

    def vjp_x(grad):
        return grad


# ------------------------------------------------------------------ axes


@implements(np.transpose)
class Transpose(Operation):
    may_view = True

    def vjp_a(grad, axes=None):
        if axes is not None:
            axes = inverse_permutation(axes, grad.ndim)
        return np.transpose(grad, axes)


def inverse_permutation(axes, ndim):
    """The axes that undo a transposition to ``axes``."""
    order = normalize_axis_tuple(axes, ndim)
    return tuple(sorted(range(ndim), key=order.__getitem__))


@implements(np.matrix_transpose)
class MatrixTranspose(Operation):
    may_view = True

    def vjp_x(grad):
        return np.matrix_transpose(grad)


@implements(np.swapaxes)
class SwapAxes(Operation):
    may_view = True

    def vjp_a(grad, axis1, axis2):
        return np.swapaxes(grad, axis1, axis2)


@implements(np.moveaxis)
class MoveAxis(Operation):
    may_view = True

    def vjp_a(grad, source, destination):
        return np.moveaxis(grad, destination, source)


@implements(np.rollaxis)
class RollAxis(Operation):
    may_view = True

    def vjp_a(grad, axis, start=0):
        source = normalize_axis_index(axis, grad.ndim)
        before = start + grad.ndim if start < 0 else start
        return np.moveaxis(grad, before - 1 if source < before else before, source)


# ------------------------------------------------------------------ flipping and rolling


@implements(np.flip)
class Flip(Operation):
    may_view = True

    def vjp_m(grad, axis=None):
        return np.flip(grad, axis)


@implements(np.fliplr)
class FlipLR(Operation):
    may_view = True

    def vjp_m(grad):
        return np.fliplr(grad)


@implements(np.flipud)
class FlipUD(Operation):
    may_view = True

    def vjp_m(grad):
        return np.flipud(grad)


@implements(np.rot90)
class Rot90(Operation):
    may_view = True

    def vjp_m(grad, k=1, axes=(0, 1)):
        return np.rot90(grad, -k, axes)


@implements(np.roll)
class Roll(Operation):
    def vjp_a(grad, shift, axis=None):
        return np.roll(grad, np.negative(np.asarray(shift, dtype=np.intp)), axis)


# ------------------------------------------------------------------ repeating


def flat_axis(shape, axis):
    """The shape and axis that a function works on which flattens if ``axis`` is None."""
    if axis is None:
        return (math.prod(shape),), 0
    return shape, normalize_axis_index(axis, len(shape))


def along(axis, index):
    """The index that applies ``index`` to the (non-negative) ``axis`` and keeps the other axes."""
    return (*(slice(None),) * axis, index)


@implements(np.broadcast_to)
class BroadcastTo(Operation):
    may_view = read_only = True

    def vjp_array(grad):
        return grad


@implements(np.broadcast_arrays)
class BroadcastArrays(Operation):
    may_view = True

    def vjp_args(grad):
        return grad


@implements(np.repeat)
class Repeat(Operation):
    def vjp_a(grad, a_shape, repeats, axis=None):
        shape, axis = flat_axis(a_shape, axis)
        length = shape[axis]
        counts = np.asarray(repeats)
        if counts.size == 1:
            split = (*shape[:axis], length, counts.item(), *shape[axis + 1 :])
            total = np.sum(np.reshape(grad, split), axis=axis + 1)
        else:
            index = np.repeat(np.arange(length), counts)
            total = scatter_add(grad, along(axis, index), shape)
        return np.reshape(total, a_shape)


@implements(np.tile)
class Tile(Operation):
    def vjp_A(grad, A_shape, reps):
        ndim = grad.ndim
        reps = tuple(reps) if np.ndim(reps) else (reps,)
        reps = (1,) * (ndim - len(reps)) + reps
        shape = (1,) * (ndim - len(A_shape)) + A_shape
        pairs = np.reshape(grad, [n for pair in zip(reps, shape, strict=True) for n in pair])
        return np.reshape(np.sum(pairs, axis=tuple(range(0, 2 * ndim, 2))), A_shape)


@implements(np.resize)
class Resize(Operation):
    def vjp_a(grad, a_shape):
        size = math.prod(a_shape)
        if size == 0:
            return np.zeros_like(grad, shape=a_shape)
        grad = np.ravel(grad)
        rounds, rest = divmod(grad.size, size)
        total = np.sum(np.reshape(grad[: rounds * size], (rounds, size)), axis=0)
        if rest:
            total = total + np.pad(grad[rounds * size :], (0, size - rest))
        return np.reshape(total, a_shape)


# ------------------------------------------------------------------ windows


@implements(np.lib.stride_tricks.sliding_window_view)
class SlidingWindowView(Operation):
    may_view = read_only = True

    def vjp_x(grad, x_shape, window_shape, axis=None):
        ndim = len(x_shape)
        window = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
        axes = (
            range(ndim) if axis is None else normalize_axis_tuple(axis, ndim, allow_duplicate=True)
        )
        positions = grad.shape[:ndim]
        total = np.zeros_like(grad, shape=x_shape)
        for offset in product(*map(range, window)):
            start = [0] * ndim
            for ax, step in zip(axes, offset, strict=True):
                start[ax] += step
            region = tuple(slice(s, s + n) for s, n in zip(start, positions, strict=True))
            total[region] += grad[(..., *offset)]
        return total


@implements(np.trim_zeros)
class TrimZeros(Operation):
    may_view = True

    def fact_start(filt, trim="fb", axis=None):
        filt = np.asarray(filt)
        start = np.zeros(filt.ndim, int)
        found = np.argwhere(filt)
        if "f" in trim.lower() and len(found):
            axes = normalize_axis_tuple(range(filt.ndim) if axis is None else axis, filt.ndim)
            start[list(axes)] = np.min(found, axis=0)[list(axes)]
        return start

    def vjp_filt(grad, filt_shape, start):
        return np.pad(
            grad,
            [(s, n - s - m) for s, n, m in zip(start, filt_shape, grad.shape, strict=True)],
        )
