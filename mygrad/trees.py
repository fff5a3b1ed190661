"""Nested containers of arrays: tuples, lists, dicts, dataclasses, and what these contain.

What is none of these is a leaf; None is an empty container.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields, is_dataclass, replace
from typing import Any

Make = Callable[..., Any]


def flatten(tree: Any) -> tuple[list[Any], Callable[..., Any]]:
    """The leaves of ``tree``, and what puts others of the same number in their places.

    It takes ``make`` as well, which is :func:`unchecked` for derivatives: by default dataclasses are made
    as a user would make them, by calling the class.
    """
    leaves: list[Any] = []
    build = _flatten(tree, leaves)
    return leaves, lambda others, make=replace: build(iter(others), make)


def unchecked(record: Any, **members: Any) -> Any:
    """The dataclass ``record`` with other members, without running any code of its own.

    What the class checks and computes is true of its values, not of derivatives.
    """
    result = copy(record)
    for name, value in members.items():
        object.__setattr__(result, name, value)
    return result


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``function`` of each leaf in its place."""
    leaves, build = flatten(tree)
    return build([function(leaf) for leaf in leaves])


def _flatten(tree: Any, leaves: list[Any]) -> Callable[[Iterator[Any], Make], Any]:
    if tree is None:
        return lambda *_: None
    if isinstance(tree, dict):
        parts = {key: _flatten(value, leaves) for key, value in tree.items()}

        def filled(others: Iterator[Any], make: Make) -> Any:
            result = {} if type(tree) is dict else copy(tree)
            for key, build in parts.items():
                result[key] = build(others, make)
            return result

        return filled
    if isinstance(tree, list | tuple):
        items = [_flatten(value, leaves) for value in tree]
        if hasattr(tree, "_make"):
            return lambda others, make: tree._make(build(others, make) for build in items)
        return lambda others, make: type(tree)(build(others, make) for build in items)
    if _is_record(tree):
        members = {f.name: _flatten(getattr(tree, f.name), leaves) for f in fields(tree) if f.init}
        return lambda others, make: make(
            tree, **{name: build(others, make) for name, build in members.items()}
        )
    leaves.append(tree)
    return _take


def _take(others: Iterator[Any], _: Make) -> Any:
    return next(others)


def _is_record(tree: Any) -> bool:
    return is_dataclass(tree) and not isinstance(tree, type)


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
        for f in fields(pattern):
            if f.init:
                yield from matching(
                    getattr(tree, f.name), getattr(pattern, f.name), what, f"{at}.{f.name}"
                )
    else:
        yield tree, pattern, at


def _named(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} of shape {shape}"
