"""Selecting elements: by position, by condition, by diagonal."""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from mygrad.engine.operation import Operation
from mygrad.engine.registry import composed, implements
from mygrad.rules.indexing import scatter_add
from mygrad.rules.joining import parts_of
from mygrad.rules.manipulation import along, flat_axis

# ------------------------------------------------------------------ by position


def in_range(indices, length, mode):
    """The valid indices that ``indices`` stand for in the given ``mode``."""
    if mode == "wrap":
        return np.mod(indices, length)
    if mode == "clip":
        return np.clip(indices, 0, length - 1)
    return indices


@implements(np.take)
class Take(Operation):
    gates = True

    def vjp_a(grad, a_shape, indices, axis=None, mode="raise"):
        shape, axis = flat_axis(a_shape, axis)
        if not grad.size:
            return np.zeros_like(grad, shape=a_shape)
        indices = in_range(np.asarray(indices), shape[axis], mode)
        return np.reshape(scatter_add(grad, along(axis, indices), shape), a_shape)


@implements(np.take_along_axis)
class TakeAlongAxis(Operation):
    gates = True

    def vjp_arr(grad, arr_shape, indices, axis=-1):
        shape, axis = flat_axis(arr_shape, axis)
        index = list(np.ix_(*map(np.arange, shape)))
        index[axis] = indices
        return np.reshape(scatter_add(grad, tuple(index), shape), arr_shape)


# ------------------------------------------------------------------ by condition


@implements(np.where)
class Where(Operation):
    gates = True

    def vjp_condition(grad):
        """No gradient: the function is piecewise constant in it."""

    def vjp_x(grad, condition):
        return np.where(condition, grad, 0)

    def vjp_y(grad, condition):
        return np.where(condition, 0, grad)


@implements(np.select)
class Select(Operation):
    gates = True

    def vjp_choicelist(grad, condlist, choicelist_shape):
        rest = True
        gradients = []
        for condition in condlist:
            gradients.append(np.where(np.logical_and(rest, condition), grad, 0))
            rest = np.logical_and(rest, np.logical_not(condition))
        return in_form_of_choices(gradients, choicelist_shape)

    def vjp_default(grad, condlist):
        return np.where(np.logical_or.reduce(np.broadcast_arrays(*condlist)), 0, grad)


@implements(np.choose)
class Choose(Operation):
    gates = True

    def vjp_choices(grad, a, choices_shape, mode="raise"):
        count = len(parts_of(choices_shape)[0])
        a = in_range(np.asarray(a, dtype=np.intp), count, mode)
        gradients = [np.where(a == position, grad, 0) for position in range(count)]
        return in_form_of_choices(gradients, choices_shape)


def in_form_of_choices(gradients, given):
    """The ``gradients`` of the choices, stacked if the choices were given as one array."""
    shapes, as_one = parts_of(given)
    if not as_one:
        return gradients
    # The choices were broadcast against the conditions.
    extra = gradients[0].ndim - len(shapes[0])
    return np.sum(np.stack(gradients), axis=tuple(range(1, 1 + extra)))


@implements(np.compress)
class Compress(Operation):
    gates = True

    def vjp_condition(grad):
        """No gradient: the function is piecewise constant in it."""

    def vjp_a(grad, a_shape, condition, axis=None):
        shape, axis = flat_axis(a_shape, axis)
        total = scatter_add(grad, along(axis, np.flatnonzero(condition)), shape)
        return np.reshape(total, a_shape)


@implements(np.extract)
class Extract(Operation):
    gates = True

    def vjp_condition(grad):
        """No gradient: the function is piecewise constant in it."""

    def vjp_arr(grad, condition, arr_shape):
        total = scatter_add(grad, (np.flatnonzero(condition),), (math.prod(arr_shape),))
        return np.reshape(total, arr_shape)


@composed(np.piecewise, but=("condlist",))
def piecewise(x, condlist, funclist, *args, **kw):
    """Later conditions take precedence over earlier ones, as in NumPy."""
    if np.isscalar(condlist) or (x.ndim and np.ndim(condlist[0]) == 0):
        condlist = [condlist]
    condlist = [np.asarray(condition, dtype=bool) for condition in condlist]
    if len(funclist) == len(condlist) + 1:
        condlist.append(np.logical_not(np.logical_or.reduce(condlist)))
    places = np.reshape(np.arange(x.size), x.shape)
    total = np.zeros_like(x)
    for condition, function in zip(condlist, funclist, strict=True):
        value = function
        if callable(function):
            if not np.any(condition):
                continue
            here = x[condition]
            values = np.broadcast_to(function(here, *args, **kw), here.shape)
            value = scatter_add(np.ravel(values), (np.ravel(places[condition]),), (x.size,))
            value = np.reshape(value, x.shape)
        # A mask with fewer axes applies to the leading ones.
        mask = np.reshape(condition, condition.shape + (1,) * (x.ndim - condition.ndim))
        total = np.where(mask, value, total)
    return total


# ------------------------------------------------------------------ by diagonal


def on_diagonal(values, shape, offset=0, axis1=0, axis2=1):
    """Zeros of ``shape`` with ``values`` on a diagonal: the transpose of ``np.diagonal``."""
    axis1 = normalize_axis_index(axis1, len(shape))
    axis2 = normalize_axis_index(axis2, len(shape))
    others = tuple(n for axis, n in enumerate(shape) if axis not in (axis1, axis2))
    position = np.arange(values.shape[-1])
    index = (..., position + max(-offset, 0), position + max(offset, 0))
    total = scatter_add(values, index, (*others, shape[axis1], shape[axis2]))
    return np.moveaxis(total, (-2, -1), (axis1, axis2))


@implements(np.diagonal)
class Diagonal(Operation):
    may_view = read_only = selects = True

    def vjp_a(grad, a_shape, offset=0, axis1=0, axis2=1):
        return on_diagonal(grad, a_shape, offset, axis1, axis2)


@implements(np.diag)
class Diag(Operation):
    may_view = selects = True

    def vjp_v(grad, v_shape, k=0):
        if len(v_shape) == 1:
            return np.diagonal(grad, k)
        return on_diagonal(grad, v_shape, k)


@implements(np.diagflat)
class DiagFlat(Operation):
    def vjp_v(grad, v_shape, k=0):
        return np.reshape(np.diagonal(grad, k), v_shape)


@implements(np.tril)
class TriL(Operation):
    selects = True

    def vjp_m(grad, k=0):
        return np.tril(grad, k)


@implements(np.triu)
class TriU(Operation):
    selects = True

    def vjp_m(grad, k=0):
        return np.triu(grad, k)
