"""What becomes of each of NumPy's callables on tensors, as data: read off the registry."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import DEFERRED, Composed, Creation, Mutation, Refused, registry
from mygrad.engine.signatures import parameters_of


class Covered(NamedTuple):
    """A callable and its fate."""

    #: As users write it: ``"np.linalg.inv"``.
    name: str
    #: ``"differentiable"``, ``"in place"``, ``"creation"``, ``"constant"`` or ``"refused"``.
    fate: str
    #: Why it is refused, or constant where that may surprise.
    reason: str
    #: What its derivative is where mathematics leaves that open.
    note: str


def coverage(package: str = "numpy") -> list[Covered]:
    """What becomes of the callables of a package on tensors, in the order of their names.

    - ``"differentiable"``: it has a derivative, of any order;
    - ``"in place"``: it writes into its first argument, and the gradient follows;
    - ``"creation"``: it makes new arrays, and with ``like=tensor`` new tensors;
    - ``"constant"``: it acts on the data and returns what NumPy returns, without a gradient;
    - ``"refused"``: it cannot mean anything on tensors.

    Parameters
    ----------
    package : str
        ``"numpy"``, or ``"scipy.special"``: then those of its ufuncs that are declared.

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
        raise ValueError(f"coverage is of {' or '.join(map(repr, homes))}, not of {package!r}")
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
            # Behind a function of SciPy's there may be a ufunc of that name with an underscore.
            yield f"scipy.special.{name.removeprefix('_')}", function


def _describe(fate: Any) -> tuple[str, str, str]:
    """The fate in a word, the reason, the note."""
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
    """A docstring in one line."""
    return " ".join((doc or "").split())


def _alone(operation: type[Operation]) -> str:
    """Which arguments of a ufunc have a derivative, if not all."""
    function = operation.function
    names = parameters_of(function)[0] if isinstance(function, np.ufunc) else ()
    if {*names} <= {*operation.differentiable}:
        return ""
    return f"With respect to {', '.join(operation.differentiable)} alone."
