"""NumPy's protocols: look a call on tensors up in the registry, and run it on the path that supports it.

Calls that need no special handling take the fast path (:mod:`mygrad.dispatch.ufuncs`,
:mod:`mygrad.dispatch.compiled`); all others take :func:`mygrad.dispatch.general.apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import bind, name_of, unwrap
from mygrad.dispatch.compiled import shortly
from mygrad.dispatch.fates import compose, create, data_call, no_rule, overwrite
from mygrad.dispatch.general import apply
from mygrad.dispatch.operands import accepts, check_class
from mygrad.dispatch.out import has_outputs, into
from mygrad.engine.nodes import (
    Handle,
)
from mygrad.engine.registry import (
    Composed,
    Creation,
    Mutation,
    PiecewiseConstant,
    Refused,
    fate_of,
    registry,
    ufunc_methods,
)
from mygrad.engine.signatures import first_output, with_named_outputs

_ndarray = np.ndarray
_asarray = np.asarray


def call_ufunc(
    tensor_class: Any,
    ufunc: np.ufunc,
    method: str,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """``ufunc.method(*inputs, **kwargs)`` with tensors among the arguments."""
    for value in inputs:
        if not accepts(value):
            return NotImplemented
    for value in kwargs.get("out", ()):
        if not (value is None or accepts(value)):
            return NotImplemented
    if method == "__call__":
        return run(tensor_class, registry.get(ufunc), ufunc, inputs, kwargs)
    return call_ufunc_method(tensor_class, ufunc, method, inputs, kwargs)


def call_ufunc_method(
    tensor_class: Any,
    ufunc: np.ufunc,
    method: str,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """``ufunc.reduce`` and the other methods of a ufunc."""
    fate = fate_of(ufunc)
    if isinstance(fate, type) or (fate is not None and method == "at"):
        return ufunc_methods[method](tensor_class, ufunc, *inputs, **kwargs)
    if fate is None:
        raise no_rule(ufunc)
    return data_call(getattr(ufunc, method), inputs, kwargs)


def run(
    tensor_class: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """``function(*args, **kwargs)`` on the fast path if there is one, otherwise by :func:`follow`."""
    if constant is None:
        result = shortly(tensor_class, function, args, kwargs)
        if result is not NotImplemented:
            return result
    return follow(tensor_class, fate, function, args, kwargs, constant)


def follow(
    tensor_class: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """Run ``function`` on the general path, as its registry entry says."""
    if len(args) > 1 and len(args) > first_output(function):
        args, kwargs = with_named_outputs(function, args, kwargs)
    if "overwrite_input" in kwargs:  # NumPy must not overwrite the memory of a tensor
        kwargs = {**kwargs, "overwrite_input": False}
    if isinstance(fate, type):
        operation: Any = fate
        if operation.of_complex and not (args and np.iscomplexobj(unwrap(args[0], []))):
            return data_call(function, args, kwargs)
        if has_outputs(kwargs):
            return into(fate, function, args, kwargs, tensor_class)
        if operation.overwrites:
            return overwrite(fate, function, bind(function, args, kwargs), tensor_class, constant)
        return apply(fate, function, args, kwargs, tensor_class, constant)
    if isinstance(fate, PiecewiseConstant):
        return data_call(function, args, kwargs)
    if isinstance(fate, Composed):
        return compose(fate, function, args, kwargs, tensor_class, constant)
    if isinstance(fate, Creation):
        return create(function, args, kwargs, tensor_class, constant)
    if isinstance(fate, Mutation):
        return fate.run(*args, **kwargs)
    if isinstance(fate, Refused):
        raise TypeError(f"{name_of(function)} cannot be used on tensors: {fate.reason}")
    if fate is None and (fate := fate_of(function)) is not None:
        return follow(tensor_class, fate, function, args, kwargs, constant)
    raise no_rule(function)


def call_function(
    tensor_class: Any, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``function(*args, **kwargs)`` with tensors among the arguments, on the general path."""
    for foreign in types:
        if not issubclass(foreign, Handle):
            protocol = getattr(foreign, "__array_function__", None)
            if protocol is not _ndarray.__array_function__:
                return NotImplemented
            check_class(foreign)
    return follow(tensor_class, registry.get(function), function, args, kwargs)


def dispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: dispatch ``function`` through the registry if an argument is a tensor, as NumPy's functions are."""

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        for value in (*args, *kwargs.values()):
            if value.__class__ is not _ndarray:
                unwrap(value, found)
        if not found:
            return function(*args, **kwargs)
        tensor_class = found[0].__class__
        result = shortly(tensor_class, public, args, kwargs)
        if result is not NotImplemented:
            return result
        return apply(registry[public], function, args, kwargs, tensor_class)  # type: ignore[arg-type]

    return public
