"""Joining and splitting: concatenate, stack, block, insert, delete, split."""

import math
from itertools import accumulate, pairwise

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules.indexing import scatter_add
from mygrad.rules.manipulation import along, flat_axis

# ------------------------------------------------------------------ joining


def cut(grad, sizes, axis):
    """Consecutive pieces of ``grad`` along ``axis``, of the given sizes."""
    ends = (0, *accumulate(sizes))
    return [grad[along(axis, slice(start, stop))] for start, stop in pairwise(ends)]


def parts_of(shape):
    """The shapes of the arrays to join, and True if they were given as one stacked array."""
    if isinstance(shape[0], tuple):
        return shape, False
    return (shape[1:],) * shape[0], True


def split_joined(grad, given, lift, axis):
    """The gradients of arrays of shapes ``given``, joined along ``axis`` in shapes ``lift(…)``."""
    shapes, as_one = parts_of(given)
    pieces = cut(grad, [lift(shape)[axis] for shape in shapes], axis)
    gradients = [np.reshape(piece, shape) for piece, shape in zip(pieces, shapes, strict=True)]
    return np.stack(gradients) if as_one else gradients


def at_least_1d(shape):
    return shape or (1,)


def at_least_2d(shape):
    return (1,) * (2 - len(shape)) + shape


def at_least_3d(shape):
    return (1, *at_least_1d(shape), 1) if len(shape) < 2 else shape + (1,) * (3 - len(shape))


def at_least_column(shape):
    return shape if len(shape) > 1 else (*at_least_1d(shape), 1)


@implements(np.concatenate)
class Concatenate(Operation):
    def vjp_arrays(grad, arrays_shape, axis=0):
        if axis is None:
            return split_joined(grad, arrays_shape, lambda shape: (math.prod(shape),), 0)
        return split_joined(grad, arrays_shape, tuple, normalize_axis_index(axis, grad.ndim))


@implements(np.stack)
class Stack(Operation):
    def vjp_arrays(grad, axis=0):
        return np.moveaxis(grad, axis, 0)


@implements(np.hstack)
class HStack(Operation):
    def vjp_tup(grad, tup_shape):
        return split_joined(grad, tup_shape, at_least_1d, 0 if grad.ndim == 1 else 1)


@implements(np.vstack)
class VStack(Operation):
    def vjp_tup(grad, tup_shape):
        return split_joined(grad, tup_shape, at_least_2d, 0)


@implements(np.dstack)
class DStack(Operation):
    def vjp_tup(grad, tup_shape):
        return split_joined(grad, tup_shape, at_least_3d, 2)


@implements(np.column_stack)
class ColumnStack(Operation):
    def vjp_tup(grad, tup_shape):
        return split_joined(grad, tup_shape, at_least_column, 1)


@implements(np.block)
class Block(Operation):
    def vjp_arrays(grad, arrays):
        return unblock(grad, arrays, grad.ndim - depth(arrays))


def depth(arrays):
    """The nesting depth of lists of arrays."""
    return 1 + depth(arrays[0]) if isinstance(arrays, list) else 0


def unblock(grad, arrays, axis):
    """The gradients of nested lists of arrays, joined along ``axis`` and, inside, later axes."""
    if not isinstance(arrays, list):
        return np.reshape(grad, np.shape(arrays))
    sizes = [length(part, axis, grad.ndim) for part in arrays]
    pieces = cut(grad, sizes, axis)
    return [unblock(g, part, axis + 1) for g, part in zip(pieces, arrays, strict=True)]


def length(arrays, axis, ndim):
    """The length of nested lists of arrays along ``axis``, which precedes the axes they join."""
    while isinstance(arrays, list):
        arrays = arrays[0]
    shape = np.shape(arrays)
    return ((1,) * (ndim - len(shape)) + shape)[axis]


@implements(np.append)
class Append(Operation):
    def vjp_arr(grad, arr_shape, axis=None):
        size = math.prod(arr_shape) if axis is None else arr_shape[axis]
        axis = 0 if axis is None else normalize_axis_index(axis, grad.ndim)
        return np.reshape(grad[along(axis, slice(None, size))], arr_shape)

    def vjp_values(grad, arr_shape, values_shape, axis=None):
        size = math.prod(arr_shape) if axis is None else arr_shape[axis]
        axis = 0 if axis is None else normalize_axis_index(axis, grad.ndim)
        return np.reshape(grad[along(axis, slice(size, None))], values_shape)


# ------------------------------------------------------------------ inserting and deleting


def sources(length, obj, count):
    """The source of each entry after an insertion: its position, or -1 - j for the j-th new one.

    Inserting into the positions with NumPy handles every kind of ``obj``.
    """
    return np.insert(np.arange(length), obj, -1 - np.arange(count))


@implements(np.insert)
class Insert(Operation):
    def vjp_arr(grad, arr_shape, obj, axis=None):
        shape, axis = flat_axis(arr_shape, axis)
        origin = sources(shape[axis], obj, grad.shape[axis] - shape[axis])
        return np.reshape(grad[along(axis, origin >= 0)], arr_shape)

    def vjp_values(grad, arr_shape, obj, axis=None):
        shape, axis = flat_axis(arr_shape, axis)
        origin = sources(shape[axis], obj, grad.shape[axis] - shape[axis])
        new = np.flatnonzero(origin < 0)
        values = grad[along(axis, new[np.argsort(-origin[new])])]
        return values if np.ndim(obj) or isinstance(obj, slice) else np.moveaxis(values, axis, 0)


@implements(np.delete)
class Delete(Operation):
    gates = True

    def vjp_arr(grad, arr_shape, obj, axis=None):
        shape, axis = flat_axis(arr_shape, axis)
        kept = np.delete(np.arange(shape[axis]), obj)
        return np.reshape(scatter_add(grad, along(axis, kept), shape), arr_shape)


# ------------------------------------------------------------------ splitting


def spans(length, indices_or_sections):
    """The ranges into which ``length`` positions are split."""
    if np.ndim(indices_or_sections):
        marks = [0, *indices_or_sections, length]
    else:
        each, rest = divmod(length, int(indices_or_sections))
        sizes = [each + (part < rest) for part in range(int(indices_or_sections))]
        marks = [0, *accumulate(sizes)]
    return [range(length)[start:stop] for start, stop in pairwise(marks)]


def rejoin(grads, shape, axis, indices_or_sections):
    """The gradient of an array of ``shape``, split along ``axis``, given those of its parts."""
    parts = spans(shape[axis], indices_or_sections)
    given = next(grad for grad in grads if grad is not None)
    if sum(map(len, parts)) == shape[axis]:
        return np.concatenate(
            [
                np.zeros_like(given, shape=(*shape[:axis], len(part), *shape[axis + 1 :]))
                if grad is None
                else grad
                for grad, part in zip(grads, parts, strict=True)
            ],
            axis=axis,
        )
    # With unsorted indices the parts may overlap or leave gaps.
    total = np.zeros_like(given, shape=shape)
    for grad, part in zip(grads, parts, strict=True):
        if grad is not None:
            total[along(axis, slice(part.start, part.stop))] += grad
    return total


@implements(np.split, np.array_split)
class Split(Operation):
    may_view = selects = True

    def vjp_ary(grad, ary_shape, indices_or_sections, axis=0):
        axis = normalize_axis_index(axis, len(ary_shape))
        return rejoin(grad, ary_shape, axis, indices_or_sections)


@implements(np.hsplit)
class HSplit(Operation):
    may_view = selects = True

    def vjp_ary(grad, ary_shape, indices_or_sections):
        return rejoin(grad, ary_shape, min(1, len(ary_shape) - 1), indices_or_sections)


@implements(np.vsplit)
class VSplit(Operation):
    may_view = selects = True

    def vjp_ary(grad, ary_shape, indices_or_sections):
        return rejoin(grad, ary_shape, 0, indices_or_sections)


@implements(np.dsplit)
class DSplit(Operation):
    may_view = selects = True

    def vjp_ary(grad, ary_shape, indices_or_sections):
        return rejoin(grad, ary_shape, 2, indices_or_sections)


@implements(np.unstack)
class Unstack(Operation):
    may_view = selects = True

    def vjp_x(grad, axis=0):
        given = next(part for part in grad if part is not None)
        return np.stack([np.zeros_like(given) if p is None else p for p in grad], axis=axis)
