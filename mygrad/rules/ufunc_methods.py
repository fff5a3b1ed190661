"""``ufunc.reduce``, ``.accumulate``, ``.outer``, ``.reduceat`` and ``.at`` of ufuncs with rules.

``np.add.reduce`` and the like are functions with an operation of their own. Any other ufunc is
folded with its own rules: the pullback of ``accumulate`` needs only the partial results.
"""

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.fates import data_call
from mygrad.dispatch.protocols import dispatched, run
from mygrad.engine.nodes import Handle
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements, registry, ufunc_method
from mygrad.engine.views import repeats
from mygrad.rules._axes import silence
from mygrad.rules.indexing import scatter_add

# The functions that equal a ufunc's reduction; all of them accept initial= and where=.
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
_ACCUMULATIONS = {np.add: np.cumsum, np.multiply: np.cumprod}


def _call(tensor_class, function, args, kwargs):
    return run(tensor_class, registry[function], function, args, kwargs)


def _options(**options):
    return {name: value for name, value in options.items() if value is not None}


@ufunc_method("reduce")
def reduce(
    tensor_class,
    ufunc,
    array,
    axis=0,
    dtype=None,
    out=None,
    keepdims=False,
    initial=np._NoValue,
    where=True,
):
    """``ufunc.reduce``."""
    out = out[0] if isinstance(out, tuple) else out
    options = _options(dtype=dtype, out=out)
    if initial is not np._NoValue and initial is not None:
        options["initial"] = initial
    if where is not True:
        options["where"] = where
    if ufunc in _REDUCTIONS:
        if dtype is not None and ufunc in (np.maximum, np.minimum):
            array = array.astype(dtype)
            del options["dtype"]
        if ufunc in (np.add, np.multiply) and dtype is None and np.result_type(array).kind == "b":
            options["dtype"] = bool
        function = _REDUCTIONS[ufunc]
        return _call(
            tensor_class, function, (array,), {"axis": axis, "keepdims": keepdims, **options}
        )
    return _fold(tensor_class, ufunc, array, axis, keepdims, options)


def _fold(tensor_class, ufunc, array, axis, keepdims, options):
    if np.ndim(array) == 0:
        raise TypeError(f"cannot reduce on a scalar: np.{ufunc.__name__}.reduce got a 0-d array")
    axes = (
        tuple(range(array.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    )
    axes = tuple(a % array.ndim for a in axes)
    others = tuple(a for a in range(array.ndim) if a not in axes)
    kept = tuple(1 if a in axes else n for a, n in enumerate(array.shape))
    if dtype := options.get("dtype"):
        array = array.astype(dtype)
    flat = _rows(array, axes + others, len(others))
    where = options.get("where", True)
    initial = options.get("initial", ufunc.identity)
    if initial is not None:
        start = initial if isinstance(initial, Handle) else np.asarray(initial, flat.dtype)
        flat = np.concatenate([np.broadcast_to(start, flat.shape[1:])[None], flat])
    if where is not True:
        if initial is None:
            ufunc.reduce(array._data, axis, where=where)  # raises NumPy's own error
        mask = np.broadcast_to(np.asarray(where), array.shape)
        total = flat[0]
        for row, taken in zip(flat[1:], _rows(mask, axes + others, len(others)), strict=True):
            total = np.where(taken, ufunc(total, row), total)
    elif len(flat):
        total = _call(tensor_class, accumulated, (ufunc, flat), {})[-1]
    else:
        total = np.asarray(ufunc.reduce(np.asarray(flat._data)))
    if keepdims:
        total = np.reshape(total, kept)
    out = options.get("out")
    if out is None:
        return total
    out[...] = total
    return out


def _rows(array, order, rest):
    """``array`` with its axes in ``order``, all but the last ``rest`` of them merged into one."""
    moved = np.transpose(array, order)
    return np.reshape(moved, (-1, *moved.shape[moved.ndim - rest :]))


@dispatched
def accumulated(ufunc, array):
    """``ufunc.accumulate`` along the first axis."""
    return ufunc.accumulate(array, axis=0)


@implements(accumulated)
class Accumulated(Operation):
    def vjp_array(grad, ufunc, array, out):
        rules = registry[ufunc].plan_for(("x1", "x2"))
        named = {"x1": out[:-1], "x2": array[1:], "out": out[1:]}
        saved = [named[name] for name in rules.names]
        back = [None] * len(array)
        arrived = grad[-1] if len(array) else None
        for i in range(len(array) - 1, 0, -1):
            at = [value[i - 1] for value in saved]
            if registry[ufunc].joint is None:
                before, back[i] = (_pulled(rule, arrived, at) for rule in rules.rules)
            else:
                both = rules.rules[0](arrived, ("x1", "x2"), *at)
                before, back[i] = both["x1"], both["x2"]
            arrived = before + grad[i - 1]
        if len(array):
            back[0] = arrived
        return np.stack(back) if back else grad


def _pulled(rule, grad, saved):
    """The gradient that the rule returns; zero for None and where ``grad`` is zero."""
    pulled = rule(grad, *saved)
    return np.zeros_like(grad) if pulled is None else silence(grad, pulled)


@ufunc_method("accumulate")
def accumulate(tensor_class, ufunc, array, axis=0, dtype=None, out=None):
    """``ufunc.accumulate``."""
    out = out[0] if isinstance(out, tuple) else out
    if ufunc in _ACCUMULATIONS:
        options = _options(dtype=dtype, out=out)
        return _call(tensor_class, _ACCUMULATIONS[ufunc], (array,), {"axis": axis, **options})
    if np.ndim(array) == 0:
        raise TypeError("cannot accumulate on a scalar")
    if dtype is not None:
        array = array.astype(dtype)
    result = np.moveaxis(accumulated(ufunc, np.moveaxis(array, axis, 0)), 0, axis)
    if out is None:
        return result
    out[...] = result
    return out


@ufunc_method("outer")
def outer(tensor_class, ufunc, a, b, **kwargs):
    """``ufunc.outer``: the ufunc applied to every pair of elements."""
    a = np.reshape(a, np.shape(a) + (1,) * np.ndim(b))
    return ufunc(a, b, **kwargs)


@ufunc_method("reduceat")
def reduceat(tensor_class, ufunc, array, indices, axis=0, dtype=None, out=None):
    """``ufunc.reduceat``: a reduction of each slice."""
    out = out[0] if isinstance(out, tuple) else out
    indices = np.asarray(indices)
    moved = np.moveaxis(array, axis, 0)
    count = len(moved)
    if np.any((indices < 0) | (indices >= count)):
        ufunc.reduceat(np.empty(moved.shape), indices)  # raises NumPy's own error
    ends = [*indices[1:], count]
    parts = [
        ufunc.reduce(moved[start:stop], axis=0, dtype=dtype) if stop > start else moved[start]
        for start, stop in zip(indices, ends, strict=True)
    ]
    result = np.moveaxis(np.stack(parts), 0, axis)
    if out is None:
        return result
    out[...] = result
    return out


@ufunc_method("at")
def at(tensor_class, ufunc, a, indices, *b):
    """``ufunc.at``: update the elements at ``indices`` one after the other."""
    if not isinstance(a, Handle):
        if any(isinstance(v, Handle) and not v.constant for v in b):
            raise TypeError(
                f"np.{ufunc.__name__}.at cannot write a tensor into a plain array, which carries no"
                " gradient: make the array a tensor"
            )
        return data_call(ufunc.at, (a, indices, *b), {})
    indices = unwrap(indices, [])
    if a.dtype.kind not in "fc":  # cast as NumPy does; integers have no gradient
        for value in b:
            if isinstance(value, Handle):
                value._leaks("was written into a tensor of integers")
        total = np.array(a._value())
        ufunc.at(total, indices, *unwrap(b, []))
        a[...] = total
        return None
    b = [tensor_class(v) if isinstance(v, list | tuple) else v for v in b]
    if not repeats(indices):
        a[indices] = ufunc(a[indices], *b)
        return None
    if ufunc in (np.add, np.subtract):
        values = np.broadcast_to(b[0], np.empty(a.shape, bool)[indices].shape)
        ufunc(a, scatter_add(values, indices, a.shape), out=(a,))
        return None
    named = np.arange(a.size).reshape(a.shape)[indices]
    # Copies: a value may be a view of the updated array.
    operands = [np.copy(np.ravel(np.broadcast_to(v, named.shape))) for v in b]
    for now in _rounds(named.ravel()):
        places = np.unravel_index(named.ravel()[now], a.shape)
        a[places] = ufunc(a[places], *(v[now] for v in operands))
    return None


def _rounds(named):
    """Yield the positions in ``named`` in rounds, none of which contains an element twice."""
    left = np.arange(named.size)
    while left.size:
        _, first = np.unique(named[left], return_index=True)
        yield left[first]
        left = np.delete(left, first)
