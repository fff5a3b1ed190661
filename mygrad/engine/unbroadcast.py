"""Fits a gradient to its node: summed over broadcast axes, and cast to the dtype."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mygrad.engine.nodes import Node
from mygrad.errors import InvalidGradient

_ndarray = np.ndarray
_sum = np.add.reduce


def sum_to(gradient: Any, shape: tuple[int, ...]) -> Any:
    """``gradient`` summed over the axes along which an array of ``shape`` was broadcast to its shape."""
    # Of a tensor the function is recorded at less cost than the method of the ufunc.
    total = _sum if gradient.__class__ is _ndarray else np.sum
    if not shape:
        return total(gradient, axis=None)
    ndim = len(shape)
    extra = gradient.ndim - ndim
    if extra == 1 and gradient.shape[1:] == shape:
        return total(gradient, axis=0)
    axes = tuple(range(extra)) + tuple(
        axis + extra
        for axis in range(max(-extra, 0), ndim)
        if shape[axis] == 1 and gradient.shape[axis + extra] != 1
    )
    if len(axes) == 1 and _is_slow_to_sum(gradient, axes[0]):
        gradient = _sum_by_blas(gradient, axes[0])
    elif axes:
        gradient = total(gradient, axis=axes, keepdims=True)
    if extra > 0:
        gradient = gradient.reshape(gradient.shape[extra:])
    if gradient.shape != shape:
        gradient = np.broadcast_to(gradient, shape)
    return gradient


def _is_slow_to_sum(array: Any, axis: int) -> bool:
    """True if NumPy sums ``array`` over ``axis`` in many short loops, where BLAS takes a fraction of the time.

    They run along the last axis if that is summed over, else over what follows ``axis``.
    """
    return (
        axis > 0
        and array.__class__ is _ndarray
        and array.size > 2000
        and array.dtype.char in "fd"
        and array.flags.c_contiguous
        and prod(array.shape[axis + 1 :] or array.shape[axis:]) <= 16
    )


def _sum_by_blas(array: Any, axis: int) -> Any:
    """``array`` summed over ``axis``, which stays as an axis of length one."""
    before, n = array.shape[:axis], array.shape[axis]
    rows = array.reshape(prod(before), n, -1)
    return (np.ones(n, array.dtype) @ rows).reshape(*before, 1, *array.shape[axis + 1 :])


def cast_to(gradient: Any, dtype: np.dtype[Any]) -> Any:
    """``gradient`` in ``dtype``: its real part, for a real argument."""
    if gradient.dtype.kind == "c" and dtype.kind != "c":
        gradient = gradient.real
    return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def broadcasts_to(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """True if an array of ``shape`` can be broadcast to the shape ``to``."""
    pairs = zip(reversed(shape), reversed(to), strict=False)
    return len(shape) <= len(to) and all(a in (1, b) for a, b in pairs)


def fit(gradient: Any, node: Node, source: Node) -> Any:
    """``gradient`` with the shape and dtype of ``node``; ``source`` is named if that cannot be."""
    if not hasattr(gradient, "shape"):
        given, gradient = gradient, np.asarray(gradient)
        if gradient.dtype.kind not in "biufc":
            raise InvalidGradient(
                f"a rule of {type(source).__name__} returned {given!r}, which is no array of numbers"
            )
    if gradient.shape != node.shape:
        try:
            gradient = sum_to(gradient, node.shape)
        except ValueError:
            raise InvalidGradient(
                f"{type(source).__name__} gave a gradient of shape {gradient.shape}"
                f" for a tensor of shape {node.shape}"
            ) from None
    if gradient.dtype != node.dtype:
        gradient = cast_to(gradient, node.dtype)
    return gradient
