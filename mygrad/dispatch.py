"""From a NumPy call on tensors to a result and a node: look up, unwrap, run, record.

``unary`` and ``binary`` are the short way for operators and ufuncs on tensors that nothing is to be said
about; everything else takes :func:`apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.calls import (
    NO_OUTPUT,
    apply,
    as_array,
    bind,
    constants,
    explain,
    leaf_or_error,
    like,
    link_views,
    name_of,
    needed_of,
    unwrap,
)
from mygrad.graph import (
    ARRAY,
    CONSTANT,
    SLOW,
    Handle,
    Node,
    Same,
    creation,
    make_handle,
    make_leaf,
    make_node,
    new,
)
from mygrad.modes import guarding, recording
from mygrad.operation import (
    Composed,
    Creation,
    Mutation,
    Operation,
    PiecewiseConstant,
    Plan,
    Refused,
    asked_of,
    fate_of,
    registry,
    ufunc_methods,
)
from mygrad.outputs import has_outputs, into
from mygrad.signatures import parameters_of
from mygrad.views import forget, is_variable, touch

_ndarray = np.ndarray
_asarray = np.asarray
_NUMERIC = frozenset("biufc")

# ---------------------------------------------------------------- the short way


def unary(operation: Any, x: Any) -> Any:
    """``operation`` of a tensor."""
    node = x._node
    if node.stale & SLOW or node is CONSTANT or not recording.get():
        return apply(operation, operation.function, (x,), {}, x.__class__)
    value = x._data
    data = operation.function(value)
    if data.__class__ is not _ndarray:
        data = _asarray(data)
    if node.stale:
        forget(node)
    plan = operation.plans[1]
    made = new(operation)
    made.inputs = (node,)
    made.saved = plan.pack(data, value)
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


def binary(operation: Any, x: Any, y: Any) -> Any:
    """``operation`` of two operands, of which one at least is a tensor."""
    kind = x.__class__
    other = y.__class__
    fixed: Any = None  # a constant array that the graph may keep
    if other is float or other is int:
        left = x._node
        stale = left.stale
        if stale & SLOW or left is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x._data
        b = y
        inputs: tuple[Node, ...] = (left,)
        plan = operation.plans[1]
    elif kind is float or kind is int:
        kind = other
        right = y._node
        stale = right.stale
        if stale & SLOW or right is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x
        b = y._data
        inputs = (right,)
        plan = operation.plans[2]
    elif kind is other:
        left = x._node
        right = y._node
        stale = left.stale | right.stale
        if stale & SLOW or left is right is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x._data
        b = y._data
        if left is CONSTANT:
            inputs = (right,)
            plan = operation.plans[2]
            fixed = a
        elif right is CONSTANT:
            inputs = (left,)
            plan = operation.plans[1]
            fixed = b
        else:
            inputs = (left, right)
            plan = operation.plans[3]
    elif other is _ndarray and y.dtype.kind in _NUMERIC:
        left = x._node
        stale = left.stale
        if stale & SLOW or left is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x._data
        b = fixed = y
        inputs = (left,)
        plan = operation.plans[1]
    elif kind is _ndarray and x.dtype.kind in _NUMERIC:
        kind = other
        right = y._node
        stale = right.stale
        if stale & SLOW or right is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = fixed = x
        b = y._data
        inputs = (right,)
        plan = operation.plans[2]
    elif isinstance(x, Handle):
        if defers(x, y):
            return NotImplemented
        return (
            operation.function(x, y)
            if not accepts(y)
            else apply(
                operation,
                operation.function,
                (x, y),
                {},
                other if issubclass(other, kind) else kind,
            )
        )
    else:
        if defers(y, x):
            return NotImplemented
        return (
            operation.function(x, y)
            if not accepts(x)
            else apply(operation, operation.function, (x, y), {}, other)
        )
    try:
        data = operation.function(a, b)
    except Exception as error:
        explain(error, operation.function, (x, y), {})
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


#: Classes whose values hold no tensor.
_ATOMS = frozenset(
    {int, float, complex, bool, str, type(None), slice, type, np.dtype, type(Ellipsis)}
)


def _are_atoms(values: Any) -> bool:
    for value in values:
        kind = value.__class__
        if kind not in _ATOMS and not (kind is tuple and _are_atoms(value)):
            return False
    return True


@cache
def _keeper(
    operation: type[Operation], function: Any, count: int, keywords: tuple[str, ...]
) -> tuple[Plan, Callable[..., Any]] | None:
    """For calls of ``count`` positional and some keyword arguments: what to keep of them.

    None where such calls cannot go the short way.
    """
    names = parameters_of(function)[0]
    if not names or names[0] not in operation.differentiable or operation.joint is not None:
        return None
    given_names = {*names[:count], *keywords}
    if count > len(names) or {"where", "out", "overwrite_input"} & given_names:
        return None
    if operation.overwrites and "copy" in given_names:
        return None
    plan = operation.plan_for((names[0],))
    given = {name: f"args[{i}]" for i, name in enumerate(names[:count])}
    given |= {name: f"kwargs[{name!r}]" for name in keywords}
    given |= {names[0]: "array", f"{names[0]}_shape": "array.shape", "out": "data"}
    if not plan.elementwise:
        others = [name for name in operation.differentiable if name in given and name != names[0]]
        given |= {name: f"as_array({given[name]}, data)" for name in others}
    for name, fact in operation.facts.items():
        known = ", ".join(f"{asked}={given[asked]}" for asked in asked_of(fact) if asked in given)
        given[name] = f"facts[{name!r}]({known})"
    kept = [given.get(name, f"defaults[{name!r}]") for name in plan.names]
    source = f"lambda array, data, args, kwargs: ({''.join(value + ', ' for value in kept)})"
    return plan, eval(
        source, {"defaults": plan.defaults, "facts": operation.facts, "as_array": as_array}
    )


def single(operation: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The short way for a function of one tensor, the first argument, with plain options.

    NotImplemented where the general way has to be taken.
    """
    x = args[0]
    parent = x._node
    if parent.stale & SLOW or parent is CONSTANT or not recording.get():
        return NotImplemented
    keeper = _keeper(operation, function, len(args), tuple(kwargs))
    if keeper is None or not _are_atoms(args[1:]) or not _are_atoms(kwargs.values()):
        return NotImplemented
    plan, keep = keeper
    array = x._data
    try:
        data = function(array, *args[1:], **kwargs)
    except Exception as error:
        explain(error, function, args, kwargs)
        raise
    if data.__class__ is not _ndarray:
        if not isinstance(data, np.generic):
            return NotImplemented
        data = _asarray(data)
    dtype = data.dtype
    if dtype.kind not in "fc":
        return NotImplemented
    if parent.stale:
        forget(parent)
    node = new(operation)
    node.inputs = (parent,)
    node.saved = keep(array, data, args, kwargs)
    node.plan = plan
    node.shape = data.shape
    node.dtype = dtype
    node.order = creation()
    node.grad = node.locks = None
    node.stale = 0
    result = new(x.__class__)
    result._data = data
    result._node = node
    result._base = None
    result._version = 0
    if operation.may_view:
        link_views(operation, result, [x])
    return result


# -------------------------------------------------------------- the protocols

_SCALARS = (float, int, complex, bool, np.generic)


def accepts(value: Any) -> bool:
    """Whether ``value`` may stand beside a tensor: foreign array types handle the call themselves."""
    kind = value.__class__
    if kind is np.ndarray or kind in (float, int) or isinstance(value, Handle):
        return True
    if isinstance(value, _SCALARS):
        return True
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
    kind: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``ufunc.method(*inputs, **kwargs)``, tensors among the arguments."""
    for value in inputs:
        if not accepts(value):
            return NotImplemented
    for value in kwargs.get("out", ()):
        if not (value is None or accepts(value)):
            return NotImplemented
    if method == "__call__":
        fate = registry.get(ufunc)
    else:
        return registry_method(kind, ufunc, method, inputs, kwargs)
    return follow(kind, fate, ufunc, inputs, kwargs)


def registry_method(
    kind: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``ufunc.reduce`` and its siblings."""
    fate = fate_of(ufunc)
    if isinstance(fate, type) or (fate is not None and method == "at"):
        return ufunc_methods[method](kind, ufunc, *inputs, **kwargs)
    if fate is None:
        raise no_rule(ufunc)
    return data_call(getattr(ufunc, method), inputs, kwargs)


def follow(
    kind: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """Do what the registry says of ``function``."""
    if "overwrite_input" in kwargs:  # the memory of a tensor is not NumPy's to scramble
        kwargs = {**kwargs, "overwrite_input": False}
    if isinstance(fate, type):
        if has_outputs(kwargs):
            return into(fate, function, args, kwargs, kind)
        if constant is None and args and isinstance(args[0], Handle):
            result = single(fate, function, args, kwargs)
            if result is not NotImplemented:
                return result
        operation: Any = fate
        if operation.overwrites:
            return _overwrite(fate, function, bind(function, args, kwargs), kind, constant)
        return apply(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, PiecewiseConstant):
        return data_call(function, args, kwargs)
    if isinstance(fate, Composed):
        return _compose(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, Creation):
        return _create(function, args, kwargs, kind, constant)
    if isinstance(fate, Mutation):
        return fate.run(*args, **kwargs)
    if isinstance(fate, Refused):
        raise TypeError(f"{name_of(function)} cannot be used on tensors: {fate.reason}")
    if fate is None and (fate := fate_of(function)) is not None:
        return follow(kind, fate, function, args, kwargs, constant)
    raise no_rule(function)


def _overwrite(
    fate: Any, function: Any, given: dict[str, Any], kind: Any, constant: bool | None
) -> Any:
    """A call that writes into its first argument if it is told ``copy=False``."""
    copy = given.pop("copy", True)
    result = apply(fate, function, (), given, kind, constant)
    target = next(iter(given.values()))
    if copy or not isinstance(target, Handle):
        return result
    target[...] = result  # type: ignore[index] # tensors take assignments
    return target


def no_rule(function: Any) -> TypeError:
    """The error that says what can be done about ``function``."""
    return TypeError(
        f"{name_of(function)} has no rule in mygrad. Declare one with mygrad.implements, or pass the"
        " values alone: np.asarray(tensor)."
    )


def data_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function`` on the data; what it returns is NumPy's."""
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()}
    if has_outputs(kwargs):
        return into(None, function, args, kwargs, None)
    if "where" in options and isinstance(function, np.ufunc):
        options |= NO_OUTPUT
    return function(*plain, **options)


def _create(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
    constant: bool | None,
) -> Any:
    result = data_call(function, args, kwargs)
    if not isinstance(result, np.ndarray):
        return result
    if constant is False:
        node = leaf_or_error(result)
    elif result.dtype.kind in "fc" and not constant and recording.get():
        node = make_leaf(result)
    else:
        node = CONSTANT
    return make_handle(kind, result, node, ARRAY)


def _compose(
    fate: Composed,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
    constant: bool | None,
) -> Any:
    """The value is NumPy's, the node that of the expression."""
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()}
    variable = constant is not True and any(is_variable(tensor) for tensor in found)
    if variable:
        needed_of(fate, function, bind(function, args, kwargs))
    result = function(*plain, **options)
    if not variable:
        return constants(Operation, result, kind, found, constant)
    traced = fate.expression(*args, **kwargs)
    return _with_value(result, traced, kind)


def _with_value(value: Any, traced: Any, kind: Any) -> Any:
    """Tensors with the values ``value`` and the nodes of ``traced``, in sequences as NumPy returned."""
    if isinstance(value, list | tuple):
        return like(value, [_with_value(v, t, kind) for v, t in zip(value, traced, strict=True)])
    data = _asarray(value)
    if not isinstance(traced, Handle) or not is_variable(traced) or data.dtype.kind not in "fc":
        return make_handle(kind, data, CONSTANT)
    node = traced._node
    if node.stale or node.shape != data.shape or node.dtype != data.dtype:
        node = make_node(Same, (touch(traced),), data.shape, data.dtype)
    return make_handle(kind, data, node)


def call_function(
    kind: Any, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``function(*args, **kwargs)``, tensors among the arguments."""
    for foreign in types:
        if not issubclass(foreign, Handle):
            protocol = getattr(foreign, "__array_function__", None)
            if protocol is not _ndarray.__array_function__:
                return NotImplemented
    return follow(kind, registry.get(function), function, args, kwargs)


def dispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make ``function`` look itself up in the registry when it is given tensors, as NumPy's do."""

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        unwrap(args, found)
        unwrap(kwargs, found)
        if not found:
            return function(*args, **kwargs)
        return apply(registry[public], function, args, kwargs, found[0].__class__)  # type: ignore[arg-type]

    return public
