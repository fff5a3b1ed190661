"""The kinds of arguments, by which specialised calls are chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import CONSTANT_VIEW, EXPOSED, SLOW, VIEW, Constant, Handle
from mygrad.engine.views import is_fleeting

_ndarray = np.ndarray

#: The kinds of the dtypes of tensors.
NUMERIC = frozenset("biufc")

# Kinds of arguments: integers, as keys of calls also hold the names of keyword arguments.
VARIABLE = 0  # a tensor that carries a gradient, in its ordinary state
FIXED = 1  # a constant tensor, in its ordinary state
ARRAY = 2
ATOM = 3  # holds no tensor and no array, and cannot change
TUPLE = 4  # of atoms, nested tuples and lists
LIST = 5  # likewise
ARRAYS = 6  # a list or tuple of any other kinds, with at least one variable
ARRAY_0D = 7

_OF_ATOMS = {ATOM, TUPLE, LIST}
IN_ARRAYS = {VARIABLE, FIXED, ARRAY, ARRAY_0D} | _OF_ATOMS

#: The classes of Python's and NumPy's numbers. `np.number` would admit `timedelta64`, and no booleans.
NUMBERS = frozenset({int, float, complex, bool}) | {
    scalar for scalar in np.sctypeDict.values() if np.dtype(scalar).kind in NUMERIC
}
_ATOMS = NUMBERS | {str, type(None), slice, type, type(Ellipsis)}
#: The kind of every item of a list must be determined; for longer lists this costs more than it saves.
_FEW = 32


def settled(tensor: Any) -> bool:
    """True if a tensor is in its ordinary state, fit for the fast path: if a view, up to date with its base."""
    node = tensor._node
    if node.state & SLOW != VIEW:
        return not node.state & SLOW
    base = tensor._base
    return (
        base._version == tensor._version
        and (node is CONSTANT_VIEW or not base._node.state & ~EXPOSED)
        and not is_fleeting(tensor)
    )


def kind_of(value: Any) -> int | None:
    """The kind of an argument; None if only the general path supports it."""
    if value.__class__ in _ATOMS:
        return ATOM
    if isinstance(value, Handle):
        node = value._node
        if node.state & SLOW and not settled(value):
            return None
        return FIXED if node.__class__ is Constant else VARIABLE
    if value.__class__ is _ndarray:
        if value.dtype.kind not in NUMERIC:
            return None
        return ARRAY if value.ndim else ARRAY_0D
    sequence: Any = value.__class__
    if (sequence is tuple or sequence is list) and len(value) <= _FEW:
        kinds = set(map(kind_of, value))
        if VARIABLE in kinds and kinds <= IN_ARRAYS:
            return ARRAYS
        if kinds <= _OF_ATOMS:
            return TUPLE if sequence is tuple else LIST
    return ATOM if isinstance(value, np.dtype) else None
