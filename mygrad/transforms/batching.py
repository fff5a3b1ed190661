"""Many cotangents at once: a walk back whose gradients are batches of them.

Rules are written for one gradient. A :class:`Batch` stands for many, of one shape and dtype, and looks like
one of them: that is its ``shape``, its ``ndim``. NumPy hands it the calls that a rule makes, as it hands
tensors theirs. Elementwise functions run on all rows with one call, since NumPy broadcasts over axes in
front; of the others, those that rules use most have a way here, mostly a shift of axes; any other is called
once a row. What cannot be done with a batch at all (a branch that rows take differently, a plain array
that a rule writes into) raises, and the node is left to :class:`Batches`, which goes through its rules a
row at a time. So every rule works, and those in plain NumPy work fast.

The rows may be an array or a tensor: then the derivatives have a history.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.lib.mixins import NDArrayOperatorsMixin

from mygrad.engine.backward import Walk
from mygrad.engine.gradients import Arrays
from mygrad.engine.nans import raw
from mygrad.engine.nodes import Handle, Node
from mygrad.engine.regions import Layout, Region
from mygrad.engine.views import is_basic

Handler = Callable[..., Any]


class Batch(NDArrayOperatorsMixin):
    """Arrays of one shape and dtype that look like one of them; they are ``rows[0]``, ``rows[1]`` …"""

    __slots__ = ("rows",)

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__" and ufunc.signature is None:
            return wrapped(ufunc(*aligned(inputs)))
        if method == "reduce":
            return reduced(ufunc.reduce, *inputs, **{"axis": 0, **kwargs})
        if method == "at":
            return add_at(ufunc, *inputs)
        if method != "__call__":
            return each_row(getattr(ufunc, method), inputs, kwargs)
        target = kwargs.pop("out", None)
        if isinstance(kwargs.get("where"), Batch):
            return each_row(ufunc, inputs, kwargs)
        if ufunc.signature is None:
            result = wrapped(ufunc(*aligned(inputs), **kwargs))
        elif ufunc is np.matmul and not kwargs:
            result = matmul(*inputs)
        else:
            result = each_row(ufunc, inputs, kwargs)
        if target is None:
            return result
        (into,) = target
        into[...] = result  # an error if it is a plain array, which can hold one row only
        return into

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        handler = handlers.get(function)
        if handler is not None:
            result = handler(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return each_row(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a batch of gradients was to become one array")

    @property
    def _data(self) -> Batch:
        """The batch of the arrays, where the rows are a tensor: see `raw`."""
        return Batch(raw(self.rows))

    # ------------------------------------------------------------ facts, the same for all rows

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of each."""
        return self.rows.shape[1:]

    @property
    def ndim(self) -> int:
        """The number of axes of each."""
        return self.rows.ndim - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self.rows.dtype

    @property
    def size(self) -> int:
        """The number of elements of each."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        values = raw(self.rows).astype(bool)
        first = bool(values.flat[0])
        if values.ndim != 1 or not np.all(values == first):
            raise TypeError("a rule takes different ways for different gradients")
        return first

    # ------------------------------------------------------------ what rules call as methods

    @property
    def T(self) -> Any:
        """As of an array."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:
        """As of an array."""
        return np.swapaxes(self, -1, -2)

    @property
    def real(self) -> Any:
        """As of an array."""
        return Batch(self.rows.real)

    @property
    def imag(self) -> Any:
        """As of an array."""
        return Batch(self.rows.imag)

    def astype(self, dtype: Any) -> Any:
        """As of an array."""
        return Batch(self.rows.astype(dtype))

    def copy(self) -> Any:
        """As of an array."""
        return Batch(self.rows.copy())

    def conj(self) -> Any:
        """As of an array."""
        return Batch(np.conj(self.rows))

    def dot(self, other: Any) -> Any:
        """As of an array."""
        return np.dot(self, other)

    def reshape(self, *shape: Any) -> Any:
        """As of an array."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return lambda *args, **kwargs: getattr(np, name)(self, *args, **kwargs)
        raise AttributeError(name)

    # ------------------------------------------------------------ elements

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return Batch(self.rows[_shifted(index, self.shape)])

    def __setitem__(self, index: Any, value: Any) -> None:
        index = _shifted(index, self.shape)
        if isinstance(value, Batch):
            value = padded(value, raw(self.rows)[index].ndim - 1)
        self.rows[index] = value


_METHODS = frozenset(
    [
        "all",
        "any",
        "cumprod",
        "cumsum",
        "max",
        "mean",
        "min",
        "prod",
        "ravel",
        "squeeze",
        "sum",
        "swapaxes",
        "take",
        "transpose",
    ]
)


def _shifted(index: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """``index`` into each row as an index into the rows."""
    if is_basic(index):
        return (slice(None), *index) if isinstance(index, tuple) else (slice(None), index)
    # Index arrays that a slice parts would move their axes to the front, before that of the rows.
    positions = np.arange(math.prod(shape)).reshape(shape)[index]
    return (slice(None), *np.unravel_index(positions, shape))


def padded(value: Batch, ndim: int) -> Any:
    """The rows of ``value``, with axes of length one to make it ``ndim`` axes."""
    rows = value.rows
    missing = ndim - (rows.ndim - 1)
    return rows if missing <= 0 else rows.reshape((len(rows), *(1,) * missing, *rows.shape[1:]))


def aligned(values: Any) -> list[Any]:
    """Arrays that broadcast against each other as the members of the batches among ``values`` do."""
    ndim = 0
    for value in values:
        own = value.rows.ndim - 1 if value.__class__ is Batch else np.ndim(value)
        ndim = max(ndim, own)
    return [padded(value, ndim) if value.__class__ is Batch else value for value in values]


def wrapped(result: Any) -> Any:
    """Batches of the rows that a function returned."""
    return tuple(map(Batch, result)) if isinstance(result, tuple) else Batch(result)


# ------------------------------------------------------------------ functions

#: NumPy function → what does it for batches; see mygrad/transforms/batching_rules.py.
handlers: dict[Any, Handler] = {}


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Declare the decorated function to do for batches what ``functions`` do for arrays.

    It may return NotImplemented: then they are called once a row.
    """

    def declare(handler: Handler) -> Handler:
        handlers.update(dict.fromkeys(functions, handler))
        return handler

    return declare


def from_last(axis: Any, ndim: int) -> Any:
    """``axis`` counted from the last, where an axis in front makes no difference."""
    if axis is None:
        return tuple(range(-ndim, 0))
    if isinstance(axis, tuple | list | range):
        return tuple(from_last(each, ndim) for each in axis)
    return normalize_axis_index(axis, ndim) - ndim


def reduced(function: Any, a: Any, *, axis: Any = None, **options: Any) -> Any:
    if not isinstance(a, Batch) or number_of_rows(options) is not None:
        return each_row(function, (a,), {"axis": axis, **options})
    return Batch(function(a.rows, axis=from_last(axis, a.ndim), **options))


def matmul(x1: Any, x2: Any) -> Any:
    drop = []
    if np.ndim(x1) == 1:
        x1, drop = x1[np.newaxis, :], [-2]
    if np.ndim(x2) == 1:
        x2, drop = x2[:, np.newaxis], [*drop, -1]
    product = _product(x1, x2)
    for axis in drop:
        product = Batch(np.squeeze(product.rows, axis))
    return product


def _product(x1: Any, x2: Any) -> Batch:
    if not isinstance(x2, Batch) and x2.ndim == 2:
        # One product of all rows, for one product a row.
        rows = x1.rows
        flat = np.reshape(rows, (math.prod(rows.shape[:-1]), rows.shape[-1])) @ x2
        return Batch(np.reshape(flat, (*rows.shape[:-1], x2.shape[-1])))
    if not isinstance(x1, Batch) and x1.ndim == 2 and x2.shape[-1] == 1:
        turned = _product(Batch(np.swapaxes(x2.rows, -1, -2)), x1.T)
        return Batch(np.swapaxes(turned.rows, -1, -2))
    return Batch(np.matmul(*aligned((x1, x2))))


def add_at(ufunc: np.ufunc, target: Any, index: Any, *values: Any) -> None:
    if not isinstance(target, Batch):
        raise TypeError("a rule adds gradients to an array that can hold one of them")
    index = _shifted(index, target.shape)
    ndim = raw(target.rows)[index].ndim - 1
    rows = [padded(value, ndim) if isinstance(value, Batch) else value for value in values]
    ufunc.at(target.rows, index, *rows)


# ------------------------------------------------------------------ a row at a time


def each_row(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """``function`` called once a row."""
    return gathered([function(*a, **k) for a, k in rows_of((args, kwargs))])


def rows_of(value: Any) -> Iterator[Any]:
    """``value`` with one row after the other in the places of batches."""
    return (_pick(value, i) for i in range(number_of_rows(value) or 0))


def number_of_rows(value: Any) -> int | None:
    if isinstance(value, Batch):
        return len(value.rows)
    if isinstance(value, list | tuple):
        return next((n for n in map(number_of_rows, value) if n is not None), None)
    return number_of_rows(list(value.values())) if isinstance(value, dict) else None


def _pick(value: Any, i: int) -> Any:
    if isinstance(value, Batch):
        return value.rows[i, ...]
    if value.__class__ is list:
        return [_pick(item, i) for item in value]
    if value.__class__ is tuple:
        return tuple(_pick(item, i) for item in value)
    return {key: _pick(v, i) for key, v in value.items()} if value.__class__ is dict else value


def gathered(results: list[Any]) -> Any:
    """The results of a function for each row, as one result: batches for arrays, anything else the same for all."""
    first = results[0]
    if isinstance(first, np.ndarray | np.generic | Handle):
        return Batch(np.stack(results))
    if isinstance(first, list | tuple):
        parts = [gathered(list(each)) for each in zip(*results, strict=True)]
        return first._make(parts) if hasattr(first, "_make") else type(first)(parts)
    if any(result != first for result in results):
        raise TypeError("a rule takes different ways for different gradients")
    return first


class Batches(Arrays):
    """Gradients are batches of ``count`` gradients, of the kind ``each``: see mygrad/engine/gradients.py."""

    __slots__ = ("count", "each", "recorded")

    def __init__(self, count: int, each: Arrays) -> None:
        self.count = count
        self.each = each
        self.recorded = each.recorded

    def value(self, data: Any, node: Node) -> Any:
        """``data``, the value of ``node``, for a rule to compute with: the same in all rows."""
        return self.each.value(data, node)

    def saved(self, node: Node) -> Any:
        """The arguments that ``node`` saved for its rules."""
        return self.each.saved(node)

    def _stacked(self, layout: Layout, dtype: Any) -> Layout:
        return layout.stacked(self.count, np.dtype(dtype).itemsize)

    def zeros(self, layout: Layout, dtype: Any) -> Any:
        """Zeros to add gradients into."""
        return Batch(self.each.zeros(self._stacked(layout, dtype), dtype))

    def copied(self, gradient: Any, layout: Layout, dtype: Any) -> Any:
        """A copy of ``gradient``, to write into."""
        rows = gradient.rows if isinstance(gradient, Batch) else gradient
        return Batch(self.each.copied(rows, self._stacked(layout, dtype), dtype))

    def can_be_written(self, gradient: Any) -> bool:
        """True if parts of ``gradient`` can be assigned."""
        return isinstance(gradient, Batch) and self.each.can_be_written(gradient.rows)

    def fits(self, gradient: Any, layout: Layout) -> bool:
        """True if ``gradient`` can be written into, and is laid out in memory as ``layout`` says."""
        return isinstance(gradient, Batch) and self.each.fits(
            gradient.rows, self._stacked(layout, gradient.dtype)
        )

    def ready_for(self, buffer: Any, gradient: Any) -> Any:
        """``buffer``, which nobody else holds, as one that ``gradient`` can be added into."""
        rows = gradient.rows if isinstance(gradient, Batch) else gradient
        return Batch(self.each.ready_for(buffer.rows, rows))

    def part(self, buffer: Any, region: Region) -> Any:
        """The part of ``buffer`` at ``region``, a view."""
        stride = raw(buffer.rows).strides[0]
        return Batch(self.each.part(buffer.rows, region.stacked(self.count, stride)))

    def add_into(self, buffer: Any, index: Any, gradient: Any) -> None:
        """Add ``gradient`` to ``buffer[index]``; no element may be named twice."""
        buffer[index] = buffer[index] + gradient

    def pull(self, walk: Any, node: Node, grad: Any) -> Any:
        """Have ``walk`` send ``grad`` on from ``node``: all rows at once; where that fails, one after the other."""
        grads = walk.grads
        before = {parent: grads[parent] for parent in node.inputs or () if parent in grads}
        try:
            return walk.pull(node, grad)
        except Exception:
            if number_of_rows(grad) is None:
                raise
            # An error of the rule's own comes again, for the first row.
            grads.update(before)
            for parent, gradient in zip(before, self._by_row(node, grad, walk), strict=True):
                if gradient is not None:
                    walk.add(parent, gradient)
            return None

    def _by_row(self, node: Node, grad: Any, walk: Any) -> Any:
        """The gradients that ``node`` sends to each of its inputs in the walk."""
        arrived = []
        for row in rows_of(grad):
            inner = Walk(self.each)
            inner.check_nans = True
            inner.route = walk.route
            inputs = [parent for parent in dict.fromkeys(node.inputs or ()) if parent in walk.grads]
            inner.grads = dict.fromkeys(inputs)
            inner.pull(node, row)
            arrived.append(list(inner.grads.values()))
        return gathered(arrived)
