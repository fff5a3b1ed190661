"""MyGrad 2's names and orders of parameters, accepted beside NumPy's.

Where the two disagree about the order of parameters, the type of the argument decides: True is not a dtype, and a
number is not a memory order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Translation = Callable[[tuple[Any, ...], dict[str, Any]], Arguments]

#: NumPy, untyped: its stubs do not know Tensor.
_np: Any = np


def checked(name: str, constant: Any) -> bool | None:
    """The ``constant=`` of a call of ``name``; raise if it is not a bool or None."""
    if not (constant is None or isinstance(constant, bool)):
        raise TypeError(f"{name}: constant takes True, False or None, not {constant!r}")
    return constant


def _first(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept the first argument by MyGrad 2's name."""
    if not args and name in kwargs:
        kwargs = dict(kwargs)
        args = (kwargs.pop(name),)
    return args, kwargs


def _renamed(names: dict[str, str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Rename keywords from MyGrad 2's to NumPy's names."""
    return args, {names.get(key, key): value for key, value in kwargs.items()} if kwargs else kwargs


def _inputs(count: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept the inputs of a ufunc by name, which are positional-only in NumPy."""
    if len(args) >= count:
        return args, kwargs
    kwargs = dict(kwargs)
    for position in range(len(args), count):
        for name in ("x", "x1") if count == 1 else (f"x{position + 1}",):
            if name in kwargs and len(args) == position:
                args = (*args, kwargs.pop(name))
    return args, kwargs


def _reduction(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept ``(x, axis, keepdims)``, where NumPy's third parameter is ``dtype`` or ``out``."""
    if not args:
        args, kwargs = _first("x", args, kwargs)
    if len(args) == 3 and isinstance(args[2], bool | np.bool):
        return args[:2], {**kwargs, "keepdims": args[2]}
    return args, kwargs


def _deviation(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept ``(x, axis, ddof, keepdims)``, where NumPy's third and fourth parameters are ``dtype`` and ``out``."""
    args, kwargs = _first("x", args, kwargs)
    if 3 <= len(args) <= 4 and isinstance(args[2], int | float | np.number):
        named = dict(zip(("ddof", "keepdims"), args[2:], strict=False))
        return args[:2], {**kwargs, **named}
    return args, kwargs


def _like(skip: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept ``(other, …, dtype, shape, constant)``, where NumPy has ``order``, a string, after ``dtype``."""
    args, kwargs = _first("other", args, kwargs)
    if len(args) > skip and not isinstance(args[skip], str):
        named = dict(zip(("shape", "constant"), args[skip:], strict=False))
        return args[:skip], {**kwargs, **named}
    return args, kwargs


def _linspace(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept ``(start, stop, num, endpoint, dtype, axis)``, where NumPy's fifth parameter is ``retstep``, a bool."""
    if len(args) > 4 and not isinstance(args[4], bool | np.bool):
        return args[:4], {**kwargs, **dict(zip(("dtype", "axis"), args[4:], strict=False))}
    return args, kwargs


def _concatenate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    args, kwargs = _first("tensors", args, kwargs)
    if len(args) == 4:
        return args[:3], {**kwargs, "dtype": args[3]}
    return args, kwargs


def _reshape(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    args, kwargs = _first("a", args, kwargs)
    return _renamed({"newshape": "shape"}, args, kwargs)


def _transpose(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept the axes as separate arguments."""
    return (args, kwargs) if len(args) <= 2 else ((args[0], args[1:]), kwargs)


def _where(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Accept by keyword the arguments that are positional-only in NumPy."""
    if kwargs:
        kwargs = dict(kwargs)
        for name in ("condition", "x", "y")[len(args) :]:
            if name in kwargs:
                args = (*args, kwargs.pop(name))
    return args, kwargs


#: Name of a function → the translation of its arguments to NumPy's.
TRANSLATIONS: dict[str, Translation] = {
    "amax": _reduction,
    "amin": _reduction,
    "broadcast_to": partial(_renamed, {"a": "array"}),
    "concatenate": _concatenate,
    "empty_like": partial(_like, 2),
    "full_like": partial(_like, 3),
    "linspace": _linspace,
    "max": _reduction,
    "mean": _reduction,
    "min": _reduction,
    "ones_like": partial(_like, 2),
    "prod": _reduction,
    "reshape": _reshape,
    "sinc": partial(_renamed, {"a": "x"}),
    "stack": partial(_renamed, {"tensors": "arrays"}),
    "std": _deviation,
    "sum": _reduction,
    "transpose": _transpose,
    "var": _deviation,
    "where": _where,
    "zeros_like": partial(_like, 2),
}


def understood(name: str, function: Callable[..., Any], ufunc: np.ufunc | None = None) -> Any:
    """``function``, accepting the parameters of NumPy's and of MyGrad 2's function ``name``; ``ufunc`` if it is one."""
    if name in ("abs", "absolute", "norm"):
        function = _with_nan(function)
    elif name == "where":
        function = _or_places(function)
    elif name.startswith("atleast_"):
        function = _one_by_one(function)
    if ufunc is not None:
        translate: Translation = partial(_inputs, ufunc.nin)
    elif name in TRANSLATIONS:
        translate = TRANSLATIONS[name]
    else:
        return function

    def public(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = translate(args, kwargs)
        return function(*args, **kwargs)

    return public


def _with_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, an absolute value or norm, with ``nan_to_num``: if False, the derivative at zero is NaN."""

    def public(*args: Any, nan_to_num: bool = True, **kwargs: Any) -> Any:
        size = function(*args, **kwargs)
        if nan_to_num:
            return size
        # At zero, the chain rule multiplies the infinite derivative of sqrt by the zero derivative of square.
        return _np.where(size == 0, _np.sqrt(_np.square(size)), size)

    return public


def _or_places(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, which is np.where; with a condition only, it returns arrays of indices, not tensors."""

    def public(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and kwargs.keys() <= {"constant"}:
            return _np.nonzero(args[0])
        return function(*args, **kwargs)

    return public


def _one_by_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` applied to each array separately: a result is a variable only if its own array is one."""

    def public(*arys: Any, **kwargs: Any) -> Any:
        if len(arys) < 2:
            return function(*arys, **kwargs)
        return tuple(function(array, **kwargs) for array in arys)

    return public
