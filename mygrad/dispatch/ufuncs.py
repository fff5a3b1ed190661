"""The short way of ufuncs and operators, on tensors that need no special handling."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import explain
from mygrad.dispatch.compiled import NUMERIC, settled
from mygrad.dispatch.general import apply
from mygrad.dispatch.operands import accepts, defers
from mygrad.engine.guard import lock, lock_exposed
from mygrad.engine.modes import Recording, guarding, recording
from mygrad.engine.nodes import (
    CONSTANT,
    GRADIENT,
    REACHABLE,
    SLOW,
    Handle,
    Node,
    creation,
    new,
)
from mygrad.engine.registry import (
    ufunc_operations,
)
from mygrad.engine.views import forget

_ndarray = np.ndarray
ON = Recording.ON
_asarray = np.asarray


def unary(operation: Any) -> Callable[[Any], Any]:
    """``operation`` of a tensor, as a function of that."""
    function = operation.function
    plan = operation.plans[1]
    pack = plan.pack
    keeps = plan.keeps

    def call(x: Any) -> Any:
        node = x._node
        state = node.state
        if (state & SLOW and not settled(x)) or node is CONSTANT or recording.get() is not ON:
            return apply(operation, function, (x,), {}, x.__class__)
        value = x._data
        data = function(value)
        if data.__class__ is not _ndarray:
            data = _asarray(data)
        if state & GRADIENT:
            forget(node)
        made = new(operation)
        made.inputs = (node,)
        made.saved = pack(data, value)
        made.plan = plan
        made.shape = data.shape
        made.dtype = data.dtype
        made.order = creation()
        made.grad = made.locks = made.has_nan = None
        made.state = 0
        if state & REACHABLE and keeps and guarding.get():
            lock_exposed(made, x, value)
        result = new(x.__class__)
        result._data = data
        result._node = made
        result._base = None
        result._version = 0
        result._is_array = False
        return result

    return _own_code(call)


def binary(operation: Any) -> Callable[[Any, Any], Any]:
    """``operation`` of two operands, of which one at least is a tensor, as a function of those."""
    function = operation.function
    _, left_plan, right_plan, both_plan = operation.plans

    def call(x: Any, y: Any) -> Any:
        tensor_class = x.__class__
        other = y.__class__
        fixed: Any = None  # a constant array that the graph may keep
        if other is float or other is int:
            left = x._node
            state = left.state
            if (state & SLOW and not settled(x)) or left is CONSTANT or recording.get() is not ON:
                return apply(operation, function, (x, y), {}, tensor_class)
            a = x._data
            b = y
            inputs: tuple[Node, ...] = (left,)
            plan = left_plan
        elif tensor_class is float or tensor_class is int:
            tensor_class = other
            right = y._node
            state = right.state
            if (state & SLOW and not settled(y)) or right is CONSTANT or recording.get() is not ON:
                return apply(operation, function, (x, y), {}, tensor_class)
            a = x
            b = y._data
            inputs = (right,)
            plan = right_plan
        elif tensor_class is other:
            left = x._node
            right = y._node
            state = left.state | right.state
            if (
                (state & SLOW and not (settled(x) and settled(y)))
                or left is right is CONSTANT
                or recording.get() is not ON
            ):
                return apply(operation, function, (x, y), {}, tensor_class)
            a = x._data
            b = y._data
            if left is CONSTANT:
                inputs = (right,)
                plan = right_plan
                fixed = a
            elif right is CONSTANT:
                inputs = (left,)
                plan = left_plan
                fixed = b
            else:
                inputs = (left, right)
                plan = both_plan
        elif other is _ndarray and y.dtype.kind in NUMERIC:
            left = x._node
            state = left.state
            if (state & SLOW and not settled(x)) or left is CONSTANT or recording.get() is not ON:
                return apply(operation, function, (x, y), {}, tensor_class)
            a = x._data
            b = fixed = y
            inputs = (left,)
            plan = left_plan
        elif tensor_class is _ndarray and x.dtype.kind in NUMERIC:
            tensor_class = other
            right = y._node
            state = right.state
            if (state & SLOW and not settled(y)) or right is CONSTANT or recording.get() is not ON:
                return apply(operation, function, (x, y), {}, tensor_class)
            a = fixed = x
            b = y._data
            inputs = (right,)
            plan = right_plan
        elif isinstance(x, Handle):
            if defers(x, y):
                return NotImplemented
            return (
                function(x, y)
                if not accepts(y)
                else apply(
                    operation,
                    function,
                    (x, y),
                    {},
                    other if issubclass(other, tensor_class) else tensor_class,
                )
            )
        else:
            if defers(y, x):
                return NotImplemented
            return (
                function(x, y) if not accepts(x) else apply(operation, function, (x, y), {}, other)
            )
        try:
            data = function(a, b)
        except Exception as error:
            explain(error, function, (x, y), {})
            raise
        if data.__class__ is not _ndarray:
            data = _asarray(data)
        if state & GRADIENT:
            for node in inputs:
                forget(node)
        made = new(operation)
        made.inputs = inputs
        made.saved = plan.pack(data, a, b)
        made.plan = plan
        made.shape = data.shape
        made.dtype = data.dtype
        made.order = creation()
        made.grad = made.locks = made.has_nan = None
        made.state = 0
        if fixed is not None and guarding.get():
            for value in made.saved:
                if value is fixed:
                    lock(made, fixed)
                    break
        if state & REACHABLE and (keeps := plan.keeps) and guarding.get():
            if keeps & 1 and x.__class__ is tensor_class:
                lock_exposed(made, x, a)
            if keeps & 2 and y.__class__ is tensor_class and y is not x:
                lock_exposed(made, y, b)
        result = new(tensor_class)
        result._data = data
        result._node = made
        result._base = None
        result._version = 0
        result._is_array = False
        return result

    return _own_code(call)


def _own_code(call: Any) -> Callable[..., Any]:
    """``call`` with a code object that no other function has.

    There CPython notes where the slots of a class are found: it makes nodes of one class.
    """
    code = call.__code__.replace()
    return FunctionType(code, call.__globals__, call.__name__, None, call.__closure__)


class _ShortWays(dict[Any, Any]):
    """Ufunc → the short way of a call without keywords, or None; made when first asked for."""

    def __missing__(self, ufunc: np.ufunc) -> Any:
        operation = ufunc_operations.get(ufunc)
        if operation is None or None in operation.plans[1:]:
            return None
        way = self[ufunc] = (unary if ufunc.nin == 1 else binary)(operation)
        return way


short_ways = _ShortWays()
