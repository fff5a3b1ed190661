"""The arguments of a call: tensors found and unwrapped, names bound, errors explained."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from mygrad.engine import guard
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    VIEW,
    Handle,
)
from mygrad.engine.signatures import parameters_of
from mygrad.engine.views import sync


def unwrap(value: Any, found: list[Any]) -> Any:
    """``value`` with its tensors replaced by their arrays; the tensors are appended to ``found``."""
    if isinstance(value, Handle):
        if value._node.state & VIEW:
            sync(value)
        found.append(value)
        return value._data
    if value.__class__ is list or value.__class__ is tuple:
        before = len(found)
        plain = [unwrap(item, found) for item in value]
        if len(found) > before:
            return plain if value.__class__ is list else tuple(plain)
    elif value.__class__ is dict:
        return {key: unwrap(item, found) for key, item in value.items()}
    return value


def paths_in(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The tensors in ``value`` that carry a gradient, each with its path: the indices that lead to it."""
    if isinstance(value, Handle):
        if value._node is not CONSTANT and value._node is not CONSTANT_VIEW:
            yield path, value
    elif value.__class__ is list or value.__class__ is tuple:
        for position, item in enumerate(value):
            yield from paths_in(item, (*path, position))


def bind(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name."""
    names, rest = parameters_of(function)
    bound = dict(zip(names, args, strict=False))
    if rest is not None:
        bound[rest] = args[len(names) :]
    bound |= kwargs
    return {name: value for name, value in bound.items() if value is not np._NoValue}


def explain(error: Exception, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Add to NumPy's ``error`` a note that names the call and its arguments."""
    given = [_described(value) for value in args]
    given += [f"{name}={_described(value)}" for name, value in kwargs.items()]
    error.add_note(f"mygrad called {name_of(function)}({', '.join(given)})")
    out = kwargs.get("out")
    outs = out if out.__class__ is tuple else (out,)
    if "read-only" in str(error) and any(
        isinstance(array, np.ndarray) and guard.is_locked(array) for array in outs
    ):
        error.add_note(
            "mygrad keeps the output array read-only because a graph needs its contents. Write into a copy, run"
            " the backward pass or delete the graph first, or build the graph under mygrad.mem_guard_off."
        )


def _described(value: Any) -> str:
    if isinstance(value, Handle | np.ndarray):
        data = value._data if isinstance(value, Handle) else value
        noun = "tensor" if isinstance(value, Handle) else "array"
        return f"<{noun} of shape {data.shape}, {data.dtype}>"
    if value.__class__ in (list, tuple) and len(value) <= 8:
        items = ", ".join(map(_described, value))
        return f"[{items}]" if value.__class__ is list else f"({items})"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def name_of(function: Any) -> str:
    """The name of ``function`` as users write it, such as ``np.linalg.inv``."""
    name = getattr(function, "__name__", repr(function))
    module = getattr(function, "__module__", None)
    if module is None:  # as for ufuncs
        homes = ("numpy", "scipy.special")
        found = (home for home in homes if getattr(sys.modules.get(home), name, None) is function)
        module = next(found, None)
    return name if module is None else f"{module.replace('numpy', 'np', 1)}.{name}"
