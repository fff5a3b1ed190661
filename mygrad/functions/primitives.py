"""mygrad's own functions: like the mirrored ones, they accept any array_like and ``constant=``.

There are two kinds. A *primitive* computes on arrays, and has an operation whose rules are its
derivatives::

    @primitive
    def softmax(x, axis=-1):
        powers = np.exp(x - np.max(x, axis, keepdims=True))
        return powers / np.sum(powers, axis, keepdims=True)


    @implements(softmax)
    class Softmax(Operation):
        def vjp_x(grad, out, axis=-1):
            return out * (grad - np.sum(grad * out, axis, keepdims=True))

An *expression* is composed of functions that have rules, and needs none itself::

    @expression
    def silu(x):
        return x * sigmoid(x)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from mygrad.dispatch.compiled import shortly
from mygrad.dispatch.general import leaf_or_error
from mygrad.dispatch.mygrad2 import checked
from mygrad.dispatch.protocols import follow
from mygrad.engine.modes import Recording, recording
from mygrad.engine.nodes import Handle
from mygrad.engine.registry import registry
from mygrad.engine.signatures import parameters_of
from mygrad.engine.views import is_variable
from mygrad.functions.mirror import each_as_one, with_constant
from mygrad.tensors.tensor import Tensor

Function = Callable[..., Any]


def primitive(function: Function) -> Function:
    """Make a function of arrays one of tensors; its operation is declared for the result."""
    names, rest = parameters_of(function)

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        constant = checked(function.__name__, kwargs.pop("constant", None))
        args, kwargs = each_as_one(args, kwargs, names, rest)
        if constant is None:
            result = shortly(Tensor, public, args, kwargs)
            if result is not NotImplemented:
                return result
        return follow(Tensor, registry[public], function, args, kwargs, constant)

    return _signed(public, function)


def expression(function: Function) -> Function:
    """Add ``constant=`` to a function composed of differentiable ones, and return tensors."""

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        constant = checked(function.__name__, kwargs.pop("constant", None))
        token = recording.set(Recording.OFF if constant is True else recording.get())
        try:
            result = function(*args, **kwargs)
        finally:
            recording.reset(token)
        if isinstance(result, tuple):
            return tuple(_as_result(value, constant) for value in result)
        return _as_result(result, constant)

    return _signed(public, function)


def _as_result(value: Any, constant: bool | None) -> Any:
    if not isinstance(value, Handle):
        value = Tensor(np.asarray(value), constant=constant is not False, copy=False)
    elif constant is False and not is_variable(value):
        value._node = leaf_or_error(value._data)
    return value


def _signed(public: Any, function: Function) -> Function:
    signature = inspect.signature(function)
    public.__signature__ = signature.replace(
        parameters=with_constant(list(signature.parameters.values()))
    )
    return public
