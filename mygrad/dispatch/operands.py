"""Which operands may stand beside a tensor, and which handle the call themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import (
    Handle,
)

_ndarray = np.ndarray
_SCALARS = (float, int, complex, bool, np.generic)


def check_class(kind: type[Any]) -> None:
    """Refuse arrays whose operations mean something else than those of a plain array."""
    if issubclass(kind, np.ma.MaskedArray):
        raise TypeError(
            f"a {kind.__name__} beside a tensor: the mask would be lost. Pass its values, np.asarray(array),"
            " and say by where= or np.where which of them count."
        )
    if issubclass(kind, np.matrix):
        raise TypeError(
            f"a {kind.__name__} beside a tensor: its * is a product of matrices, a tensor's is not. Pass"
            " np.asarray(matrix), and write products of matrices as @."
        )
    if hasattr(kind, "toarray"):
        raise TypeError(
            f"a {kind.__name__} beside a tensor: NumPy takes a sparse array for a single object. Pass its"
            " values, array.toarray()."
        )


def accepts(value: Any) -> bool:
    """Whether ``value`` may stand beside a tensor: foreign array types handle the call themselves."""
    kind = value.__class__
    if kind is np.ndarray or kind in (float, int) or isinstance(value, Handle):
        return True
    if isinstance(value, _SCALARS):
        return True
    check_class(kind)
    protocol = getattr(kind, "__array_ufunc__", _ndarray.__array_ufunc__)
    return protocol is _ndarray.__array_ufunc__


def defers(tensor: Any, other: Any) -> bool:
    """Whether an operator of ``tensor`` leaves the work to ``other``, by the rule of NEP 13."""
    kind = other.__class__
    if kind is np.ndarray or kind is tensor.__class__ or isinstance(other, _SCALARS):
        return False
    if hasattr(kind, "__array_ufunc__"):
        return kind.__array_ufunc__ is None
    if kind is list or kind is tuple or issubclass(kind, tensor.__class__):
        return False
    return bool(getattr(other, "__array_priority__", -1e9) > tensor.__array_priority__)
