"""Which specialised call a ufunc or an operator is: chosen by the classes of one or two operands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mygrad.dispatch.compiled import gives_floats, specialised
from mygrad.dispatch.general import apply
from mygrad.dispatch.kinds import (
    ATOM,
    FIXED,
    NUMBERS,
    VARIABLE,
    kind_of,
    settled,
)
from mygrad.dispatch.operands import accepts, defers
from mygrad.engine.modes import Recording, recording
from mygrad.engine.nodes import CONSTANT, SLOW, Handle
from mygrad.engine.registry import registry

_ndarray = np.ndarray
ON = Recording.ON

# Patterns: the kinds of the operands.
ALONE = (VARIABLE,)
BOTH = (VARIABLE, VARIABLE)
LEFT, RIGHT = (VARIABLE, FIXED), (FIXED, VARIABLE)
TIMES_NUMBER, NUMBER_TIMES = (VARIABLE, ATOM), (ATOM, VARIABLE)


class _Calls(dict[tuple[Any, ...], Any]):
    """The kinds of operands → the specialised call of a ufunc, or else the general way; made when first needed."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc

    def __missing__(self, kinds: tuple[Any, ...]) -> Any:
        call = self[kinds] = specialised(self.ufunc, kinds) or partial(_generally, self.ufunc)
        return call


def _generally(ufunc: np.ufunc, tensor_class: Any, *operands: Any) -> Any:
    operation: Any = registry[ufunc]
    return apply(operation, ufunc, operands, {}, tensor_class)


def unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    """``ufunc`` of a tensor, as a function of that."""
    calls = _Calls(ufunc)

    def call(x: Any) -> Any:
        node = x._node
        if (node.state & SLOW and not settled(x)) or node is CONSTANT or recording.get() is not ON:
            return _generally(ufunc, x.__class__, x)
        return calls[ALONE](x.__class__, x)

    return call


def binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """``ufunc`` of two operands, of which one at least is a tensor, as a function of those."""
    calls = _Calls(ufunc)

    def call(x: Any, y: Any) -> Any:
        left = x.__class__
        right = y.__class__
        if left is right:
            node, other = x._node, y._node
            if not (node.state | other.state) & SLOW and recording.get() is ON:
                if node is CONSTANT:
                    if other is not CONSTANT:
                        return calls[RIGHT](left, x, y)
                else:
                    return calls[BOTH if other is not CONSTANT else LEFT](left, x, y)
        elif right in NUMBERS:
            node = x._node
            if not node.state & SLOW and node is not CONSTANT and recording.get() is ON:
                return calls[TIMES_NUMBER](left, x, y)
        elif left in NUMBERS:
            node = y._node
            if not node.state & SLOW and node is not CONSTANT and recording.get() is ON:
                return calls[NUMBER_TIMES](right, x, y)
        return _with_care(ufunc, calls, x, y)

    return call


def _with_care(ufunc: np.ufunc, calls: _Calls, x: Any, y: Any) -> Any:
    """As `binary`, of operands of any kind."""
    tensor, other = (x, y) if isinstance(x, Handle) else (y, x)
    if other.__class__ is not _ndarray:
        if defers(tensor, other):
            return NotImplemented
        if not accepts(other):
            return ufunc(x, y)
    tensor_class = y.__class__ if issubclass(y.__class__, tensor.__class__) else tensor.__class__
    kinds = kind_of(x), kind_of(y)
    if VARIABLE in kinds and None not in kinds and recording.get() is ON:
        return calls[kinds](tensor_class, x, y)
    return _generally(ufunc, tensor_class, x, y)


class _Choosers(dict[np.ufunc, Any]):
    """The ufuncs of one or two operands, each with its `unary` or `binary`; None if it has none."""

    def __missing__(self, ufunc: np.ufunc) -> Any:
        operation: Any = registry.get(ufunc)  # for SciPy's not there before they are asked for
        if not isinstance(operation, type) or ufunc.nin > 2 or ufunc.nout > 1:
            return None
        if operation.of_complex or not gives_floats(ufunc):  # type: ignore[attr-defined]
            return None
        chooser = self[ufunc] = unary(ufunc) if ufunc.nin == 1 else binary(ufunc)
        return chooser


choosers = _Choosers()
