"""Calls with ``out=``: results written into existing arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch.arguments import name_of, unwrap
from mygrad.dispatch.general import Call, constants, stacked, wrap
from mygrad.engine.inplace import can_write_to, let_go, memory_of, replace
from mygrad.engine.modes import lost, must_stay
from mygrad.engine.nodes import CONSTANT, Handle, make_handle
from mygrad.engine.operation import Operation
from mygrad.engine.views import base_of, is_read_only, is_variable, touch


def has_outputs(kwargs: dict[str, Any]) -> bool:
    """True if the call has an ``out`` that is not None."""
    if "out" not in kwargs:
        return False
    out = kwargs["out"]
    return any(o is not None for o in out) if out.__class__ is tuple else out is not None


def into(
    operation: type[Operation] | None,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensor_class: Any,
) -> Any:
    """Run a call with ``out=``; ``operation`` is None for a function without a derivative.

    If nothing is recorded, and no graph needs the old contents of the outputs, NumPy writes directly into them.
    Otherwise it writes into new arrays, which replace theirs.
    """
    as_tuple = kwargs["out"].__class__ is tuple
    outs = kwargs["out"] if as_tuple else (kwargs["out"],)
    # Must be checked before the code below creates references to the arrays.
    in_place = all(can_write_to(out) for out in outs if isinstance(out, Handle))
    if operation is not None:
        args = stacked(operation, args, tensor_class)
    call = Call(operation, function, args, kwargs)
    found = call.found
    unwrap(outs, [])
    variable = operation is not None and call.is_variable()
    if variable:
        check_outputs(function, outs, found)
    if in_place:
        for tensor in found if variable else ():
            touch(tensor)  # as any use of a tensor does, though nothing is recorded
        arrays = [memory_of(out) if isinstance(out, Handle) else out for out in outs]
        result = call.run({"out": tuple(arrays) if as_tuple else arrays[0]})
        results = result if isinstance(result, tuple) else (result,)
        return _returned(outs, results, tensor_class if operation else None)
    mask = call.mask
    scratch = [_scratch(out, copied=operation is None or mask is not True) for out in outs]
    if variable:
        call.find_needed()
    result = call.run({"out": tuple(scratch) if as_tuple else scratch[0]})
    if variable:
        made = wrap(call.record(result), result, tensor_class)
    else:
        made = constants(operation or Operation, result, tensor_class or Handle, [], None)
    if not isinstance(made, tuple):
        made = (made,)
    # A reference to an array of the outputs from here on counts as a need for its contents.
    del call, result, scratch
    bases = [base_of(out) for out in outs if isinstance(out, Handle)]
    for tensor in found:
        if any(tensor._base is base for base in bases):
            let_go(tensor)
    for out, tensor in zip(outs, made, strict=True):
        if isinstance(out, Handle):
            replace(out, tensor, mask)
    return _returned(outs, [tensor if operation else tensor._data for tensor in made], None)


def _returned(outs: tuple[Any, ...], results: Any, tensor_class: Any) -> Any:
    """The return value: the outputs, and new tensors (arrays, without ``tensor_class``) where ``out`` is None."""
    final = [
        out
        if out is not None
        else result
        if tensor_class is None
        else make_handle(tensor_class, np.asarray(result), CONSTANT)
        for out, result in zip(outs, results, strict=True)
    ]
    return tuple(final) if len(final) > 1 else final[0]


def _scratch(out: Any, copied: bool) -> Any:
    """A temporary array to compute into instead of ``out``, read-only if ``out`` is so independently of the guard."""
    if not isinstance(out, Handle):
        return out
    array = out._data.copy("K") if copied else np.empty_like(out._data)
    if is_read_only(out):
        array.flags.writeable = False
    return array


def check_outputs(function: Any, outs: tuple[Any, ...], tensors: list[Any]) -> None:
    """Raise if the gradient of a result computed from ``tensors`` would be lost in an output that cannot carry it."""
    watched = any(is_variable(tensor) and must_stay(tensor._node) for tensor in tensors)
    for out in outs:
        if isinstance(out, np.ndarray):
            raise TypeError(
                f"{name_of(function)} would write a tensor that carries a gradient into a plain array,"
                " which cannot carry one. Write `array = array + tensor` instead of"
                " `array += tensor`, make the array a tensor (mygrad.tensor), or use only the values,"
                " np.asarray(tensor)."
            )
        if out is not None and watched and not is_variable(base_of(out)):
            lost(
                f"{name_of(function)} would write a tensor that carries a gradient into a constant",
                "Make the output a variable, or detach() the input.",
            )
