"""The kinds of arguments: all that a specialised call has to know of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import CONSTANT_VIEW, EXPOSED, SLOW, VIEW, Constant, Handle
from mygrad.engine.views import is_fleeting

_ndarray = np.ndarray

#: The kinds of the dtypes of tensors.
NUMERIC = frozenset("biufc")

# Kinds of arguments: numbers, lest one be taken for the name of a keyword.
VARIABLE = 0  # a tensor that carries a gradient, in its ordinary state
FIXED = 1  # a constant tensor, in its ordinary state
ARRAY = 2
ATOM = 3  # holds no tensor and no array, and cannot change
TUPLE = 4  # of atoms, and of such tuples
LIST = 5  # likewise
ARRAYS = 6  # a list or tuple of the others, a variable among them
ARRAY_0D = 7

_OF_ATOMS = {ATOM, TUPLE, LIST}
IN_ARRAYS = {VARIABLE, FIXED, ARRAY, ARRAY_0D} | _OF_ATOMS

#: The classes of Python's and NumPy's numbers. `np.number` would admit `timedelta64`, and no booleans.
NUMBERS = frozenset({int, float, complex, bool}) | {
    scalar for scalar in np.sctypeDict.values() if np.dtype(scalar).kind in NUMERIC
}
_ATOMS = NUMBERS | {str, type(None), slice, type, type(Ellipsis)}
#: Every array in a list is asked for its kind; in long lists this costs more than it saves.
_FEW = 32


def settled(tensor: Any) -> bool:
    """True if the short way is open to a tensor: to a view, if its base has nothing new to tell it."""
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
    """The kind of an argument; None where only the general way will do."""
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
