"""NumPy's functions as ``mg.…``: they accept any array_like and ``constant=``, and return tensors.

Nothing is written twice: names, signatures and docstrings come from NumPy, with one more parameter;
the behaviour comes from the registry.
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.fates import data_call
from mygrad.dispatch.kinds import NUMBERS
from mygrad.dispatch.mygrad2 import checked, understood
from mygrad.dispatch.operands import check_class
from mygrad.dispatch.protocols import run
from mygrad.engine.nodes import Handle
from mygrad.engine.registry import Creation, Mutation, PiecewiseConstant, Refused, registry
from mygrad.engine.signatures import parameters_of, signature_of
from mygrad.engine.views import is_variable
from mygrad.tensors.tensor import Tensor

#: NumPy's names for parameters that take a sequence of arrays, not a single array.
SEQUENCES = frozenset(
    (
        "arrays",
        "args",
        "arys",
        "choicelist",
        "choices",
        "condlist",
        "m",
        "operands",
        "seq",
        "tup",
        "xi",
    )
)

#: Names that are the same objects here as in NumPy.
SHARED = [
    "bool_",
    "double",
    "e",
    "euler_gamma",
    "float16",
    "float32",
    "float64",
    "half",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "intp",
    "isnat",
    "longdouble",
    "nan",
    "newaxis",
    "pi",
    "single",
    "ufunc",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintp",
]

_NOTE = """

Notes
-----
This is NumPy's function, made differentiable: it accepts tensors wherever it accepts arrays, and
returns tensors.

constant : bool, optional
    If True, the result carries no gradient. If False, a floating-point result is a variable even if
    no argument is. By default, the result carries a gradient if an argument does.
"""


def mirror(module: ModuleType) -> dict[str, Any]:
    """The functions of a NumPy module that are in the registry and not refused, by name."""
    return {
        name: _public(name, function)
        for name, function in sorted(vars(module).items())
        if not name.startswith("_") and _is_mirrored(function)
    }


def _is_mirrored(function: Any) -> bool:
    try:
        return function in registry and not isinstance(registry[function], Refused)
    except TypeError:  # not hashable, hence not a function
        return False


def _public(name: str, function: Any) -> Any:
    fate = registry[function]
    if isinstance(fate, PiecewiseConstant | Mutation):

        def public(*args: Any, **kwargs: Any) -> Any:
            if isinstance(fate, Mutation) and not isinstance(args[0], Handle):
                return data_call(function, args, kwargs)
            return run(Tensor, fate, function, args, kwargs)

    else:
        names, rest = parameters_of(function)
        makes = isinstance(fate, Creation) or (isinstance(fate, type) and fate.creates)
        follows = name.endswith("_like")

        def public(*args: Any, **kwargs: Any) -> Any:
            constant = checked(name, kwargs.pop("constant")) if "constant" in kwargs else None
            args, kwargs = each_as_one(args, kwargs, names, rest)
            if makes:
                found: list[Any] = []
                unwrap(args, found)
                unwrap(kwargs, found)
                if follows and constant is None and not any(map(is_variable, found)):
                    constant = True
                if not found:
                    made = function(*args, **kwargs)
                    if isinstance(made, tuple):  # linspace(…, retstep=True)
                        return (Tensor(made[0], constant=constant, copy=False), *made[1:])
                    return Tensor(made, constant=constant, copy=False)
            return run(Tensor, fate, function, args, kwargs, constant)

    public = understood(name, public, function if isinstance(function, np.ufunc) else None)
    public.__name__ = public.__qualname__ = name
    public.__module__ = "mygrad"
    public.__doc__ = inspect.cleandoc(function.__doc__ or "") + _NOTE
    public.__signature__ = extended_signature(function)  # type: ignore[attr-defined]
    public.__wrapped__ = function  # type: ignore[attr-defined]
    return public


#: Classes of arguments that `as_one` leaves unchanged.
_ONE = NUMBERS | {Tensor, np.ndarray, type(None), str, type}


def each_as_one(
    args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...], rest: str | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Apply :func:`as_one` to the arguments of a function with these parameters."""
    if not _ONE.issuperset(map(type, args)):
        args = tuple(
            [as_one(value, names[i] if i < len(names) else rest) for i, value in enumerate(args)]
        )
    if not _ONE.issuperset(map(type, kwargs.values())):
        kwargs = {key: as_one(value, key) for key, value in kwargs.items()}
    return args, kwargs


def as_one(value: Any, name: str | None) -> Any:
    """Convert a list that contains variables to a tensor where a single array is expected."""
    if isinstance(value, np.ndarray):
        check_class(value.__class__)
    if value.__class__ in (list, tuple) and name not in SEQUENCES:
        found: list[Any] = []
        unwrap(value, found)
        if found and not all(tensor.constant for tensor in found):
            return Tensor(value)
    return value


def extended_signature(function: Any) -> inspect.Signature:
    """NumPy's signature, with ``constant=`` if the function is differentiable or creates arrays."""
    Parameter = inspect.Parameter
    if isinstance(function, np.ufunc):
        inputs = [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in parameters_of(function)[0]]
        options = [Parameter("out", Parameter.POSITIONAL_OR_KEYWORD, default=None)]
        keywords = {
            "where": True,
            "casting": "same_kind",
            "order": "K",
            "dtype": None,
            "subok": True,
            "signature": None,
        }
        options += [Parameter(n, Parameter.KEYWORD_ONLY, default=v) for n, v in keywords.items()]
        parameters = inputs + options
    else:
        parameters = list(signature_of(function).parameters.values())
    if not isinstance(registry[function], PiecewiseConstant | Mutation):
        parameters = with_constant(parameters)
    return inspect.Signature(parameters)


def with_constant(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """``parameters`` with ``constant=None`` added."""
    Parameter = inspect.Parameter
    before = [p for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    constant = Parameter("constant", Parameter.KEYWORD_ONLY, default=None)
    return [*before, constant, *parameters[len(before) :]]
