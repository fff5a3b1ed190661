"""From a NumPy call on tensors to a result and a node: look up, unwrap, run, record.

``unary`` and ``binary`` are the short way for operators and ufuncs on tensors that nothing is to be said
about; everything else takes :func:`apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from types import FunctionType
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.calls import apply, as_array, bind, explain, link_views, name_of, unwrap
from mygrad.fates import compose, create, data_call, no_rule, overwrite
from mygrad.graph import (
    CONSTANT,
    CONSTANT_VIEW,
    HOLED,
    NEXT,
    SLOW,
    VIEW,
    WHOLE,
    Handle,
    Node,
    creation,
    new,
)
from mygrad.modes import guarding, recording
from mygrad.operation import (
    Composed,
    Creation,
    Mutation,
    PiecewiseConstant,
    Refused,
    asked_of,
    fate_of,
    registry,
    ufunc_methods,
    ufunc_operations,
)
from mygrad.outputs import has_outputs, into
from mygrad.signatures import first_output, parameters_of, with_named_outputs
from mygrad.views import forget

_ndarray = np.ndarray
_asarray = np.asarray
_NUMERIC = frozenset("biufc")

# ---------------------------------------------------------------- the short way


def settled(tensor: Any) -> bool:
    """Whether the short way is open to a tensor: to a view, as long as its base was never updated."""
    node = tensor._node
    if node.stale & SLOW != VIEW:
        return not node.stale & SLOW
    base = tensor._base
    return (
        node is not CONSTANT_VIEW
        and base._version == tensor._version < NEXT
        and not base._node.stale & ~(WHOLE | HOLED)
    )


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
        elif other is _ndarray and y.dtype.kind in _NUMERIC:
            left = x._node
            stale = left.stale
            if (stale & SLOW and not settled(x)) or left is CONSTANT or not recording.get():
                return apply(operation, function, (x, y), {}, kind)
            a = x._data
            b = fixed = y
            inputs = (left,)
            plan = left_plan
        elif kind is _ndarray and x.dtype.kind in _NUMERIC:
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
    return FunctionType(code, call.__globals__, call.__name__, call.__defaults__, call.__closure__)


class _ShortWays(dict[Any, Any]):
    """NumPy's callables → the short way of a call with tensors alone, or None; made when first asked for.

    Of functions, calls with one argument.
    """

    def __missing__(self, function: Any) -> Any:
        if isinstance(function, np.ufunc):
            operation = ufunc_operations.get(function)
            if operation is None or None in operation.plans[1:]:
                return None
            way: Any = (unary if function.nin == 1 else binary)(operation)
        else:
            way = _short_way(function, 1, ())
        if way is not None:
            self[function] = way
        return way


short_ways = _ShortWays()


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
def _short_way(function: Any, count: int, keywords: tuple[str, ...]) -> Callable[..., Any] | None:
    """How calls with ``count`` positional and some keyword arguments go, ``function`` of one tensor.

    A function of the tensor, the other positional arguments, and the keywords; it returns
    NotImplemented where the general way has to be taken. None where it always has to.
    """
    fate = registry.get(function)
    if not isinstance(fate, type):
        return None
    operation: Any = fate
    names = parameters_of(function)[0]
    if not names or names[0] not in operation.differentiable or operation.joint is not None:
        return None
    if operation.selects:
        return None
    given_names = {*names[:count], *keywords}
    if count > len(names) or {"where", "out", "overwrite_input"} & given_names:
        return None
    if operation.overwrites and "copy" in given_names:
        return None
    plan = operation.plan_for((names[0],))
    given = {name: f"args[{i}]" for i, name in enumerate(names[1:count])}
    given |= {name: f"kwargs[{name!r}]" for name in keywords}
    given |= {names[0]: "array", f"{names[0]}_shape": "array.shape", "out": "data"}
    if not plan.elementwise:
        others = [name for name in operation.differentiable if name in given and name != names[0]]
        given |= {name: f"as_array({given[name]}, data)" for name in others}
    for name, fact in operation.facts.items():
        asked = ", ".join(f"{each}={given[each]}" for each in asked_of(fact) if each in given)
        given[name] = f"facts[{name!r}]({asked})"
    kept = [given.get(name, f"default_{name}") for name in plan.names]
    known = {f"default_{name}": value for name, value in plan.defaults.items()}
    keep: Any = eval(
        f"lambda array, data, args, kwargs: ({''.join(value + ', ' for value in kept)})",
        known | {"facts": operation.facts, "as_array": as_array},
    )
    compute = operation.direct or function
    may_view = operation.may_view

    def call(x: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] = {}) -> Any:  # noqa: B006
        parent = x._node
        if (parent.stale & SLOW and not settled(x)) or parent is CONSTANT or not recording.get():
            return NotImplemented
        array = x._data
        try:
            data = compute(array, *args, **kwargs) if args or kwargs else compute(array)
        except Exception as error:
            explain(error, function, (x, *args), kwargs)
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
        if may_view:
            link_views(operation, result, [x])
        return result

    return _own_code(call)


def single(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The short way for a function of one tensor, the first argument, with plain options.

    NotImplemented where the general way has to be taken.
    """
    way = _short_way(function, len(args), tuple(kwargs))
    rest = args[1:]
    if way is None or not (_are_atoms(rest) and _are_atoms(kwargs.values())):
        return NotImplemented
    return way(args[0], rest, kwargs)


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
        return follow(kind, registry.get(ufunc), ufunc, inputs, kwargs)
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


def follow(
    kind: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """Do what the registry says of ``function``."""
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
        if constant is None and args and isinstance(args[0], Handle):
            result = single(function, args, kwargs)
            if result is not NotImplemented:
                return result
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
    """``function(*args, **kwargs)``, tensors among the arguments."""
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
        unwrap(args, found)
        unwrap(kwargs, found)
        if not found:
            return function(*args, **kwargs)
        return apply(registry[public], function, args, kwargs, found[0].__class__)  # type: ignore[arg-type]

    return public
