"""From a NumPy call on tensors to a result and a node: look up, unwrap, run, record.

``unary`` and ``binary`` are the short way for operators and ufuncs on tensors that nothing is to be said
about, :mod:`mygrad.dispatch.compiled` has those of functions; everything else takes :func:`apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from mygrad.dispatch.compiled import NUMERIC, settled, shortly
from mygrad.dispatch.fates import compose, create, data_call, no_rule, overwrite
from mygrad.dispatch.general import apply, bind, explain, name_of, unwrap
from mygrad.dispatch.out import has_outputs, into
from mygrad.engine import guard
from mygrad.engine.modes import guarding, recording
from mygrad.engine.nodes import (
    CONSTANT,
    SLOW,
    Handle,
    Node,
    creation,
    new,
)
from mygrad.engine.operation import (
    Composed,
    Creation,
    Mutation,
    PiecewiseConstant,
    Refused,
    fate_of,
    registry,
    ufunc_methods,
    ufunc_operations,
)
from mygrad.engine.signatures import first_output, with_named_outputs
from mygrad.engine.views import forget

_ndarray = np.ndarray
_asarray = np.asarray

# ---------------------------------------------------------------- the short way


def unary(operation: Any) -> Callable[[Any], Any]:
    """``operation`` of a tensor, as a function of that."""
    function = operation.function
    plan = operation.plans[1]
    pack = plan.pack

    def call(x: Any) -> Any:
        node = x._node
        if (node.stale & SLOW and not settled(x)) or node is CONSTANT or not recording.get():
            return apply(operation, function, (x,), {}, x.__class__)
        value = x._data
        data = function(value)
        if data.__class__ is not _ndarray:
            data = _asarray(data)
        if node.stale:
            forget(node)
        made = new(operation)
        made.inputs = (node,)
        made.saved = pack(data, value)
        made.plan = plan
        made.shape = data.shape
        made.dtype = data.dtype
        made.order = creation()
        made.grad = made.locks = None
        made.stale = 0
        result = new(x.__class__)
        result._data = data
        result._node = made
        result._base = None
        result._version = 0
        return result

    return _own_code(call)


def binary(operation: Any) -> Callable[[Any, Any], Any]:
    """``operation`` of two operands, of which one at least is a tensor, as a function of those."""
    function = operation.function
    _, left_plan, right_plan, both_plan = operation.plans

    def call(x: Any, y: Any) -> Any:
        kind = x.__class__
        other = y.__class__
        fixed: Any = None  # a constant array that the graph may keep
        if other is float or other is int:
            left = x._node
            stale = left.stale
            if (stale & SLOW and not settled(x)) or left is CONSTANT or not recording.get():
                return apply(operation, function, (x, y), {}, kind)
            a = x._data
            b = y
            inputs: tuple[Node, ...] = (left,)
            plan = left_plan
        elif kind is float or kind is int:
            kind = other
            right = y._node
            stale = right.stale
            if (stale & SLOW and not settled(y)) or right is CONSTANT or not recording.get():
                return apply(operation, function, (x, y), {}, kind)
            a = x
            b = y._data
            inputs = (right,)
            plan = right_plan
        elif kind is other:
            left = x._node
            right = y._node
            stale = left.stale | right.stale
            if (
                (stale & SLOW and not (settled(x) and settled(y)))
                or left is right is CONSTANT
                or not recording.get()
            ):
                return apply(operation, function, (x, y), {}, kind)
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
            stale = left.stale
            if (stale & SLOW and not settled(x)) or left is CONSTANT or not recording.get():
                return apply(operation, function, (x, y), {}, kind)
            a = x._data
            b = fixed = y
            inputs = (left,)
            plan = left_plan
        elif kind is _ndarray and x.dtype.kind in NUMERIC:
            kind = other
            right = y._node
            stale = right.stale
            if (stale & SLOW and not settled(y)) or right is CONSTANT or not recording.get():
                return apply(operation, function, (x, y), {}, kind)
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
                    other if issubclass(other, kind) else kind,
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
        if stale:
            for node in inputs:
                forget(node)
        made = new(operation)
        made.inputs = inputs
        made.saved = plan.pack(data, a, b)
        made.plan = plan
        made.shape = data.shape
        made.dtype = data.dtype
        made.order = creation()
        made.grad = made.locks = None
        made.stale = 0
        if fixed is not None and guarding.get():
            for value in made.saved:
                if value is fixed:
                    guard.lock(made, fixed)
                    break
        result = new(kind)
        result._data = data
        result._node = made
        result._base = None
        result._version = 0
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


# -------------------------------------------------------------- the protocols

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


def call_ufunc(
    kind: Any,
    ufunc: np.ufunc,
    method: str,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """``ufunc.method(*inputs, **kwargs)``, tensors among the arguments."""
    for value in inputs:
        if not accepts(value):
            return NotImplemented
    for value in kwargs.get("out", ()):
        if not (value is None or accepts(value)):
            return NotImplemented
    if method == "__call__":
        return run(kind, registry.get(ufunc), ufunc, inputs, kwargs)
    return call_ufunc_method(kind, ufunc, method, inputs, kwargs)


def call_ufunc_method(
    kind: Any,
    ufunc: np.ufunc,
    method: str,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """``ufunc.reduce`` and its siblings."""
    fate = fate_of(ufunc)
    if isinstance(fate, type) or (fate is not None and method == "at"):
        return ufunc_methods[method](kind, ufunc, *inputs, **kwargs)
    if fate is None:
        raise no_rule(ufunc)
    return data_call(getattr(ufunc, method), inputs, kwargs)


def run(
    kind: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """``function(*args, **kwargs)``, by a short way if there is one, or else as :func:`follow` does."""
    if constant is None:
        result = shortly(kind, function, args, kwargs)
        if result is not NotImplemented:
            return result
    return follow(kind, fate, function, args, kwargs, constant)


def follow(
    kind: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """Do what the registry says of ``function``, in the general way."""
    if len(args) > 1 and len(args) > first_output(function):
        args, kwargs = with_named_outputs(function, args, kwargs)
    if "overwrite_input" in kwargs:  # the memory of a tensor is not NumPy's to scramble
        kwargs = {**kwargs, "overwrite_input": False}
    if isinstance(fate, type):
        operation: Any = fate
        if operation.of_complex and not (args and np.iscomplexobj(unwrap(args[0], []))):
            return data_call(function, args, kwargs)
        if has_outputs(kwargs):
            return into(fate, function, args, kwargs, kind)
        if operation.overwrites:
            return overwrite(fate, function, bind(function, args, kwargs), kind, constant)
        return apply(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, PiecewiseConstant):
        return data_call(function, args, kwargs)
    if isinstance(fate, Composed):
        return compose(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, Creation):
        return create(function, args, kwargs, kind, constant)
    if isinstance(fate, Mutation):
        return fate.run(*args, **kwargs)
    if isinstance(fate, Refused):
        raise TypeError(f"{name_of(function)} cannot be used on tensors: {fate.reason}")
    if fate is None and (fate := fate_of(function)) is not None:
        return follow(kind, fate, function, args, kwargs, constant)
    raise no_rule(function)


def call_function(
    kind: Any, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``function(*args, **kwargs)``, tensors among the arguments, where there is no short way."""
    for foreign in types:
        if not issubclass(foreign, Handle):
            protocol = getattr(foreign, "__array_function__", None)
            if protocol is not _ndarray.__array_function__:
                return NotImplemented
            check_class(foreign)
    return follow(kind, registry.get(function), function, args, kwargs)


def dispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make ``function`` look itself up in the registry when it is given tensors, as NumPy's do."""

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        for value in (*args, *kwargs.values()):
            if value.__class__ is not _ndarray:
                unwrap(value, found)
        if not found:
            return function(*args, **kwargs)
        kind = found[0].__class__
        result = shortly(kind, public, args, kwargs)
        if result is not NotImplemented:
            return result
        return apply(registry[public], function, args, kwargs, kind)  # type: ignore[arg-type]

    return public
