"""The parameters of NumPy's functions."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import Any

import numpy as np

# The parameters of NumPy's functions written in C, which have no signature before NumPy 2.4.
_BUILT_IN = {
    "arange": "start_or_stop, /, stop=None, step=1, *, dtype=None, device=None, like=None",
    "array": "object, dtype=None, *, copy=True, order='K', subok=False, ndmin=0, like=None",
    "asanyarray": "a, dtype=None, order=None, *, device=None, copy=None, like=None",
    "asarray": "a, dtype=None, order=None, *, device=None, copy=None, like=None",
    "ascontiguousarray": "a, dtype=None, *, like=None",
    "asfortranarray": "a, dtype=None, *, like=None",
    "bincount": "x, /, weights=None, minlength=0",
    "can_cast": "from_, to, casting='safe'",
    "concatenate": "arrays, /, axis=0, out=None, *, dtype=None, casting='same_kind'",
    "copyto": "dst, src, casting='same_kind', where=True",
    "dot": "a, b, out=None",
    "empty": "shape, dtype=None, order='C', *, device=None, like=None",
    "empty_like": "prototype, /, dtype=None, order='K', subok=True, shape=None, *, device=None",
    "inner": "a, b, /",
    "lexsort": "keys, axis=-1",
    "may_share_memory": "a, b, /, max_work=0",
    "min_scalar_type": "a, /",
    "putmask": "a, /, mask, values",
    "ravel_multi_index": "multi_index, dims, mode='raise', order='C'",
    "result_type": "*arrays_and_dtypes",
    "shares_memory": "a, b, /, max_work=-1",
    "unravel_index": "indices, shape, order='C'",
    "vdot": "a, b, /",
    "where": "condition, x=None, y=None, /",
    "zeros": "shape, dtype=None, order='C', *, device=None, like=None",
}


@cache
def signature_of(function: Any) -> inspect.Signature:
    """The signature of ``function``; ``(*args, **kwargs)`` if it is unknown."""
    try:
        return inspect.signature(function)
    except ValueError:
        parameters = _BUILT_IN.get(getattr(function, "__name__", ""), "*args, **kwargs")
        return inspect.signature(eval(f"lambda {parameters}: None"))


@cache
def parameters_of(function: Any) -> tuple[tuple[str, ...], str | None]:
    """The names of the positional parameters, and that of the variadic one (``*args``) or None."""
    if isinstance(function, np.ufunc):
        return (
            ("x",) if function.nin == 1 else tuple(f"x{i + 1}" for i in range(function.nin))
        ), None
    names, rest = [], None
    for name, parameter in signature_of(function).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = name
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(name)
    return tuple(names), rest


@cache
def first_output(function: Any) -> int:
    """The position of ``out`` among the parameters; ``sys.maxsize`` if there is none."""
    if isinstance(function, np.ufunc):
        return function.nin
    names = parameters_of(function)[0]
    return names.index("out") if "out" in names else sys.maxsize


def with_named_outputs(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, with ``out`` and those after it passed by keyword."""
    first = first_output(function)
    outputs: dict[str, Any] = {"out": args[first:]}
    if not isinstance(function, np.ufunc):
        names = parameters_of(function)[0]
        if len(args) > len(names):
            return args, kwargs  # too many: NumPy raises the error
        outputs = dict(zip(names[first:], args[first:], strict=False))
    if kwargs.keys() & outputs:
        return args, kwargs  # given twice: likewise
    return args[:first], kwargs | outputs
