"""The backward pass: from the gradient of a result to those of all that it was computed from.

Nodes are visited in the reverse order of their creation. Each hands its gradient to its rules, and is released:
what it saved is freed while the walk goes on. Three things happen here, once for all rules: a gradient is summed
over the axes along which its argument was broadcast; it is cast to the argument's dtype; and an element whose
incoming gradient is zero sends on zero, also where the derivative is infinite or undefined (``nans.py``).

One :class:`Walk` serves ``backward()`` and all transforms. It is told where to stop (``routes.py``), whether
nodes keep their gradients, and what gradients are made of (``gradients.py``).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mygrad.engine.anomalies import Watcher
from mygrad.engine.gradients import ARRAYS, Arrays
from mygrad.engine.hooks import changed
from mygrad.engine.modes import debugging
from mygrad.engine.nans import CALLING, error_state, fp_flags, has_zeros, masked
from mygrad.engine.nodes import GRADIENT, USERS_ARRAY, Handle, Leaf, Node, make_node
from mygrad.engine.pullbacks import specialised
from mygrad.engine.regions import Layout, Region
from mygrad.engine.routes import Route, by_creation, collect
from mygrad.engine.unbroadcast import fit
from mygrad.engine.views import placed
from mygrad.errors import InvalidBackprop

_ndarray = np.ndarray
_STAYS = ~USERS_ARRAY
NEVER = sys.maxsize

#: May take a node over: called with the walk, the node and its gradient, it returns True if it did.
Instead = Callable[[Any, Node, Any], bool]


class Walk:
    """A backward pass, and the gradients that have arrived so far.

    ``grads`` maps the nodes still to be visited to their gradients; ``exclusive`` are the nodes whose gradient
    nobody else holds, so that it may be written to. ``leave`` says that nodes keep their gradients, for users to
    see. ``consumers`` counts, by identity, how often a node is an input in a graph that is kept. ``route`` is None
    in a walk through all that lies behind a node.
    """

    __slots__ = (
        "check_nans",
        "consumers",
        "exclusive",
        "fp_flags",
        "gradients",
        "grads",
        "instead",
        "leave",
        "route",
    )

    def __init__(self, gradients: Arrays = ARRAYS, instead: Instead | None = None) -> None:
        self.gradients = gradients
        self.instead = instead
        self.grads: dict[Node, Any] = {}
        self.exclusive: set[Node] = set()
        self.consumers: dict[int, int] = {}
        self.check_nans = False
        self.fp_flags = fp_flags()
        self.leave = False
        self.route: Route | None = None

    def back(self, root: Node, grad: Any, keep: bool) -> None:
        """Backpropagate ``grad`` from ``root``; every node keeps its gradient, and the graph too if ``keep``."""
        self.leave = True
        self.grads = collect((root,))
        nodes = sorted(self.grads, key=by_creation)
        if keep:
            self.consumers = Counter(id(each) for node in nodes for each in node.inputs or ())
        self.grads[root] = grad
        self._visit(nodes, NEVER if keep else -NEVER)

    def between(
        self, route: Route, roots: Iterable[tuple[Node, Any]], since: float = NEVER
    ) -> dict[Node, Any]:
        """The gradients at the ends of ``route``; nothing is left on nodes; those made after ``since`` are released."""
        self.route = route
        self.grads = dict.fromkeys(route.leading)
        for root, grad in roots:
            if root in route.leading:
                self.check_nans = self.check_nans or has_zeros(grad)
                self.add(root, grad)
        self._visit(route.path.copy(), since)
        for end in route.hooked:
            if self.grads[end] is not None:
                self.grads[end] = changed(end, self.grads[end])
        return self.grads

    def _visit(self, nodes: list[Node], since: float) -> None:
        """Visit ``nodes``, the last first; those made after ``since`` are released."""
        grads, exclusive, leave = self.grads, self.exclusive, self.leave
        flags = self.fp_flags
        raised_before = bool(flags)
        flags.clear()
        specialise = self.gradients is ARRAYS and self.instead is None and not debugging.get()
        whole = None if self.route is None else self.route.whole
        token = error_state.set(CALLING)
        try:
            while nodes:
                node = nodes.pop()
                grad = grads.pop(node)
                pullback = None
                if specialise and grad is not None and (whole is None or node in whole):
                    plan = node.plan
                    if plan is None:
                        if node.__class__ is Leaf and node.saved is None:
                            node.grad = grad if node.grad is None else node.grad + grad
                            node.state = node.state & _STAYS | GRADIENT
                            continue
                        pullback = node.specialised
                    else:
                        if plan.gates:
                            self.check_nans = True
                        pullback = plan.pullback or specialised(plan)
                if pullback is None:
                    self._visit_in_general(node, grad, node.order > since)
                else:
                    pullback(self, node, grad, grads, exclusive, since, leave)
        finally:
            error_state.reset(token)
        # A rule that runs a backward pass itself is watched by the walk that called it.
        raised = token.old_value is CALLING and bool(flags or raised_before)
        flags.clear()
        if raised:
            flags.append(True)

    def _visit_in_general(self, node: Node, grad: Any, release: bool) -> None:
        """Visit any node, with a gradient of any kind, or none."""
        if grad is not None:
            watcher = Watcher(self.grads, node, grad) if debugging.get() else None
            shown = self.gradients.pull(self, node, grad)
            if self.leave:
                node.grad = self.gradients.shown(grad if shown is None else shown)
                node.state = node.state & ~USERS_ARRAY | GRADIENT
            if watcher is not None:
                watcher.verify(grad)
        if release:
            node.release()

    def pull(self, node: Node, grad: Any) -> Any:
        """Send ``grad`` on from ``node``; return what users see in its place, if anything."""
        plan = node.plan
        if (node if plan is None else plan).gates:
            self.check_nans = True
        if self.instead is not None and self.instead(self, node, grad):
            return None
        if plan is None:
            return node.pullback(self, grad)
        saved = self.gradients.saved(node)
        flags = self.fp_flags
        if flags:
            flags.clear()
        leading = None if self.route is None else self.route.leading
        inputs: Any = node.inputs
        for parent, rule in zip(inputs, plan.rules, strict=True):
            if leading is not None and parent not in leading:
                continue
            gradient = rule(grad, *saved)
            if flags or self.check_nans:
                gradient = masked(plan, rule, grad, saved, gradient, flags)
            if gradient is not None:
                self.add(parent, gradient)
        return None

    # ------------------------------------------------------------ for pullbacks

    def add(self, node: Node, gradient: Any) -> None:
        """Add ``gradient`` to what has arrived at ``node``; its shape and dtype are made to fit."""
        if self._is_off(node):
            return
        data = gradient._data if isinstance(gradient, Handle) else gradient
        if data.__class__ is not _ndarray or data.shape != node.shape or data.dtype != node.dtype:
            gradient = fit(gradient, node, node)
        previous = self.grads[node]
        if previous is None:
            self.grads[node] = gradient
        elif node in self.exclusive and self.gradients is ARRAYS:
            np.add(previous, gradient, previous)
        else:
            total = self.grads[node] = previous + gradient
            if self.gradients.can_be_written(total):
                self.exclusive.add(node)

    def _is_off(self, node: Node) -> bool:
        """True if ``node`` does not lead where this walk goes; an error if it has no place in it at all."""
        if node in self.grads:
            return False
        if self.route is not None and node in self.route.behind:
            return True
        raise InvalidBackprop(
            "while gradients were computed as tensors, a rule turned one of its arguments into a plain"
            " array, by np.asarray or .data: what it returns has lost its history. Write rules in"
            " NumPy functions and operators alone."
        )

    def add_at(self, node: Node, index: Any, gradient: Any, *, repeats: bool) -> None:
        """Add ``gradient`` at ``index`` of what has arrived at ``node``; ``repeats`` if that names elements twice."""
        if self._is_off(node):
            return
        if self.grads[node] is None:
            self.grads[node] = placed(gradient, index, node.shape)
            self.exclusive.add(node)
            return
        buffer = self._buffer(node, gradient)
        if repeats:
            np.add.at(buffer, index, gradient)
        else:
            self.gradients.add_into(buffer, index, gradient)

    def add_part(self, node: Node, region: Region, layout: Layout, gradient: Any) -> None:
        """Add ``gradient`` to the part at ``region`` of what has arrived at ``node``, laid out as ``layout``."""
        if self._is_off(node):
            return
        part = self.gradients.part(self._buffer(node, gradient, layout), region)
        self.gradients.add_into(part, ..., gradient)

    def _buffer(self, node: Node, gradient: Any, layout: Layout | None = None) -> Any:
        """What has arrived at ``node``, as something to add ``gradient`` into that nobody else holds."""
        gradients = self.gradients
        buffer = self.grads[node]
        if buffer is None:
            buffer = gradients.zeros(
                layout or Layout.contiguous(node.shape, node.dtype), node.dtype
            )
        elif node not in self.exclusive or (layout and not gradients.fits(buffer, layout)):
            layout = layout or Layout.contiguous(node.shape, node.dtype)
            buffer = gradients.copied(buffer, layout, node.dtype)
        buffer = self.grads[node] = gradients.ready_for(buffer, gradient)
        self.exclusive.add(node)
        return buffer

    def take(self, node: Node, gradient: Any, layout: Layout) -> Any:
        """``gradient``, which has arrived at ``node``, as something to write into.

        It is the gradient itself where nobody else can see it, else a copy.
        """
        if node in self.exclusive:
            self.exclusive.discard(node)
            # Where nodes keep gradients, users see it who hold a tensor of this node: then there are more references
            # than those of the graph and, as a probe has found, of the walk.
            known = _unheld + self.consumers.get(id(node), 0)
            if (not self.leave or sys.getrefcount(node) <= known) and self.gradients.fits(
                gradient, layout
            ):
                return gradient
        return self.gradients.copied(gradient, layout, node.dtype)

    def references(self, node: Node) -> int:
        """The number of references to ``node``, which nobody else holds; asked by a probe."""
        return sys.getrefcount(node)

    def give(self, node: Node, gradient: Any) -> None:
        """Hand on a gradient that nobody else holds."""
        if self._is_off(node):
            return
        fresh = self.grads[node] is None
        self.add(node, gradient)
        if fresh and self.grads[node] is gradient:
            self.exclusive.add(node)


class _Probe(Node):
    """Finds how many references to a node the walk itself holds while it visits it."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:  # noqa: ARG002 - called as those that call `Walk.take`
        """Ask as the nodes that call `Walk.take` do."""
        count = walk.references(self)
        self.saved.append(count)


class _Root(Node):
    """The consumer of a probe."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        walk.add(self.inputs[0], grad)  # type: ignore[index]


def _calibrate() -> int:
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return -sys.maxsize
    counts: list[int] = []
    probe = make_node(_Probe, (), (), np.dtype(float), counts)
    root = make_node(_Root, (probe,), (), np.dtype(float))
    del probe
    Walk().back(root, np.float64(1), keep=False)
    return counts.pop()


_unheld = _calibrate()
