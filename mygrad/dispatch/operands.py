"""Checks of operands: those that can be combined with a tensor, and those that handle the call themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import (
    Handle,
)

_ndarray = np.ndarray
_SCALARS = (float, int, complex, bool, np.generic)


def check_class(operand_class: type[Any]) -> None:
    """Raise for array types whose operations differ in meaning from those of a plain array."""
    if issubclass(operand_class, np.ma.MaskedArray):
        raise TypeError(
            f"a {operand_class.__name__} combined with a tensor: the mask would be lost. Pass its values,"
            " np.asarray(array), and select the valid ones by where= or np.where."
        )
    if issubclass(operand_class, np.matrix):
        raise TypeError(
            f"a {operand_class.__name__} combined with a tensor: its * is a matrix product, a tensor's is"
            " elementwise. Pass np.asarray(matrix), and write matrix products as @."
        )
    if hasattr(operand_class, "toarray"):
        raise TypeError(
            f"a {operand_class.__name__} combined with a tensor: NumPy treats a sparse array as a single object."
            " Pass its values, array.toarray()."
        )


def accepts(value: Any) -> bool:
    """True if ``value`` can be combined with a tensor; False for array types that handle the call themselves."""
    operand_class = value.__class__
    if operand_class is np.ndarray or operand_class in (float, int) or isinstance(value, Handle):
        return True
    if isinstance(value, _SCALARS):
        return True
    check_class(operand_class)
    protocol = getattr(operand_class, "__array_ufunc__", _ndarray.__array_ufunc__)
    return protocol is _ndarray.__array_ufunc__


def defers(tensor: Any, other: Any) -> bool:
    """True if an operator of ``tensor`` must return NotImplemented in favour of ``other``, as NEP 13 says."""
    operand_class = other.__class__
    if (
        operand_class is np.ndarray
        or operand_class is tensor.__class__
        or isinstance(other, _SCALARS)
    ):
        return False
    if hasattr(operand_class, "__array_ufunc__"):
        return operand_class.__array_ufunc__ is None
    if (
        operand_class is list
        or operand_class is tuple
        or issubclass(operand_class, tensor.__class__)
    ):
        return False
    return bool(getattr(other, "__array_priority__", -1e9) > tensor.__array_priority__)
