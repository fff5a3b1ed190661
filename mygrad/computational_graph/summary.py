"""The content of a drawing: the nodes of a graph as text, long stretches of them folded into one.

The description holds no reference to the graph: a drawing keeps no arrays and no operations alive.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from mygrad.engine.inplace import Update
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    RELEASED,
    VIEW,
    Constant,
    Copied,
    Handle,
    Leaf,
    Node,
    Same,
)
from mygrad.engine.views import GetItem, sync

#: The longest repeated pattern of nodes that is searched for.
_PERIOD = 64


@dataclass(slots=True)
class Entry:
    """One box of a drawing: an operation, a leaf, or a stretch of the graph folded into one.

    ``inputs`` are positions in the outline; ``arguments`` are the other arguments of the call, as
    text.
    """

    kind: str
    title: str
    name: str = ""
    inputs: list[int] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts to show about an array: its shape, its dtype, summary statistics."""

    dims: bool
    dtypes: bool
    sum_stats: bool

    def of(self, shape: tuple[int, ...], dtype: Any, value: Any) -> list[str]:
        """The facts as lines. ``value`` is the array, or None if the graph does not keep it."""
        words = [str(dtype)] * self.dtypes + [str(shape)] * self.dims
        lines = [" ".join(words)] if words else []
        if value is None or not value.size:
            return lines
        if value.size == 1:
            lines.append(f"= {_number(value.reshape(-1)[0])}")
        elif self.sum_stats and value.dtype.kind in "biuf":
            value = value.astype(float) if value.dtype.kind == "b" else value
            statistics = (np.min, np.median, np.mean, np.max)
            with np.errstate(invalid="ignore", over="ignore"):
                lines += [f"{f.__name__} {_number(f(value))}" for f in statistics]
        return lines


def outline(fin: Any, names: Mapping[str, Any], facts: Facts, limit: int) -> list[Entry]:
    """The graph of the tensor ``fin``, inputs first, folded if it has more than ``limit`` nodes."""
    if fin._node.state & VIEW:
        sync(fin)
    labels, arrays, values = _known(names)
    root = _through(fin._node)
    if root is CONSTANT or root is CONSTANT_VIEW:
        data = fin._data
        name = arrays.get(id(data), "")
        return [Entry("constant", "constant", name, facts=facts.of(data.shape, data.dtype, data))]
    values[root] = fin._data
    nodes = _reachable(root)
    marked = [i for i, node in enumerate(nodes) if node in labels]
    ranges = fold([_signature(node, labels) for node in nodes], marked, limit)
    place = {node: i for i, (start, stop) in enumerate(ranges) for node in nodes[start:stop]}
    for start, stop in ranges:
        if stop == start + 1:
            values |= {node: v for node, v in _kept(nodes[start]) if node not in values}
    several = {parent for node in nodes if node.is_output for parent in _parents(node)}
    entries: list[Entry] = []
    for start, stop in ranges:
        here = len(entries)
        if stop > start + 1:
            entry = _folded(nodes[start:stop])
            sources = [place[p] for node in nodes[start:stop] for p in _parents(node)]
            entry.inputs = [i for i in dict.fromkeys(sources) if i != here]
        else:
            node = nodes[start]
            entry = _described(node, labels.get(node, ""), arrays)
            entry.inputs = [place[parent] for parent in _parents(node)]
            if node not in several:
                entry.facts = facts.of(node.shape, node.dtype, values.get(node))
        entries.append(entry)
    return entries


# ------------------------------------------------------------------ the nodes


def _through(node: Node) -> Node:
    """``node``, or the node that it merely stands in for."""
    while _stands_in(node) and node.inputs:
        (node,) = node.inputs
    return node


def _stands_in(node: Node) -> bool:
    return isinstance(node, Same) and node.__class__ is not Copied


def _parents(node: Node) -> list[Node]:
    through = (_through(parent) for parent in node.inputs or ())
    return [parent for parent in through if not isinstance(parent, Constant)]


def _reachable(root: Node) -> list[Node]:
    found = {root}
    nodes = [root]
    for node in nodes:  # the list grows during iteration
        for parent in _parents(node):
            if parent not in found:
                found.add(parent)
                nodes.append(parent)
    return sorted(nodes, key=lambda node: node.order)


def _known(names: Mapping[str, Any]) -> tuple[dict[Node, str], dict[int, str], dict[Node, Any]]:
    """The names of tensors by node, those of plain arrays by identity, and named values by node."""
    labels: dict[Node, str] = {}
    arrays: dict[int, str] = {}
    values: dict[Node, Any] = {}
    # Underscored names, such as those of notebook outputs, come last.
    for name, value in sorted(names.items(), key=lambda item: str(item[0]).startswith("_")):
        if isinstance(value, Handle):
            if value._node.state & VIEW:
                sync(value)
            node = _through(value._node)
            if isinstance(node, Constant):
                arrays.setdefault(id(value._data), str(name))
            else:
                labels.setdefault(node, str(name))
                values[node] = value._data
        elif isinstance(value, np.ndarray):
            arrays.setdefault(id(value), str(name))
    return labels, arrays, values


def _call(node: Node) -> tuple[Any, Any]:
    """The plan of a call and its saved values; (None, ()) for other nodes."""
    if node.state & RELEASED or node.saved is None:
        return None, ()
    if node.plan is not None:
        return node.plan, node.saved
    if hasattr(node, "rules") and node.saved.__class__ is tuple and len(node.saved) == 4:
        return node.saved[1:3]
    return None, ()


def _kept(node: Node) -> Iterator[tuple[Node, Any]]:
    """The saved values of a call, its result or its inputs, each with its node."""
    if node.plan is None:
        return
    plan, saved = _call(node)
    for value, source in zip(saved, getattr(plan, "sources", ()), strict=False):
        if source is not None and isinstance(value, np.ndarray):
            yield (node if source < 0 else _through(node.inputs[source])), value  # type: ignore[index]


def _described(node: Node, name: str, arrays: Mapping[int, str]) -> Entry:
    if isinstance(node, Leaf):
        return Entry("leaf", "leaf", name)
    if node.state & RELEASED:
        title = "operation" if _stands_in(node) else type(node).__name__
        return Entry("released", title, name, notes=["graph released"])
    entry = Entry("operation", type(node if node.is_output else node.shown).__name__, name)
    plan, saved = _call(node)
    if plan is not None:
        facts: Any = getattr(node, "facts", ())
        for key, value, source in zip(plan.names, saved, plan.sources, strict=True):
            derived = key == "out" or key in facts or key.endswith("_shape")
            if derived or source is not None or value is None or _is(value, plan.defaults.get(key)):
                continue
            entry.arguments.append(f"{key}={_argument(value, arrays)}")
    elif isinstance(node, GetItem):
        entry.arguments.append(f"[{_index(node.saved)}]")
    elif isinstance(node, Update):
        region, index, _ = node.saved
        entry.arguments.append(f"{'' if region is None else 'view'}[{_index(index)}]")
    elif node.is_output:
        entry.arguments.append(f"{node.saved[0] + 1} of {node.saved[1]}")
    return entry


def _is(value: Any, default: Any) -> bool:
    return isinstance(value, bool | int | str) and value == default


def _argument(value: Any, arrays: Mapping[int, str]) -> str:
    if id(value) in arrays:
        return arrays[id(value)]
    if isinstance(value, np.ndarray) and value.shape:
        return f"<{value.dtype} {value.shape}>"
    if isinstance(value, np.ndarray | np.generic):
        return _number(value.item())
    if isinstance(value, float | complex):
        return _number(value)
    if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
        return f"<{len(value)} arrays>"
    return _short(reprlib.repr(value))


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | complex | np.inexact) else str(value)


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return _short(", ".join(map(_index_part, parts)))


def _index_part(part: Any) -> str:
    if isinstance(part, slice):
        bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop)]
        return ":".join(bounds if part.step is None else [*bounds, str(part.step)])
    if isinstance(part, np.ndarray) and part.ndim:
        return f"<{part.dtype} {part.shape}>"
    return "..." if part is Ellipsis else reprlib.repr(part)


def _short(text: str, length: int = 32) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


# -------------------------------------------------------------------- folding


def _signature(node: Node, labels: Mapping[Node, str]) -> Any:
    """A key that is equal for nodes that look alike in a drawing."""
    return type(node), node.shape, node.dtype, len(node.inputs or ()), labels.get(node)


def fold(signatures: list[Any], marked: list[int], limit: int) -> list[tuple[int, int]]:
    """Ranges of nodes, given by their ``signatures``: single nodes and folded stretches.

    The inner repetitions of a pattern are folded first; then, if too many nodes remain, the middle
    except for ``marked`` nodes.
    """
    count = len(signatures)
    if count <= limit:
        return [(i, i + 1) for i in range(count)]
    ranges = list(_singled(_repetitions(signatures), count))
    if len(ranges) <= limit:
        return ranges
    third = max(1, limit // 3)
    shown = {start for start, _ in (*ranges[:third], *ranges[-third:])} | set(marked[:third])
    merged: list[tuple[int, int]] = []
    hiding = False
    for start, stop in ranges:
        hidden = start not in shown
        if hidden and hiding:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
        hiding = hidden
    return merged


def _repetitions(signatures: list[Any]) -> list[tuple[int, int]]:
    """Disjoint ranges that repeat the pattern before and after them."""
    numbers: dict[Any, int] = {}
    codes = np.array([numbers.setdefault(s, len(numbers)) for s in signatures])
    found = []
    for period in range(1, min(_PERIOD, len(codes) // 3) + 1):
        same = np.concatenate([[False], codes[period:] == codes[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            repeats = (stop - start) // period + 1
            if repeats > 3:
                found.append((period - (repeats - 2) * period, start + period, repeats, period))
    taken = np.zeros(len(codes), bool)
    ranges = []
    for _, start, repeats, period in sorted(found):
        stop = start + (repeats - 2) * period
        if not taken[start:stop].any():
            taken[start:stop] = True
            ranges.append((start, stop))
    return sorted(ranges)


def _singled(ranges: list[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    """``ranges``, with each position between them as a range of its own."""
    for (_, before), (start, stop) in pairwise([(0, 0), *ranges, (count, count)]):
        yield from ((i, i + 1) for i in range(before, start))
        if stop > start:
            yield start, stop


def _folded(nodes: list[Node]) -> Entry:
    leaves = sum(isinstance(node, Leaf) for node in nodes)
    count = len(nodes) - leaves
    words = [_counted(count, "operation", "operations")] if count else []
    words += [_counted(leaves, "leaf", "leaves")] if leaves else []
    entry = Entry("folded", f"… {' and '.join(words)} …")
    kinds = list(dict.fromkeys(type(node).__name__ for node in nodes if not isinstance(node, Leaf)))
    if kinds:
        entry.notes.append(_short(", ".join(kinds), 40))
    return entry


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
