"""Which operands may stand beside a tensor, and which handle the call themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import (
    Handle,
)

_ndarray = np.ndarray
_SCALARS = (float, int, complex, bool, np.generic)


def check_class(operand_class: type[Any]) -> None:
    """Refuse arrays whose operations mean something else than those of a plain array."""
    if issubclass(operand_class, np.ma.MaskedArray):
        raise TypeError(
            f"a {operand_class.__name__} beside a tensor: the mask would be lost. Pass its values, np.asarray(array),"
            " and say by where= or np.where which of them count."
        )
    if issubclass(operand_class, np.matrix):
        raise TypeError(
            f"a {operand_class.__name__} beside a tensor: its * is a product of matrices, a tensor's is not. Pass"
            " np.asarray(matrix), and write products of matrices as @."
        )
    if hasattr(operand_class, "toarray"):
        raise TypeError(
            f"a {operand_class.__name__} beside a tensor: NumPy takes a sparse array for a single object. Pass its"
            " values, array.toarray()."
        )


def accepts(value: Any) -> bool:
    """Whether ``value`` may stand beside a tensor: foreign array types handle the call themselves."""
    operand_class = value.__class__
    if operand_class is np.ndarray or operand_class in (float, int) or isinstance(value, Handle):
        return True
    if isinstance(value, _SCALARS):
        return True
    check_class(operand_class)
    protocol = getattr(operand_class, "__array_ufunc__", _ndarray.__array_ufunc__)
    return protocol is _ndarray.__array_ufunc__


def defers(tensor: Any, other: Any) -> bool:
    """Whether an operator of ``tensor`` leaves the work to ``other``, by the rule of NEP 13."""
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
