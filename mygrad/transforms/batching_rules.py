"""NumPy's functions on batches of gradients: those that rules use most.

An axis counted from the last is the same axis in all rows at once: most of what follows is that.
"""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

from mygrad.transforms.batching import (
    Batch,
    Handler,
    aligned,
    each_row,
    from_last,
    handles,
    matmul,
    number_of_rows,
    padded,
    reduced,
)


def _each(declare: Handler, *functions: Any) -> None:
    """Declare what each of ``functions`` does, those of one kind."""
    for function in functions:
        declare(function)


def _reduction(function: Any) -> None:
    @handles(function)
    def reduction(a: Any, axis: Any = None, *rest: Any, **options: Any) -> Any:
        return NotImplemented if rest else reduced(function, a, axis=axis, **options)


_each(
    _reduction,
    np.all,
    np.any,
    np.amax,
    np.amin,
    np.count_nonzero,
    np.max,
    np.mean,
    np.min,
    np.prod,
    np.sum,
)


def _running(function: Any) -> None:
    @handles(function)
    def running(a: Any, axis: Any = None, **options: Any) -> Any:
        if axis is None:
            a, axis = _reshape(a, (a.size,)), -1
        return Batch(function(a.rows, axis=from_last(axis, a.ndim), **options))


_each(_running, np.cumsum, np.cumprod)


def _last_axes(function: Any) -> None:
    """A function that acts on the last axes: those in front are a stack."""

    @handles(function)
    def stacked(x: Any, *args: Any, **options: Any) -> Any:
        return Batch(function(x.rows, *args, **options))

    del stacked


_each(_last_axes, np.conj, np.imag, np.real, np.matrix_transpose, np.copy, np.astype)


def _with_axis(function: Any) -> None:
    """A transform along one axis, the last by default."""

    @handles(function)
    def along(a: Any, n: Any = None, axis: int = -1, *norm: Any, **options: Any) -> Any:
        return Batch(function(a.rows, n, from_last(axis, a.ndim), *norm, **options))


_each(_with_axis, np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)


@handles(np.shape)
def _shape(a: Any) -> Any:
    return a.shape


@handles(np.ndim)
def _ndim(a: Any) -> Any:
    return a.ndim


@handles(np.iscomplexobj)
def _is_complex(x: Any) -> Any:
    return x.dtype.kind == "c"


@handles(np.where)
def _where(condition: Any, *values: Any) -> Any:
    return Batch(np.where(*aligned((condition, *values)))) if values else NotImplemented


@handles(np.reshape)
def _reshape(a: Any, shape: Any, order: Any = "C", **options: Any) -> Any:
    if order not in ("C", "F") or options or not a.size:
        return each_row(np.reshape, (a, shape, order), options)
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    if order == "F":
        return _transpose(_reshape(_transpose(a), shape[::-1]))
    return Batch(np.reshape(a.rows, (len(a.rows), *shape)))


@handles(np.ravel)
def _ravel(a: Any, order: Any = "C") -> Any:
    return _reshape(a, (a.size,)) if order == "C" else NotImplemented


@handles(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any) -> Any:
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    return Batch(np.broadcast_to(padded(array, len(shape)), (len(array.rows), *shape)))


def _likes(function: Any) -> None:
    @handles(function)
    def same(a: Any, *args: Any, shape: Any = None, **options: Any) -> Any:
        if shape is None or args:
            return Batch(function(a.rows, *args, **options)) if shape is None else NotImplemented
        shape = tuple(shape) if np.iterable(shape) else (shape,)
        options["order"] = "C"  # rules count on it: what they reshape is a view
        return Batch(function(a.rows, shape=(len(a.rows), *shape), **options))


_each(_likes, np.zeros_like, np.ones_like, np.empty_like)


@handles(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    axes = range(-1, -a.ndim - 1, -1) if axes is None else axes
    return Batch(np.transpose(a.rows, (0, *from_last(tuple(axes), a.ndim))))


@handles(np.swapaxes)
def _swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    return Batch(np.swapaxes(a.rows, *from_last((axis1, axis2), a.ndim)))


@handles(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return Batch(np.moveaxis(a.rows, from_last(source, a.ndim), from_last(destination, a.ndim)))


@handles(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    number = len(axis) if isinstance(axis, tuple | list) else 1
    return Batch(np.expand_dims(a.rows, from_last(axis, a.ndim + number)))


@handles(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    if axis is None:
        axis = tuple(i for i, length in enumerate(a.shape) if length == 1)
    return Batch(np.squeeze(a.rows, from_last(axis, a.ndim)))


@handles(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    return Batch(np.flip(m.rows, from_last(axis, m.ndim)))


@handles(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return _reshape(_roll(_reshape(a, (a.size,)), shift, 0), a.shape)
    return Batch(np.roll(a.rows, shift, from_last(axis, a.ndim)))


@handles(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, **options: Any) -> Any:
    return NotImplemented if options else Batch(np.diff(a.rows, n, from_last(axis, a.ndim)))


@handles(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if not isinstance(arr, Batch) or isinstance(indices, Batch) or axis is None:
        return NotImplemented
    return Batch(np.take_along_axis(arr.rows, indices[np.newaxis], from_last(axis, arr.ndim)))


@handles(np.take)
def _take(a: Any, indices: Any, axis: Any = None, **options: Any) -> Any:
    if not isinstance(a, Batch) or isinstance(indices, Batch) or axis is None:
        return NotImplemented
    return Batch(np.take(a.rows, indices, axis=from_last(axis, a.ndim), **options))


@handles(np.diagonal)
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return Batch(np.diagonal(a.rows, offset, *from_last((axis1, axis2), a.ndim)))


@handles(np.tril)
def _lower(m: Any, k: int = 0) -> Any:
    return Batch(np.tril(m.rows, k)) if m.ndim > 1 else NotImplemented


@handles(np.triu)
def _upper(m: Any, k: int = 0) -> Any:
    return Batch(np.triu(m.rows, k)) if m.ndim > 1 else NotImplemented


@handles(np.pad)
def _pad(array: Any, pad_width: Any, *args: Any, **options: Any) -> Any:
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    return Batch(np.pad(array.rows, [(0, 0), *widths], *args, **options))


def _full(value: Any, number: int) -> Any:
    """The rows of a batch; those of an array that is the same for all."""
    if isinstance(value, Batch):
        return value.rows
    return np.broadcast_to(value, (number, *np.shape(value)))


@handles(np.concatenate)
def _concatenate(arrays: Any, axis: Any = 0, **options: Any) -> Any:
    number = number_of_rows(list(arrays))
    if axis is None or number is None:
        return NotImplemented
    rows = [_full(value, number) for value in arrays]
    return Batch(np.concatenate(rows, axis=from_last(axis, rows[0].ndim - 1), **options))


@handles(np.stack)
def _stack(arrays: Any, axis: int = 0, **options: Any) -> Any:
    number: Any = number_of_rows(list(arrays))
    rows = [_full(value, number) for value in arrays]
    return Batch(np.stack(rows, axis=from_last(axis, rows[0].ndim), **options))


# ------------------------------------------------------------------ products


@handles(np.dot)
def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return matmul(a, b) if np.ndim(a) <= 2 and np.ndim(b) <= 2 else NotImplemented


@handles(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(a, Batch) and isinstance(b, Batch):
        return NotImplemented
    if np.iterable(axes):
        of_a, of_b = (tuple(each) if np.iterable(each) else (each,) for each in axes)
    else:
        of_a, of_b = tuple(range(-axes, 0)), tuple(range(axes))
    of_a, of_b = from_last(of_a, np.ndim(a)), from_last(of_b, np.ndim(b))
    if isinstance(a, Batch):
        return Batch(np.tensordot(a.rows, b, (of_a, of_b)))
    return Batch(np.moveaxis(np.tensordot(a, b.rows, (of_a, of_b)), np.ndim(a) - len(of_a), 0))


@handles(np.einsum)
def _einsum(subscripts: Any, *operands: Any, **options: Any) -> Any:
    if not isinstance(subscripts, str) or "->" not in subscripts:
        return NotImplemented
    inputs, result = subscripts.replace(" ", "").split("->")
    row = next(letter for letter in ascii_letters if letter not in subscripts)
    terms = [
        row + term if isinstance(operand, Batch) else term
        for term, operand in zip(inputs.split(","), operands, strict=True)
    ]
    arrays = [each.rows if isinstance(each, Batch) else each for each in operands]
    return Batch(np.einsum(f"{','.join(terms)}->{row}{result}", *arrays, **options))


@handles(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    if isinstance(a, Batch) or b.ndim < 2:
        return NotImplemented
    return Batch(np.linalg.solve(a, padded(b, np.ndim(a))))
