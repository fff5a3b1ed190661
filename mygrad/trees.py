"""Nested containers of arrays: tuples, lists, dicts, dataclasses, and what these contain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of ``tree``, and what puts others of the same number in their places."""
    leaves: list[Any] = []
    build = _flatten(tree, leaves)
    return leaves, lambda others: build(iter(others))


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``function`` of each leaf in its place."""
    leaves, build = flatten(tree)
    return build([function(leaf) for leaf in leaves])


def _flatten(tree: Any, leaves: list[Any]) -> Callable[[Any], Any]:
    if isinstance(tree, dict):
        parts = {key: _flatten(value, leaves) for key, value in tree.items()}
        return lambda others: {key: build(others) for key, build in parts.items()}
    if isinstance(tree, list | tuple):
        items = [_flatten(value, leaves) for value in tree]
        if hasattr(tree, "_make"):
            return lambda others: tree._make(build(others) for build in items)
        return lambda others: type(tree)(build(others) for build in items)
    if is_dataclass(tree) and not isinstance(tree, type):
        members = {f.name: _flatten(getattr(tree, f.name), leaves) for f in fields(tree) if f.init}
        return lambda others: replace(
            tree, **{name: build(others) for name, build in members.items()}
        )
    leaves.append(tree)
    return next
