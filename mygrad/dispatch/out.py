"""Calls with ``out=``: results that go into arrays which exist already."""

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
    """Whether the call names arrays to write into."""
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
    """A call with ``out=``; ``operation`` is None for a function without a derivative.

    Where nothing is recorded, and no graph needs what the outputs hold, NumPy writes straight into
    them. Else it writes into new arrays, which take their places.
    """
    as_tuple = kwargs["out"].__class__ is tuple
    outs = kwargs["out"] if as_tuple else (kwargs["out"],)
    # Asked while nothing below holds an array.
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
            touch(tensor)  # used all the same, though nothing of it is recorded
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
    # Whoever holds an array of the outputs from here on may need its contents.
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
    """What the call returns: the outputs, and new tensors (arrays, without ``tensor_class``) for the rest."""
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
    """An array to compute into in the place of ``out``, read-only where ``out`` is by itself."""
    if not isinstance(out, Handle):
        return out
    array = out._data.copy("K") if copied else np.empty_like(out._data)
    if is_read_only(out):
        array.flags.writeable = False
    return array


def check_outputs(function: Any, outs: tuple[Any, ...], tensors: list[Any]) -> None:
    """Refuse to lose the gradient of the result, computed from ``tensors``, in an array that cannot carry it."""
    watched = any(is_variable(tensor) and must_stay(tensor._node) for tensor in tensors)
    for out in outs:
        if isinstance(out, np.ndarray):
            raise TypeError(
                f"{name_of(function)} was to write a tensor that carries a gradient into a plain array,"
                " which cannot carry it on. Write `array = array + tensor` instead of"
                " `array += tensor`, make the array a tensor (mygrad.tensor), or take the values alone"
                " with np.asarray(tensor)."
            )
        if out is not None and watched and not is_variable(base_of(out)):
            lost(
                f"{name_of(function)} was to write a tensor that carries a gradient into a constant",
                "Make the output a variable, or detach() the input.",
            )
