"""Nested containers of arrays: tuples, lists, dicts, dataclasses, and what these contain.

What is none of these is a leaf; None is an empty container.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

Build = Callable[[Iterator[Any]], Any]


def flatten(tree: Any) -> tuple[list[Any], Callable[[Any], Any]]:
    """The leaves of ``tree``, and what puts others of the same number in their places.

    Classes of the user's are copied, and none of their code is run: what it checks and computes was done
    for ``tree``, and need not be true of derivatives.
    """
    leaves: list[Any] = []
    build = _flatten(tree, leaves)
    return leaves, lambda others: build(iter(others))


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``function`` of each leaf in its place."""
    leaves, build = flatten(tree)
    return build([function(leaf) for leaf in leaves])


def _flatten(tree: Any, leaves: list[Any]) -> Build:
    if tree is None:
        return lambda _: None
    if isinstance(tree, dict):
        parts = {key: _flatten(value, leaves) for key, value in tree.items()}

        def filled(others: Iterator[Any]) -> Any:
            result = {} if type(tree) is dict else copy(tree)
            for key, build in parts.items():
                result[key] = build(others)
            return result

        return filled
    if isinstance(tree, list | tuple):
        items = [_flatten(value, leaves) for value in tree]
        return lambda others: _like(tree, [build(others) for build in items])
    if _is_record(tree):
        members = {name: _flatten(getattr(tree, name), leaves) for name in _members(tree)}

        def made(others: Iterator[Any]) -> Any:
            result = copy(tree)
            for name, build in members.items():
                object.__setattr__(result, name, build(others))
            _forget_computed(result)
            return result

        return made
    leaves.append(tree)
    return next


def _like(tree: Any, items: list[Any]) -> Any:
    """``items`` in a list or tuple like ``tree``."""
    if type(tree) is tuple:
        return tuple(items)
    if isinstance(tree, list):
        result = [] if type(tree) is list else copy(tree)
        result[:] = items
        return result
    if hasattr(tree, "_make"):
        return tree._make(items)
    try:
        result = tuple.__new__(type(tree), items)
    except TypeError:  # a tuple of C's, such as time.struct_time
        return type(tree)(items)
    getattr(result, "__dict__", {}).update(getattr(tree, "__dict__", {}))
    return result


def _is_record(tree: Any) -> bool:
    return is_dataclass(tree) and not isinstance(tree, type)


def _members(record: Any) -> list[str]:
    """The fields of a dataclass: those that it is made of, and those of the others that hold arrays."""
    return [
        f.name
        for f in fields(record)
        if hasattr(record, f.name) and (f.init or _holds_arrays(getattr(record, f.name)))
    ]


def _holds_arrays(value: Any) -> bool:
    return any(hasattr(leaf, "dtype") for leaf in flatten(value)[0])


def _forget_computed(record: Any) -> None:
    """Drop what `functools.cached_property` has kept: it was computed of other members."""
    kept = getattr(record, "__dict__", {})
    for name in [*kept]:
        if isinstance(getattr(type(record), name, None), cached_property):
            del kept[name]


def matching(tree: Any, pattern: Any, what: str, at: str = "") -> Iterator[tuple[Any, Any, str]]:
    """The leaves of ``pattern``, each with what stands there in ``tree``, and where that is.

    A dict is matched by its keys, in whatever order. ``what`` names ``tree`` in the error raised where
    the two are not nested alike.
    """
    if pattern is None:
        if tree is not None:
            raise TypeError(f"{what}{at} must be None, not {type(tree).__name__}")
        return
    if isinstance(pattern, dict):
        if not isinstance(tree, dict) or tree.keys() != pattern.keys():
            given = f"the keys {list(tree)}" if isinstance(tree, dict) else _named(tree)
            raise TypeError(f"{what}{at} must be a dict of the keys {list(pattern)}; it is {given}")
        for key, part in pattern.items():
            yield from matching(tree[key], part, what, f"{at}[{key!r}]")
    elif isinstance(pattern, list | tuple):
        if not isinstance(tree, list | tuple) or len(tree) != len(pattern):
            given = f"of length {len(tree)}" if isinstance(tree, list | tuple) else _named(tree)
            raise TypeError(
                f"{what}{at} must be a {type(pattern).__name__} of length {len(pattern)}; it is {given}"
            )
        for position, part in enumerate(pattern):
            yield from matching(tree[position], part, what, f"{at}[{position}]")
    elif _is_record(pattern):
        if not isinstance(tree, type(pattern)):
            raise TypeError(f"{what}{at} must be a {type(pattern).__name__}; it is {_named(tree)}")
        for name in _members(pattern):
            part = getattr(pattern, name)
            yield from matching(getattr(tree, name, None), part, what, f"{at}.{name}")
    else:
        yield tree, pattern, at


def _named(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} of shape {shape}"
