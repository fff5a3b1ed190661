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
import threading
from collections.abc import Callable, Iterable
from contextvars import Context, ContextVar
from functools import wraps
from typing import Any

import numpy as np

from mygrad.engine.anomalies import Watcher
from mygrad.engine.modes import debugging
from mygrad.engine.nodes import GRADIENT, RELEASED, USERS_ARRAY, Leaf, Node, make_node
from mygrad.engine.pullbacks import compiled
from mygrad.engine.regions import Layout
from mygrad.engine.unbroadcast import fit
from mygrad.errors import InvalidBackprop

_by_creation = operator.attrgetter("order")
_ndarray = np.ndarray
_add = np.add
_sum = np.add.reduce
_RELEASED_WITH_GRADIENT = GRADIENT | RELEASED
_NOT_USERS_ARRAY = ~USERS_ARRAY


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
                " earlier backward(). Call that one with retain_graph=True to go back twice, or compute"
                " the result again from the leaves."
            )
        for parent in inputs:
            if parent not in found:
                found[parent] = None
                nodes.append(parent)
    return found


class _Watched(threading.local):
    """Where NumPy tells, while rules are called, of divisions by zero and of undefined numbers."""

    def __init__(self) -> None:
        self.trips: list[Any] = []


_watched = _Watched()


def _trip(*_: Any) -> None:
    _watched.trips.append(True)


def _telling() -> tuple[ContextVar[Any], Any]:
    """Where NumPy keeps how it treats such numbers, and what it keeps there for it to call `_trip`.

    Set once more for each walk, that is a sixth of the price of `np.errstate`.
    """
    context = Context()
    context.run(np.seterr, divide="call", over="ignore", under="ignore", invalid="call")
    context.run(np.seterrcall, _trip)
    ((variable, value),) = context.items()
    return variable, value


_error_state, _told = _telling()


def is_going_back() -> bool:
    """Whether a rule is being called: what it makes of zeros is mended after it."""
    return np.geterrcall() is _trip


def watch(visit: Callable[..., None]) -> Callable[..., None]:
    """``visit`` with NumPy telling of divisions by zero and of undefined numbers."""

    @wraps(visit)
    def watched(*args: Any) -> None:
        token = _error_state.set(_told)
        try:
            visit(*args)
        finally:
            _error_state.reset(token)

    return watched


class Walk:
    """One way back: the gradients that have arrived so far.

    ``handle`` makes a tensor of an array and its node; it is given when the gradients themselves are
    to be differentiable, and None in the ordinary first-order walk. ``grads`` maps the nodes still to
    be visited to their gradients, ``exclusive`` are the nodes whose gradient is an array that nobody else
    holds, so that it may be written to.
    """

    __slots__ = ("careful", "exclusive", "grads", "handle", "keep", "trips")

    grads: dict[Node, Any]

    def __init__(self, keep: bool, handle: Callable[[Any, Node], Any] | None) -> None:
        self.keep = keep or handle is not None
        self.handle = handle
        self.exclusive: set[Node] = set()
        self.careful = False
        self.trips = _watched.trips

    def back(self, root: Node, grad: Any) -> None:
        """Go back from ``root``; every node keeps its gradient, for users to see."""
        grads = self.grads = collect((root,))
        nodes = list(grads)
        nodes.sort(key=_by_creation)
        grads[root] = grad
        token = _error_state.set(_told)  # as `watch` does
        try:
            self._visit(nodes)
        finally:
            _error_state.reset(token)

    def _visit(self, nodes: list[Node]) -> None:
        """Visit ``nodes``, the last first.

        For the nodes that have a plan `visits` writes out `_apply` and `Node.release`: here a small
        graph spends its time.
        """
        if self.handle is not None or debugging.get():
            self._visit_slowly(nodes)
            return
        keep = self.keep
        grads = self.grads
        exclusive = self.exclusive
        trips = self.trips
        within = trips.copy()  # of a rule that goes back itself
        while nodes:
            node = nodes.pop()
            grad = grads.pop(node)
            plan = node.plan
            if plan is None or grad is None:
                if node.__class__ is not Leaf or node.saved is not None:
                    self._visit_other(node, grad)
                elif grad is not None:
                    node.grad = grad if node.grad is None else node.grad + grad
                    node.state = node.state & _NOT_USERS_ARRAY | GRADIENT
                continue
            if plan.gates:
                self.careful = True
            (plan.visit or compiled(plan))(self, node, grad, grads, exclusive, keep)
        trips += within

    def _visit_other(self, node: Node, grad: Any) -> None:
        """Visit a leaf, a node that sends its gradient on by itself, or one that got none."""
        if grad is not None:
            if node.gates:
                self.careful = True
            changed = node.pullback(self, grad)
            node.grad = grad if changed is None else changed
            node.state = node.state & ~USERS_ARRAY | GRADIENT
        if not self.keep:
            node.release()

    def _visit_slowly(self, nodes: list[Node]) -> None:
        """Visit ``nodes`` with tensors for gradients, or under `mygrad.debug`."""
        watched = debugging.get()
        while nodes:
            node = nodes.pop()
            grad = self.grads.pop(node)
            watcher = Watcher(self.grads, node, grad) if watched else None
            if node.plan is None or grad is None:
                self._visit_other(node, grad)
            else:
                self._apply(node, grad)
                node.grad = grad
                node.state = node.state & ~USERS_ARRAY | GRADIENT
                if not self.keep:
                    node.release()
            if watcher is not None:
                watcher.verify(grad)

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
        for position, (parent, rule) in enumerate(zip(inputs, plan.rules, strict=True)):
            gradient = rule(grad, *saved)
            if trips or self.careful:
                gradient = self.mend(plan, position, grad, saved, gradient)
            if gradient is not None:
                self.add(parent, gradient)

    def _second(self, node: Node, previous: Any, gradient: Any) -> None:
        total = self.grads[node] = previous + gradient
        if self.handle is None and total.__class__ is _ndarray:
            self.exclusive.add(node)

    def mend(self, plan: Any, position: int, grad: Any, saved: Any, gradient: Any) -> Any:
        """``gradient`` without what came of a zero in ``grad`` and an infinity or NaN in ``saved``."""
        trips = self.trips
        if gradient is grad or not (plan.elementwise or plan.bilinear):
            return gradient
        if not hasattr(gradient, "dtype"):  # None, or a number
            return gradient
        if not (trips or has_nan(raw(gradient))):
            return gradient
        trips.clear()
        if plan.bilinear:
            return without_untouched(plan.rules[position], grad, saved, gradient)
        zero = np.equal(raw(grad), 0) & ~np.isfinite(raw(gradient))
        return np.where(zero, raw(gradient).dtype.type(0), gradient)

    def add(self, node: Node, gradient: Any) -> None:
        """Add ``gradient`` to what has arrived at ``node``; its shape and dtype are made to fit."""
        gradient = fit(gradient, node, node)
        try:
            previous = self.grads[node]
        except KeyError:
            raise InvalidBackprop(
                "while gradients were computed as tensors, a rule turned one of its arguments into a plain"
                " array, by np.asarray or .data: what it returns has lost its history. Write rules in"
                " NumPy functions and operators alone."
            ) from None
        if previous is None:
            self.grads[node] = gradient
        elif node in self.exclusive:
            _add(previous, gradient, previous)
        else:
            self._second(node, previous, gradient)

    def buffer(self, node: Node, layout: Layout | None = None) -> np.ndarray[Any, Any]:
        """The gradient of ``node`` as an array to write into, laid out in memory as ``layout`` says."""
        gradient = self.grads[node]
        if (
            gradient is not None
            and node in self.exclusive
            and gradient.__class__ is _ndarray
            and (layout is None or layout.fits(gradient))
        ):
            return gradient
        buffer = np.zeros(node.shape, node.dtype) if layout is None else layout.zeros(node.dtype)
        if gradient is not None:
            buffer[...] = gradient
        self.grads[node] = buffer
        self.exclusive.add(node)
        return buffer

    def take(self, node: Node, gradient: Any, layout: Layout) -> np.ndarray[Any, Any]:
        """``gradient``, which has arrived at ``node``, as an array to write into.

        It is the gradient itself where nobody else can see it, else a copy.
        """
        if node in self.exclusive:
            self.exclusive.discard(node)
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
            self.exclusive.add(node)

    def revive(self, node: Node) -> Any:
        """What ``node`` saved, with the values of the graph as tensors with their history."""
        handle: Any = self.handle
        inputs: Any = node.inputs
        return [
            value if source is None else handle(value, node if source < 0 else inputs[source])
            for value, source in zip(node.saved, node.plan.sources, strict=True)
        ]


def has_nan(value: Any) -> bool:
    """Whether there is NaN in an array; asked in one pass, and without a warning."""
    if not isinstance(value, _ndarray):  # a number, or a batch of arrays
        return bool(np.any(np.isnan(value)))
    size = value.size
    if size > 1000:
        least = np.minimum.reduce(value, axis=None)
    elif size > 1:
        least = value.item(value.argmin())  # on a small array a third of the price
    else:
        least = value.item() if size else 0
    return bool(least != least)  # noqa: PLR0124 - so is NaN alone


def has_zeros(grad: Any) -> bool:
    """Whether some entries of a result have no part in what is asked for."""
    value = raw(grad)
    return bool(value.ndim and not value.all())


def without_untouched(rule: Any, grad: Any, saved: Any, gradient: Any) -> Any:
    """The gradient of a product, where what ``grad`` multiplies by zero may be infinite or NaN."""

    def replaced(change: Any) -> list[Any]:
        kinds = [getattr(getattr(value, "dtype", None), "kind", "") for value in saved]
        return [change(v) if k and k in "fc" else v for k, v in zip(kinds, saved, strict=True)]

    finite = rule(grad, *replaced(lambda value: np.where(np.isfinite(raw(value)), value, 0)))
    counted = np.not_equal(raw(grad), 0).astype(float)
    touched = rule(counted, *replaced(lambda value: (~np.isfinite(raw(value))).astype(float)))
    return np.where(np.equal(touched, 0), finite, gradient)


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
    Walk(keep=False, handle=None).back(root, np.float64(1))
    return counts.pop()


class _Root(Node):
    """The consumer of a probe."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        walk.add(self.inputs[0], grad)  # type: ignore[index]


def raw(value: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return getattr(value, "_data", value)


_unheld = _calibrate()
