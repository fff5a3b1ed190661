"""The choice of the specialised call for a ufunc or an operator, by the classes of one or two operands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mygrad.dispatch.compiled import gives_floats, shortly, specialised
from mygrad.dispatch.general import apply
from mygrad.dispatch.kinds import ARRAY, ARRAY_0D, ATOM, FIXED, NUMBERS, NUMERIC, VARIABLE, kind_of
from mygrad.dispatch.operands import accepts, defers
from mygrad.engine.modes import Recording, recording
from mygrad.engine.nodes import CONSTANT, SLOW, Handle
from mygrad.engine.registry import registry

_ndarray = np.ndarray
ON = Recording.ON

# The common patterns of two operands, and the indices of their calls in the list of a ufunc.
_PATTERNS = (
    (VARIABLE, VARIABLE),
    (VARIABLE, FIXED),
    (FIXED, VARIABLE),
    (VARIABLE, ATOM),
    (ATOM, VARIABLE),
    (VARIABLE, ARRAY),
    (ARRAY, VARIABLE),
    (VARIABLE, ARRAY_0D),
    (ARRAY_0D, VARIABLE),
)
BOTH, WITH_CONSTANT, CONSTANT_WITH, WITH_NUMBER, NUMBER_WITH = range(5)
WITH_ARRAY, ARRAY_WITH, WITH_ARRAY_0D, ARRAY_0D_WITH = range(5, 9)


def unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    """``ufunc`` as a function of one tensor."""
    calls = _calls(ufunc, ((VARIABLE,),))

    def call(x: Any) -> Any:
        node = x._node
        ordinary = kind_of(x) == VARIABLE if node.state & SLOW else node is not CONSTANT
        if ordinary and recording.get() is ON:
            return calls[0](x.__class__, x)
        return _generally(ufunc, x.__class__, x)

    return call


def binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """``ufunc`` as a function of two operands, at least one of which is a tensor."""
    calls = _calls(ufunc, _PATTERNS)

    def call(x: Any, y: Any) -> Any:
        tensor_class = x.__class__
        other_class = y.__class__
        if tensor_class is other_class:
            node = x._node
            other = y._node
            if not (node.state | other.state) & SLOW and recording.get() is ON:
                if node is CONSTANT:
                    if other is not CONSTANT:
                        return calls[CONSTANT_WITH](tensor_class, x, y)
                elif other is CONSTANT:
                    return calls[WITH_CONSTANT](tensor_class, x, y)
                else:
                    return calls[BOTH](tensor_class, x, y)
        elif isinstance(x, Handle):
            node = x._node
            if not node.state & SLOW and node is not CONSTANT and recording.get() is ON:
                if other_class is float or other_class in NUMBERS:
                    return calls[WITH_NUMBER](tensor_class, x, y)
                if other_class is _ndarray and y.dtype.kind in NUMERIC:
                    return calls[WITH_ARRAY if y.ndim else WITH_ARRAY_0D](tensor_class, x, y)
        else:
            node = y._node
            if not node.state & SLOW and node is not CONSTANT and recording.get() is ON:
                if tensor_class is float or tensor_class in NUMBERS:
                    return calls[NUMBER_WITH](other_class, x, y)
                if tensor_class is _ndarray and x.dtype.kind in NUMERIC:
                    return calls[ARRAY_WITH if x.ndim else ARRAY_0D_WITH](other_class, x, y)
        return _of_any(ufunc, x, y)

    return call


def _calls(ufunc: np.ufunc, patterns: tuple[tuple[int, ...], ...]) -> list[Any]:
    """The specialised calls of ``ufunc`` for ``patterns``, each generated at its first use.

    A list, because indexing a list by a constant is the fastest lookup in CPython.
    """
    calls: list[Any] = []

    def write(place: int, tensor_class: Any, *operands: Any) -> Any:
        call = specialised(ufunc, patterns[place])
        if call is None:
            return _generally(ufunc, tensor_class, *operands)
        calls[place] = call
        return call(tensor_class, *operands)

    calls += [partial(write, place) for place in range(len(patterns))]
    return calls


def _of_any(ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """As `binary`, for operands of any kind."""
    tensor, other = (x, y) if isinstance(x, Handle) else (y, x)
    if other.__class__ is not _ndarray:
        if defers(tensor, other):
            return NotImplemented
        if not accepts(other):
            return ufunc(x, y)
    tensor_class = y.__class__ if issubclass(y.__class__, tensor.__class__) else tensor.__class__
    result = shortly(tensor_class, ufunc, (x, y), {})
    return _generally(ufunc, tensor_class, x, y) if result is NotImplemented else result


def _generally(ufunc: np.ufunc, tensor_class: Any, *operands: Any) -> Any:
    operation: Any = registry[ufunc]
    return apply(operation, ufunc, operands, {}, tensor_class)


class _Choosers(dict[np.ufunc, Any]):
    """Ufunc → its `unary` or `binary` function; None if it has no specialised calls."""

    def __missing__(self, ufunc: np.ufunc) -> Any:
        operation: Any = registry.get(ufunc)  # None for SciPy's ufuncs until their rules are loaded
        if not isinstance(operation, type) or ufunc.nin > 2 or ufunc.nout > 1:
            return None
        if operation.of_complex or not gives_floats(ufunc):  # type: ignore[attr-defined]
            return None
        chooser = self[ufunc] = unary(ufunc) if ufunc.nin == 1 else binary(ufunc)
        return chooser


choosers = _Choosers()
