"""The walk back through a graph.

Nodes are visited in the reverse order of their creation. Each hands its gradient to its rules, and is
released: what it kept is freed while the walk goes on. Three things happen here, once for all rules: a
gradient is summed over the axes along which its argument was broadcast; it is cast to the argument's
dtype; and an element whose incoming gradient is zero sends on zero, also where the derivative is
infinite or undefined.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mygrad.errors import InvalidBackprop, InvalidGradient
from mygrad.graph import GRADIENT, OWNED, RELEASED, Leaf, Node, make_node

_by_creation = operator.attrgetter("order")
_ndarray = np.ndarray
_add = np.add
_sum = np.add.reduce
_SPENT = GRADIENT | RELEASED


def collect(roots: Iterable[Node], stops: Iterable[Node] = ()) -> list[Node]:
    """All nodes from ``roots`` back to the leaves or to ``stops``, in the order of creation."""
    found = set(roots)
    nodes = list(found)
    if stops:
        nodes = [root for root in nodes if root not in stops]
        found.update(stops)
    for node in nodes:  # the list grows while it is read
        inputs = node.inputs
        if inputs is None:
            raise InvalidBackprop(
                f"backward reached {type(node).__name__}, an operation whose graph was released by an"
                " earlier backward(). Call that one with retain_graph=True to go back twice, or compute"
                " the result again from the leaves."
            )
        for parent in inputs:
            if parent not in found:
                found.add(parent)
                nodes.append(parent)
    nodes.extend(stops)
    nodes.sort(key=_by_creation)
    return nodes


class Walk:
    """One way back: the gradients that have arrived so far.

    ``handle`` makes a tensor of an array and its node; it is given when the gradients themselves are
    to be differentiable, and None in the ordinary first-order walk. ``grads`` maps the nodes still to
    be visited to their gradients, ``owned`` are the nodes whose gradient is an array that nobody else
    holds, so that it may be written to.
    """

    __slots__ = ("careful", "grads", "handle", "keep", "owned", "trips")

    def __init__(self, *, keep: bool, handle: Callable[[Any, Node], Any] | None) -> None:
        self.keep = keep or handle is not None
        self.handle = handle
        self.grads: dict[Node, Any] = {}
        self.owned: set[Node] = set()
        self.careful = False
        self.trips: list[Any] = []

    def run(self, roots: list[tuple[Node, Any]], stops: tuple[Node, ...] = ()) -> dict[Node, Any]:
        """Go back from ``roots``, pairs of a node and its gradient.

        Without ``stops`` every node keeps its gradient, for users to see. With ``stops`` nothing is
        left behind on the nodes: the gradients of the stops are returned, None where none arrived.
        """
        nodes = collect([root for root, _ in roots], stops)
        grads = self.grads = dict.fromkeys(nodes)
        for root, grad in roots:
            self.add(root, grad)
        with np.errstate(
            divide="call", over="ignore", under="ignore", invalid="call", call=self._trip
        ):
            if stops:
                self._visit_between(nodes, set(stops))
            else:
                self._visit(nodes)
        return grads

    def _visit(self, nodes: list[Node]) -> None:
        """Visit ``nodes``, the last first.

        For the nodes that have a plan this is `_apply` and `Node.release` written out: here a small
        graph spends its time.
        """
        if self.handle is not None:
            self._visit_recorded(nodes)
            return
        keep = self.keep
        grads = self.grads
        owned = self.owned
        trips = self.trips
        careful = self.careful
        while nodes:
            node = nodes.pop()
            grad = grads.pop(node)
            plan = node.plan
            if plan is None or grad is None:
                self._visit_other(node, grad)
                careful = self.careful
                continue
            if plan.gates:
                careful = self.careful = True
            if trips:
                trips.clear()
            saved = node.saved
            # Inputs and rules are equal in number by construction.
            for parent, rule in zip(node.inputs, plan.rules):  # type: ignore[arg-type]  # noqa: B905
                gradient = rule(grad, *saved)
                if (trips or careful) and plan.elementwise:
                    gradient = self._silence(grad, gradient)
                try:
                    if gradient.shape != parent.shape:
                        gradient = sum_to(gradient, parent.shape)
                    if gradient.dtype is not parent.dtype:
                        gradient = cast_to(gradient, parent.dtype)
                except (AttributeError, ValueError):
                    if gradient is None:
                        continue
                    gradient = fit(gradient, parent, node)
                previous = grads[parent]
                if previous is None:
                    grads[parent] = gradient
                elif parent in owned:
                    _add(previous, gradient, previous)
                else:
                    total = grads[parent] = previous + gradient
                    if total.__class__ is _ndarray:
                        owned.add(parent)
            node.grad = grad
            if keep:
                node.stale = node.stale & ~OWNED | GRADIENT
            else:
                node.stale = node.stale & ~OWNED | _SPENT
                node.inputs = node.saved = node.locks = None

    def _visit_other(self, node: Node, grad: Any) -> None:
        """Visit a leaf, a node that sends its gradient on by itself, or one that got none."""
        if node.__class__ is Leaf:
            if grad is not None:
                node.grad = grad if node.grad is None else node.grad + grad
                node.stale = node.stale & ~OWNED | GRADIENT
            return
        if grad is not None:
            if node.gates:
                self.careful = True
            node.pullback(self, grad)
            node.grad = grad
            node.stale = node.stale & ~OWNED | GRADIENT
        if not self.keep:
            node.release()

    def _visit_recorded(self, nodes: list[Node]) -> None:
        """Visit ``nodes`` with tensors for gradients."""
        while nodes:
            node = nodes.pop()
            grad = self.grads.pop(node)
            if node.plan is None or grad is None:
                self._visit_other(node, grad)
            else:
                self._apply(node, grad)
                node.grad = grad
                node.stale = node.stale & ~OWNED | GRADIENT

    def _visit_between(self, nodes: list[Node], ends: set[Node]) -> None:
        leading = set(ends)
        for node in nodes:
            if node.inputs and not leading.isdisjoint(node.inputs):
                leading.add(node)
        while nodes:
            node = nodes.pop()
            if node in ends:
                continue
            grad = self.grads.pop(node)
            if grad is not None and node in leading:
                if node.plan is None:
                    self.careful = self.careful or node.gates
                    node.pullback(self, grad)
                else:
                    self._apply(node, grad)
            if not self.keep:
                node.release()

    def _trip(self, *_: Any) -> None:
        self.trips.append(True)

    def _apply(self, node: Node, grad: Any) -> None:
        """Call the rules of ``node`` and pass on what they return."""
        plan = node.plan
        if plan.gates:
            self.careful = True
        saved = node.saved if self.handle is None else self.revive(node)
        inputs: tuple[Node, ...] = node.inputs  # type: ignore[assignment]
        trips = self.trips
        if trips:
            trips.clear()
        for parent, rule in zip(inputs, plan.rules, strict=True):
            gradient = rule(grad, *saved)
            if (trips or self.careful) and plan.elementwise:
                gradient = self._silence(grad, gradient)
            if gradient is not None:
                self.add(parent, gradient)

    def _second(self, node: Node, previous: Any, gradient: Any) -> None:
        total = self.grads[node] = previous + gradient
        if self.handle is None and total.__class__ is _ndarray:
            self.owned.add(node)

    def _silence(self, grad: Any, gradient: Any) -> Any:
        """``gradient`` with zeros where ``grad`` is zero, if it may have entries that are no numbers."""
        if gradient is None:
            return None
        if not self.trips and not np.isnan(_sum(raw(gradient), axis=None)):
            return gradient
        self.trips.clear()
        zero = np.equal(raw(grad), 0) & ~np.isfinite(raw(gradient))
        return np.where(zero, raw(gradient).dtype.type(0), gradient)

    def add(self, node: Node, gradient: Any) -> None:
        """Add ``gradient`` to what has arrived at ``node``; its shape and dtype are made to fit."""
        gradient = fit(gradient, node, node)
        previous = self.grads[node]
        if previous is None:
            self.grads[node] = gradient
        elif node in self.owned:
            _add(previous, gradient, previous)
        else:
            self._second(node, previous, gradient)

    def buffer(self, node: Node, layout: Layout | None = None) -> np.ndarray[Any, Any]:
        """The gradient of ``node`` as an array to write into, laid out in memory as ``layout`` says."""
        gradient = self.grads[node]
        if (
            gradient is not None
            and node in self.owned
            and gradient.__class__ is _ndarray
            and (layout is None or layout.fits(gradient))
        ):
            return gradient
        buffer = np.zeros(node.shape, node.dtype) if layout is None else layout.zeros(node.dtype)
        if gradient is not None:
            buffer[...] = gradient
        self.grads[node] = buffer
        self.owned.add(node)
        return buffer

    def take(self, node: Node, gradient: Any, layout: Layout) -> np.ndarray[Any, Any]:
        """``gradient``, which has arrived at ``node``, as an array to write into.

        It is the gradient itself where nobody else can see it, else a copy.
        """
        if node in self.owned:
            self.owned.discard(node)
            # Asked in the very place where `references` asked for the probe.
            if sys.getrefcount(node) <= _unheld and layout.fits(gradient):
                return gradient
        buffer = layout.zeros(node.dtype)
        buffer[...] = gradient
        return buffer

    def references(self, node: Node, gradient: Any) -> int:  # noqa: ARG002 - called as `take` is
        """How many references there are to ``node`` that nobody else holds; asked by a probe."""
        return sys.getrefcount(node)

    def give(self, node: Node, gradient: np.ndarray[Any, Any]) -> None:
        """Hand on an array that nobody else holds."""
        fresh = self.grads[node] is None
        self.add(node, gradient)
        if fresh and self.grads[node] is gradient:
            self.owned.add(node)

    def revive(self, node: Node) -> Any:
        """What ``node`` saved, with the values of the graph as tensors with their history."""
        handle: Any = self.handle
        inputs: Any = node.inputs
        return [
            value if source is None else handle(value, node if source < 0 else inputs[source])
            for value, source in zip(node.saved, node.plan.sources, strict=True)
        ]


class Layout:
    """How an array lies in memory, so that a window into it fits another array as well."""

    __slots__ = ("shape", "strides")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape = array.shape
        self.strides = array.strides

    def fits(self, array: np.ndarray[Any, Any]) -> bool:
        """Whether ``array`` lies in memory as the layout says."""
        return array.strides == self.strides

    def zeros(self, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """A new array of zeros."""
        array = np.zeros(self.shape, dtype)
        if array.strides == self.strides:
            return array
        # Only its shape and strides are read: zeros_like keeps the order of the axes in memory.
        array = np.zeros_like(as_strided(np.empty(1, dtype), self.shape, self.strides))
        if array.strides == self.strides:
            return array
        before, size = self.extent(dtype.itemsize)
        return np.ndarray(self.shape, dtype, np.zeros(size, np.uint8), before, self.strides)

    def copy(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A new array with the contents of ``array``."""
        copy = array.copy("K")
        if copy.strides != self.strides:
            copy = self.zeros(array.dtype)
            copy[...] = array
        return copy

    def extent(self, itemsize: int) -> tuple[int, int]:
        """How many bytes lie before the first element, and how many there are in all."""
        reach = [(n - 1) * s for n, s in zip(self.shape, self.strides, strict=True)]
        before = -sum(r for r in reach if r < 0)
        return before, before + sum(r for r in reach if r > 0) + itemsize


class _Probe(Node):
    """Finds how many references to a node the walk itself holds while it is at it."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Ask as the nodes that call `Walk.take` do."""
        count = walk.references(self, grad)
        self.saved.append(count)


def _calibrate() -> int:
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return -1
    counts: list[int] = []
    probe = make_node(_Probe, (), (), np.dtype(float), counts)
    root = make_node(_Root, (probe,), (), np.dtype(float))
    del probe
    Walk(keep=False, handle=None).run([(root, np.float64(1))])
    return counts.pop()


class _Root(Node):
    """The consumer of a probe."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        walk.add(self.inputs[0], grad)  # type: ignore[index]


def raw(value: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return getattr(value, "_data", value)


def sum_to(gradient: Any, shape: tuple[int, ...]) -> Any:
    """``gradient`` summed over the axes along which an array of ``shape`` was broadcast to its shape."""
    ndim = len(shape)
    extra = gradient.ndim - ndim
    axes = tuple(range(extra)) + tuple(
        axis + extra
        for axis in range(max(-extra, 0), ndim)
        if shape[axis] == 1 and gradient.shape[axis + extra] != 1
    )
    if axes:
        gradient = _sum(gradient, axis=axes, keepdims=True)
        if extra > 0:
            gradient = gradient.reshape(gradient.shape[extra:])
    if gradient.shape != shape:
        gradient = np.broadcast_to(gradient, shape)
    return gradient


def cast_to(gradient: Any, dtype: np.dtype[Any]) -> Any:
    """``gradient`` in ``dtype``: its real part, for a real argument."""
    if gradient.dtype.kind == "c" and dtype.kind != "c":
        gradient = gradient.real
    return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def fit(gradient: Any, node: Node, source: Node) -> Any:
    """``gradient`` with the shape and dtype of ``node``; ``source`` is named if that cannot be."""
    if not hasattr(gradient, "shape"):
        given, gradient = gradient, np.asarray(gradient)
        if gradient.dtype.kind not in "biufc":
            raise InvalidGradient(
                f"a rule of {type(source).__name__} returned {given!r}, which is no array of numbers"
            )
    if gradient.shape != node.shape:
        try:
            gradient = sum_to(gradient, node.shape)
        except ValueError:
            raise InvalidGradient(
                f"{type(source).__name__} gave a gradient of shape {gradient.shape}"
                f" for a tensor of shape {node.shape}"
            ) from None
    if gradient.dtype != node.dtype:
        gradient = cast_to(gradient, node.dtype)
    return gradient


_unheld = _calibrate()
