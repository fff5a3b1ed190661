"""NumPy's functions that write into their first argument, expressed as assignments to a tensor."""

import numpy as np

from mygrad.engine.inplace import check_writeable
from mygrad.engine.nodes import Handle
from mygrad.engine.registry import mutates


def _target(function, array):
    if not isinstance(array, Handle):
        raise TypeError(
            f"np.{function} cannot write a tensor into a plain array, which carries no gradient."
            " Make the array a tensor (mygrad.tensor), or pass np.asarray(tensor)."
        )
    check_writeable(array)
    return array


def _values(array, values):
    """``values`` as a 1-d array or tensor; a list may hold tensors."""
    return np.ravel(type(array)(values) if isinstance(values, list | tuple) else values)


def _set_flat(array, positions, values):
    """Set the elements of ``array`` at ``positions``, counted in C order."""
    if array.ndim == 0:
        array = array[None]
    array[np.unravel_index(positions, array.shape)] = values


@mutates(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    """Overwrite ``dst`` with ``src`` where ``where`` is true."""
    _target("copyto", dst)
    if isinstance(src, list | tuple):
        src = type(dst)(src)
    # Raises NumPy's own error if the values cannot be cast.
    like = np.empty((0,), src.dtype) if isinstance(src, Handle | np.ndarray) else src
    np.copyto(np.empty((0,), dst.dtype), like, casting=casting)
    if where is True:
        dst[...] = src
        return
    shape = np.shape(src)
    if len(shape) > dst.ndim:
        src = np.reshape(
            src, shape[len(shape) - dst.ndim :]
        )  # the leading axes must have length one
    np.copyto(
        np.empty(np.shape(where)), 0, where=where
    )  # raises NumPy's own error if it is no mask
    mask = np.broadcast_to(np.asarray(where, bool), dst.shape)
    dst[mask] = np.broadcast_to(src, dst.shape)[mask]


@mutates(np.put)
def put(a, ind, v, mode="raise"):
    """Set elements by flat index; the values are repeated or truncated to the number of indices."""
    _target("put", a)
    v = _values(a, v)
    ind = np.ravel(np.asarray(ind, np.intp))
    np.put(np.empty(0), ind[:0], 0, mode)  # raises NumPy's own error if there is no such mode
    if mode == "clip":
        ind = np.clip(ind, 0, a.size - 1)
    elif mode == "raise" and np.any((ind < -a.size) | (ind >= a.size)):
        np.put(np.empty(a.shape), ind, 0)  # raises NumPy's own error
    if ind.size and v.size:
        _set_flat(a, ind % a.size, np.resize(v, ind.size))


@mutates(np.place)
def place(arr, mask, vals):
    """Set the elements where ``mask`` is true to the values in turn."""
    _target("place", arr)
    vals = _values(arr, vals)
    if vals.size == 0 or np.size(mask) != arr.size:
        np.place(np.empty(arr.shape), mask, np.empty(vals.shape))  # may raise NumPy's own error
        return
    places = np.flatnonzero(mask)
    if places.size:
        _set_flat(arr, places, np.resize(vals, places.size))


@mutates(np.putmask)
def putmask(a, /, mask, values):
    """Set the elements where ``mask`` is true to the values at the same positions."""
    _target("putmask", a)
    values = _values(a, values)
    if np.size(mask) != a.size:
        np.putmask(np.empty(a.shape), mask, 0)  # raises NumPy's own error
    places = np.flatnonzero(mask)
    if places.size and values.size:
        _set_flat(a, places, values[places % values.size])


@mutates(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    """Set the main diagonal."""
    _target("fill_diagonal", a)
    marks = np.zeros(a.shape, bool)
    np.fill_diagonal(marks, True, wrap)
    places = np.flatnonzero(marks)
    val = _values(a, val)
    if places.size and val.size:
        _set_flat(a, places, np.resize(val, places.size))


@mutates(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    """Set elements by matching one-dimensional slices of indices and values."""
    _target("put_along_axis", arr)
    positions = np.arange(arr.size).reshape(arr.shape)
    _set_flat(arr, np.take_along_axis(positions, np.asarray(indices), axis), values)
