"""Where a view lies in the memory of its base."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mygrad.engine import guard

Array = np.ndarray[Any, Any]


class Region(NamedTuple):
    """Where a view lies in the memory of its base."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: np.dtype[Any]
    writeable: bool

    def of(self, array: Array) -> Array:
        """The region into ``array``, which is laid out as the base was when the region was made."""
        memory, start = _memory(array)
        if memory is None:
            view = np.asarray(_Interface(self, array))
        else:
            place = 0 if 0 in self.shape else start + self.offset  # what is empty lies nowhere
            view = np.ndarray(self.shape, self.dtype, memory, place, self.strides)
            if not guard.is_writeable(array):
                view.flags.writeable = False
        return view

    def stacked(self, count: int, stride: int) -> Region:
        """The regions of ``count`` bases that lie ``stride`` bytes apart."""
        return self._replace(shape=(count, *self.shape), strides=(stride, *self.strides))

    @property
    def overlaps(self) -> bool:
        """Whether two of its elements are one in memory."""
        size = self.dtype.itemsize
        for stride, n in sorted((abs(s), n) for s, n in zip(self.strides, self.shape, strict=True)):
            if n > 1:
                if stride < size:
                    return True
                size += stride * (n - 1)
        return False

    def is_imaginary(self, dtype: np.dtype[Any]) -> bool:
        """Whether the region shows imaginary parts of a base of ``dtype``."""
        return self.dtype != dtype and self.offset % dtype.itemsize != 0

    def positions(self, layout: Layout, dtype: np.dtype[Any]) -> Array:
        """For each element, its position in the flattened base."""
        flat = _offsets(layout.shape, layout.strides).ravel()
        mine = _offsets(self.shape, self.strides) + self.offset // dtype.itemsize * dtype.itemsize
        order = np.argsort(flat, kind="stable")
        return order[np.searchsorted(flat, mine, sorter=order)]


def _offsets(shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """How many bytes each element lies behind the first."""
    offsets = np.zeros(shape, np.intp)
    for axis, stride in enumerate(strides):
        steps = np.arange(shape[axis]) * stride
        offsets += steps.reshape((-1,) + (1,) * (offsets.ndim - axis - 1))
    return offsets


def _memory(array: Array) -> tuple[Array | None, int]:
    """A C-contiguous array over the memory of ``array``, and where in it ``array`` begins."""
    if array.flags.c_contiguous:
        return array, 0
    dense = array.transpose(np.argsort([-stride for stride in array.strides], kind="stable"))
    if dense.flags.c_contiguous:
        return dense, 0
    if not isinstance(array.base, np.ndarray):
        return None, 0
    memory, start = _memory(array.base)
    return memory, start + address(array) - address(array.base)


class _Interface:
    """A region by NumPy's array interface, for memory that is no array's."""

    def __init__(self, region: Region, array: Array) -> None:
        self.base = array
        start, read_only = array.__array_interface__["data"]
        self.__array_interface__ = {
            "version": 3,
            "shape": region.shape,
            "strides": region.strides,
            "typestr": region.dtype.str,
            "data": (start + region.offset, read_only),
        }


def address(array: Array) -> int:
    """Where the first element lies."""
    return array.__array_interface__["data"][0]


def region_between(view: Array, base: Array) -> Region:
    """Where ``view`` lies in ``base``."""
    return Region(view.shape, view.strides, address(view) - address(base), view.dtype, True)


class Layout:
    """How an array lies in memory, so that a region into it fits another array as well."""

    __slots__ = ("shape", "strides")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape = array.shape
        self.strides = array.strides

    @classmethod
    def contiguous(cls, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Layout:
        """The layout of a new array."""
        return cls(np.empty(shape, dtype))

    def stacked(self, count: int, itemsize: int) -> Layout:
        """The layout of ``count`` arrays of this layout, one behind the other."""
        layout = Layout.__new__(Layout)
        layout.shape = (count, *self.shape)
        layout.strides = (self.extent(itemsize)[1], *self.strides)
        return layout

    def fits(self, array: np.ndarray[Any, Any]) -> bool:
        """True if ``array`` lies in memory as the layout says."""
        return array.strides == self.strides

    def zeros(self, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """A new array of zeros."""
        array = np.zeros(self.shape, dtype)
        if array.strides == self.strides:
            return array
        # Only its shape and strides are read: zeros_like keeps the order of the axes in memory.
        array = np.zeros_like(as_strided(np.empty(1, dtype), self.shape, self.strides))
        if array.strides == self.strides:
            return array
        before, size = self.extent(dtype.itemsize)
        return np.ndarray(self.shape, dtype, np.zeros(size, np.uint8), before, self.strides)

    def copy(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A new array with the contents of ``array``."""
        copy = array.copy("K")
        if copy.strides != self.strides:
            copy = self.zeros(array.dtype)
            copy[...] = array
        return copy

    def extent(self, itemsize: int) -> tuple[int, int]:
        """How many bytes lie before the first element, and how many there are in all."""
        reach = [(n - 1) * s for n, s in zip(self.shape, self.strides, strict=True)]
        before = -sum(r for r in reach if r < 0)
        return before, before + sum(r for r in reach if r > 0) + itemsize
