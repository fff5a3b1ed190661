"""How each of NumPy's callables handles tensors, as data: read from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import DEFERRED, Composed, Creation, Mutation, Refused, registry
from mygrad.engine.signatures import parameters_of


class Covered(NamedTuple):
    """A callable, and how it handles tensors."""

    #: As users write it: ``"np.linalg.inv"``.
    name: str
    #: ``"differentiable"``, ``"in place"``, ``"creation"``, ``"constant"`` or ``"refused"``.
    fate: str
    #: Why it is refused, or constant where that may surprise.
    reason: str
    #: The convention for its derivative where mathematics defines none.
    note: str


def coverage(package: str = "numpy") -> list[Covered]:
    """How the callables of a package handle tensors, sorted by name.

    - ``"differentiable"``: it has derivatives of any order;
    - ``"in place"``: it writes into its first argument, and gradients pass through the update;
    - ``"creation"``: it creates arrays, and with ``like=tensor`` tensors;
    - ``"constant"``: it acts on the data and returns NumPy's result, without a gradient;
    - ``"refused"``: it has no meaning for tensors, and raises an error.

    Parameters
    ----------
    package : str
        ``"numpy"``, or ``"scipy.special"``, of which only the ufuncs that have rules are listed.

    Examples
    --------
    >>> import mygrad as mg
    >>> len({covered.name for covered in mg.coverage()}) == len(mg.coverage())
    True
    >>> [covered.reason for covered in mg.coverage() if covered.name == "np.isnat"]
    ['it works on dates, and tensors hold numbers']
    """
    homes = {"numpy": np, "scipy.special": None}
    if package not in homes:
        raise ValueError(f"coverage takes {' or '.join(map(repr, homes))}, not {package!r}")
    for theirs, ours in DEFERRED.items():
        if theirs.startswith(package):
            import_module(ours)
    found = _of_numpy() if package == "numpy" else _of_scipy()
    return sorted(Covered(name, *_describe(registry[function])) for name, function in found)


def functions_of_numpy() -> Iterator[Any]:
    """NumPy's public callables in the registry."""
    for function in registry:
        module = getattr(function, "__module__", None)  # ufuncs have none
        if isinstance(function, np.ufunc):
            if getattr(np, function.__name__, None) is function:
                yield function
        elif (module or "").partition(".")[0] == "numpy" and not function.__name__.startswith("_"):
            yield function


def _of_numpy() -> Iterator[tuple[str, Any]]:
    for function in functions_of_numpy():
        module = getattr(function, "__module__", "numpy")
        yield f"{module.replace('numpy', 'np', 1)}.{function.__name__}", function


def _of_scipy() -> Iterator[tuple[str, Any]]:
    special: Any = import_module("scipy.special._ufuncs")
    for function in registry:
        name = getattr(function, "__name__", "")
        if isinstance(function, np.ufunc) and getattr(special, name, None) is function:
            # A function of SciPy may wrap a ufunc of the same name with an underscore.
            yield f"scipy.special.{name.removeprefix('_')}", function


def _describe(fate: Any) -> tuple[str, str, str]:
    """The last three fields of `Covered`: the fate in a word, the reason, the note."""
    if isinstance(fate, type):
        families = (Elementwise, Operation)
        kinds = [
            kind for kind in fate.__mro__ if kind not in families and issubclass(kind, families)
        ]
        docs = [vars(kind).get("__doc__") for kind in kinds]
        return "differentiable", "", _line(next(filter(None, docs), None)) or _alone(fate)
    if isinstance(fate, Composed):
        return "differentiable", "", _line(fate.expression.__doc__)
    if isinstance(fate, Mutation):
        return "in place", "", ""
    if isinstance(fate, Refused):
        return "refused", fate.reason, ""
    return "creation" if isinstance(fate, Creation) else "constant", fate.reason, ""


def _line(doc: str | None) -> str:
    """A docstring joined into one line."""
    return " ".join((doc or "").split())


def _alone(operation: type[Operation]) -> str:
    """A note naming the arguments of a ufunc that have a derivative; empty if all do."""
    function = operation.function
    names = parameters_of(function)[0] if isinstance(function, np.ufunc) else ()
    if {*names} <= {*operation.differentiable}:
        return ""
    return f"With respect to {', '.join(operation.differentiable)} alone."
