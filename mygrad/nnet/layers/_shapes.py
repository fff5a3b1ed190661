"""Checks of the arguments of layers: array shapes that must match, windows that must fit."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.nodes import Handle
from mygrad.functions.mirror import as_one

Sizes = tuple[int, ...]


def as_array(value: Any) -> Any:
    """A tensor as it is, a list of tensors as one tensor, anything else as an array."""
    value = as_one(value, None)
    return value if isinstance(value, Handle) else np.asarray(value)


def check_shapes(function: str, /, **arguments: tuple[Any, str]) -> dict[str, int]:
    """Check the shapes of the arguments of ``function``; return the length for each letter.

    ``check_shapes("f", x=(x, "N C"), w=(w, "C 4D"))``: the same letter means the same length,
    ``4D`` four times that of ``D``, ``…`` any leading axes. Arguments that are None are skipped.
    """
    sizes: dict[str, int] = {}
    for name, (value, spec) in arguments.items():
        if value is None:
            continue
        names = spec.split()
        known = dict(sizes)
        shape = value.shape
        if names[0] == "…":
            shape = shape[max(0, len(shape) + 1 - len(names)) :]
        letters = [each for each in names if each != "…"]
        fits = len(shape) == len(letters)
        for length, each in zip(shape, letters, strict=False):
            size, rest = divmod(length, int(each[:-1] or 1))
            fits = fits and not rest and sizes.setdefault(each[-1], size) == size
        if not fits:
            wanted = ", ".join(" ".join(filter(None, (each[:-1], each[-1]))) for each in names)
            where = ", ".join(f"{letter} = {size}" for letter, size in known.items())
            raise ValueError(
                f"{function}: {name} must have shape ({wanted}{',' * (len(names) == 1)})"
                f"{where and f' with {where}'}, not {value.shape}. Check it, and the arguments before it."
            )
    return sizes


class Placement(NamedTuple):
    """Windows on axes of ``sizes``; every field has a number for each axis."""

    sizes: Sizes
    window: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes

    @property
    def grid(self) -> Sizes:
        """The number of windows along each axis."""
        return tuple(
            (size + 2 * padding - dilation * (window - 1) - 1) // stride + 1
            for size, window, stride, padding, dilation in zip(*self, strict=True)
        )

    def reach(self, offsets: Sizes) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """The windows whose element at ``offsets`` is inside the array, and the indices of these."""
        windows, elements = [], []
        fields = zip(*self, self.grid, offsets, strict=True)
        for size, _, stride, padding, dilation, count, offset in fields:
            before = padding - offset * dilation
            first = max(0, -(-before // stride))
            last = min(count, (size - 1 + before) // stride + 1)
            last = max(first, last)
            windows.append(slice(first, last))
            start = first * stride - before
            elements.append(
                slice(start, max(start, start + (last - first - 1) * stride + 1), stride)
            )
        return tuple(windows), tuple(elements)


def placed(
    function: str, sizes: Sizes, window: Sizes, *, stride: Any, padding: Any = 0, dilation: Any = 1
) -> Placement:
    """The placement given by the arguments of ``function``."""
    ndim = len(sizes)
    placement = Placement(
        sizes,
        window,
        per_axis(function, "stride", stride, ndim, least=1),
        per_axis(function, "padding", padding, ndim, least=0),
        per_axis(function, "dilation", dilation, ndim, least=1),
    )
    for axis, (size, length, step, margin, spacing) in enumerate(zip(*placement, strict=True)):
        room = size + 2 * margin - spacing * (length - 1) - 1
        if length < 1 or room < 0 or room % step:
            raise ValueError(
                f"{function}: windows of {window} do not fit on axes of {sizes} with stride"
                f" {placement.stride}, padding {placement.padding}, dilation {placement.dilation}."
                f" Along spatial axis {axis}, size + 2 * padding - dilation * (window - 1) - 1 ="
                f" {room} must be a multiple of the stride, at least 0. Choose another stride or"
                " padding, or crop the array."
            )
    return placement


def per_axis(function: str, name: str, value: Any, ndim: int, *, least: int) -> Sizes:
    """A tuple of ``ndim`` integers, from one integer for all axes or one for each."""
    try:
        values = (operator.index(value),) * ndim
    except TypeError:
        try:
            values = tuple(operator.index(item) for item in value)
        except TypeError:
            raise TypeError(
                f"{function}: {name} must be an integer or a tuple of {ndim}, not {value!r}"
            ) from None
    if len(values) != ndim or any(each < least for each in values):
        raise ValueError(
            f"{function}: {name} must be an integer or a tuple of {ndim}, each at least {least},"
            f" not {value!r}"
        )
    return values
