"""Calls of callables that are not a single operation: data, creation, composed and overwriting functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch.arguments import name_of
from mygrad.dispatch.general import Call, apply, constants, leaf_or_error, like, no_output
from mygrad.dispatch.out import has_outputs, into
from mygrad.engine.modes import is_recording
from mygrad.engine.nodes import CONSTANT, Handle, Same, make_handle, make_leaf, make_node
from mygrad.engine.operation import Operation
from mygrad.engine.registry import Composed
from mygrad.engine.views import is_variable, touch

_asarray = np.asarray


def overwrite(
    fate: Any, function: Any, given: dict[str, Any], tensor_class: Any, constant: bool | None
) -> Any:
    """A call that writes into its first argument if ``copy=False``."""
    copy = given.pop("copy", True)
    result = apply(fate, function, (), given, tensor_class, constant)
    target = next(iter(given.values()))
    if copy or not isinstance(target, Handle):
        return result
    target[...] = result  # type: ignore[index] # tensors take assignments
    return target


def no_rule(function: Any) -> TypeError:
    """The error for ``function``, which has no rule; it names the remedies."""
    return TypeError(
        f"{name_of(function)} has no rule in mygrad. Declare one with mygrad.implements, or pass only the"
        " values: np.asarray(tensor)."
    )


def data_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call ``function`` on the data, and return NumPy's result."""
    if has_outputs(kwargs):
        return into(None, function, args, kwargs, None)
    call = Call(None, function, args, kwargs)
    masked = "where" in kwargs and isinstance(function, np.ufunc)
    return function(*call.plain, **call.options, **(no_output(function) if masked else {}))


def create(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensor_class: Any,
    constant: bool | None,
) -> Any:
    result = data_call(function, args, kwargs)
    if not isinstance(result, np.ndarray):
        return result
    if constant is False:
        node = leaf_or_error(result)
    elif result.dtype.kind in "fc" and not constant and is_recording():
        node = make_leaf(result)
    else:
        node = CONSTANT
    return make_handle(tensor_class, result, node, is_array=True)


def compose(
    fate: Composed,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensor_class: Any,
    constant: bool | None,
) -> Any:
    """A result with NumPy's value, and the node of the expression in ``fate``."""
    call = Call(fate, function, args, kwargs)
    variable = constant is not True and call.is_variable()
    if variable:
        call.find_needed()
    result = call.run()
    if not variable:
        return constants(Operation, result, tensor_class, call.found, constant)
    traced = fate.expression(*args, **kwargs)
    return _with_value(result, traced, tensor_class)


def _with_value(value: Any, traced: Any, tensor_class: Any) -> Any:
    """Tensors with the values ``value`` and the nodes of ``traced``, in sequences of NumPy's types."""
    if isinstance(value, list | tuple):
        return like(
            value, [_with_value(v, t, tensor_class) for v, t in zip(value, traced, strict=True)]
        )
    data = _asarray(value)
    if not isinstance(traced, Handle) or not is_variable(traced) or data.dtype.kind not in "fc":
        return make_handle(tensor_class, data, CONSTANT)
    node = traced._node
    if node.state or node.shape != data.shape or node.dtype != data.dtype:
        node = make_node(Same, (touch(traced),), data.shape, data.dtype)
    return make_handle(tensor_class, data, node)
