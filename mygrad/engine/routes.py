"""The part of a graph that a backward pass goes through."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from mygrad.engine.nodes import Node
from mygrad.errors import InvalidBackprop

by_creation = operator.attrgetter("order")


def collect(roots: Iterable[Node], stops: Iterable[Node] = ()) -> dict[Node, Any]:
    """All nodes from ``roots`` back to the leaves or to ``stops``; none has a gradient yet."""
    found: dict[Node, Any] = dict.fromkeys(roots)
    nodes = list(found)
    if stops:
        found |= dict.fromkeys(stops)
        nodes = [root for root in nodes if root not in stops]
    for node in nodes:  # the list grows while it is read
        inputs = node.inputs
        if inputs is None:
            raise InvalidBackprop(
                f"backward reached {type(node).__name__}, an operation whose graph was released by an"
                " earlier backward(). Call that one with retain_graph=True to backpropagate twice, or compute"
                " the result again from the leaves."
            )
        for parent in inputs:
            if parent not in found:
                found[parent] = None
                nodes.append(parent)
    return found


class Route:
    """The part of a graph that lies between ``roots`` and ``ends``.

    ``roots`` are nodes, None for what depends on nothing; ``behind`` holds all nodes behind the roots, as far as
    the ends; ``path`` those among them that lead to an end, in the order of creation; ``leading`` is ``path`` and
    the ends. The nodes in ``whole`` have no input that does not lead there. ``hooked`` are the ends that have
    hooks.
    """

    __slots__ = ("behind", "ends", "hooked", "leading", "path", "roots", "whole")

    def __init__(self, roots: Sequence[Node | None], ends: Sequence[Node]) -> None:
        self.ends = ends
        self.leading = leading = set(ends)
        self.hooked = [end for end in leading if end.hooked]
        self.roots = roots
        self.behind = collect([root for root in roots if root is not None], leading)
        path: list[Node] = []
        self.path = path
        whole: set[Node] = set()
        self.whole = whole
        for node in sorted(self.behind, key=by_creation):
            inputs = node.inputs
            if inputs and node not in leading and not leading.isdisjoint(inputs):
                if leading.issuperset(inputs):
                    whole.add(node)
                leading.add(node)
                path.append(node)

    def again(self) -> Route:
        """The route as it is now: hooks may have been registered, or parts of the graph released."""
        return Route(self.roots, self.ends)
