"""What MyGrad 2 called otherwise than NumPy, understood beside NumPy's own.

Where the two disagree about the order of parameters, the type of the argument tells which is meant: no dtype is
True, no order in memory is a number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Translation = Callable[[tuple[Any, ...], dict[str, Any]], Arguments]

#: NumPy's stubs know arrays only. What is called by this name gets tensors, and returns them.
_np: Any = np


def checked(name: str, constant: Any) -> bool | None:
    """The ``constant=`` that a call of ``name`` was given."""
    if not (constant is None or isinstance(constant, bool)):
        raise TypeError(f"{name}: constant takes True, False or None, not {constant!r}")
    return constant


def _first(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The array by another name."""
    if not args and name in kwargs:
        kwargs = dict(kwargs)
        args = (kwargs.pop(name),)
    return args, kwargs


def _renamed(names: dict[str, str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Keywords by other names."""
    return args, {names.get(key, key): value for key, value in kwargs.items()} if kwargs else kwargs


def _inputs(count: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The inputs of a ufunc by name, which NumPy takes by position only."""
    if len(args) >= count:
        return args, kwargs
    kwargs = dict(kwargs)
    for position in range(len(args), count):
        for name in ("x", "x1") if count == 1 else (f"x{position + 1}",):
            if name in kwargs and len(args) == position:
                args = (*args, kwargs.pop(name))
    return args, kwargs


def _reduction(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``(x, axis, keepdims)``: where NumPy has a dtype or an output."""
    if not args:
        args, kwargs = _first("x", args, kwargs)
    if len(args) == 3 and isinstance(args[2], bool | np.bool):
        return args[:2], {**kwargs, "keepdims": args[2]}
    return args, kwargs


def _deviation(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``(x, axis, ddof, keepdims)``: where NumPy has a dtype and an output."""
    args, kwargs = _first("x", args, kwargs)
    if 3 <= len(args) <= 4 and isinstance(args[2], int | float | np.number):
        named = dict(zip(("ddof", "keepdims"), args[2:], strict=False))
        return args[:2], {**kwargs, **named}
    return args, kwargs


def _like(skip: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``(other, …, dtype, shape, constant)``: where NumPy has the order in memory, a string."""
    args, kwargs = _first("other", args, kwargs)
    if len(args) > skip and not isinstance(args[skip], str):
        named = dict(zip(("shape", "constant"), args[skip:], strict=False))
        return args[:skip], {**kwargs, **named}
    return args, kwargs


def _linspace(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``(start, stop, num, endpoint, dtype, axis)``: where NumPy has ``retstep``, a bool."""
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
    """The axes as arguments of their own."""
    return (args, kwargs) if len(args) <= 2 else ((args[0], args[1:]), kwargs)


def _where(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """By keyword, what NumPy takes by position only."""
    if kwargs:
        kwargs = dict(kwargs)
        for name in ("condition", "x", "y")[len(args) :]:
            if name in kwargs:
                args = (*args, kwargs.pop(name))
    return args, kwargs


#: Name of a function → the arguments as NumPy takes them.
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
    """``function``, called as NumPy's of that name or as MyGrad 2's; ``ufunc`` is NumPy's if it is one."""
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
    """``function``, a size, with ``nan_to_num=False``: the derivative at zero is then NaN, not zero."""

    def public(*args: Any, nan_to_num: bool = True, **kwargs: Any) -> Any:
        size = function(*args, **kwargs)
        if nan_to_num:
            return size
        # A root of zero has an infinite derivative, which the square of zero takes times zero.
        return _np.where(size == 0, _np.sqrt(_np.square(size)), size)

    return public


def _or_places(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, NumPy's where; of a condition alone it returns arrays of indices, which are no tensors."""

    def public(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and kwargs.keys() <= {"constant"}:
            return _np.nonzero(args[0])
        return function(*args, **kwargs)

    return public


def _one_by_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of several arrays, each result a variable only if its own array is one."""

    def public(*arys: Any, **kwargs: Any) -> Any:
        if len(arys) < 2:
            return function(*arys, **kwargs)
        return tuple(function(array, **kwargs) for array in arys)

    return public
