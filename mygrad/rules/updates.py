"""NumPy's functions that write into their first argument: each is an assignment to a tensor."""

import numpy as np

from mygrad.graph import Handle
from mygrad.operation import mutates


def _target(function, array):
    if not isinstance(array, Handle):
        raise TypeError(
            f"np.{function} was to write a tensor into a plain array, which cannot carry its gradient."
            " Make the array a tensor (mygrad.tensor), or pass np.asarray(tensor)."
        )
    return array


def _flat(array, positions):
    return np.unravel_index(positions, array.shape)


@mutates(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    """Overwrite ``dst`` with ``src`` where ``where`` is true."""
    np.positive(src, out=(_target("copyto", dst),), casting=casting, where=where)


@mutates(np.put)
def put(a, ind, v, mode="raise"):
    """Set flat elements; the values are repeated or cut to the number of indices."""
    _target("put", a)
    ind = np.asarray(ind)
    if mode == "wrap":
        ind = ind % a.size
    elif mode == "clip":
        ind = np.clip(ind, 0, a.size - 1)
    elif np.any((ind < -a.size) | (ind >= a.size)):
        np.put(np.empty(a.shape), ind, 0)  # NumPy's own error
    if ind.size:
        a[_flat(a, np.ravel(ind) % a.size)] = np.resize(v, ind.size)


def _masked(a, mask, vals, by_position):
    mask = (
        np.broadcast_to(np.asarray(mask, bool), a.shape)
        if np.ndim(mask) == 0
        else np.asarray(mask, bool)
    )
    places = np.flatnonzero(mask)
    if places.size:
        values = np.ravel(vals)
        a[_flat(a, places)] = values[
            (places if by_position else np.arange(places.size)) % values.size
        ]


@mutates(np.place)
def place(arr, mask, vals):
    """Set the elements where ``mask`` is true to the values in turn."""
    _target("place", arr)
    if np.size(vals) == 0 or np.size(mask) != arr.size:
        np.place(
            np.empty(arr.shape), mask, np.empty(np.shape(vals))
        )  # NumPy's own error, or nothing
        return
    _masked(arr, np.reshape(mask, arr.shape), vals, by_position=False)


@mutates(np.putmask)
def putmask(a, /, mask, values):
    """Set the elements where ``mask`` is true to the values at the same positions."""
    _target("putmask", a)
    if np.size(mask) != a.size:
        np.putmask(np.empty(a.shape), mask, 0)  # NumPy's own error
    if np.size(values):
        _masked(a, np.reshape(mask, a.shape), values, by_position=True)


@mutates(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    """Set the main diagonal."""
    _target("fill_diagonal", a)
    marks = np.zeros(a.shape, bool)
    np.fill_diagonal(marks, True, wrap)
    places = np.flatnonzero(marks)
    if places.size and np.size(val):
        a[_flat(a, places)] = np.resize(val, places.size)


@mutates(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    """Set elements by matching one-dimensional slices of indices and values."""
    _target("put_along_axis", arr)
    if axis is None:
        positions = np.arange(arr.size)
        arr[_flat(arr, np.take_along_axis(positions, np.asarray(indices), None))] = values
        return
    positions = np.arange(arr.size).reshape(arr.shape)
    arr[_flat(arr, np.take_along_axis(positions, np.asarray(indices), axis))] = values
