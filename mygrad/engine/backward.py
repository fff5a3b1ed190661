"""The backward pass: from the gradient of a result to the gradients of everything it was computed from.

Nodes are visited in the reverse order of their creation. Each passes its gradient to its rules and is then
released, so that its saved arrays are freed during the walk. Three things are done here once for all rules: a
gradient is summed over the axes along which its argument was broadcast; it is cast to the argument's dtype; and an
element whose incoming gradient is zero contributes zero, even where the derivative is infinite or undefined
(``nans.py``).

One :class:`Walk` serves ``backward()`` and all transforms. Its parameters are where to stop (``routes.py``),
whether nodes keep their gradients, and the type of the gradients (``gradients.py``).
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
from mygrad.engine.nans import CALLING, FLAGS, error_state, has_zeros, masked
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
_NONE: dict[int, int] = {}

#: A function that may visit a node itself: called with the walk, the node and its gradient, it returns True if so.
Instead = Callable[[Any, Node, Any], bool]


class Walk:
    """A backward pass, and the gradients accumulated so far.

    ``grads`` maps each node still to be visited to its gradient; ``exclusive`` holds the nodes whose gradient has
    no other reference, so that it may be written to. ``leave`` is True if nodes keep their gradients, as
    ``Tensor.grad``. ``consumers`` counts, by node id, how often a node is an input in a graph that is retained.
    ``route`` is None in a walk through the whole graph of a node.
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
        self.consumers: dict[int, int] = _NONE
        self.check_nans = False
        self.fp_flags = FLAGS.raised
        self.leave = False
        self.route: Route | None = None

    def back(self, root: Node, grad: Any, keep: bool) -> None:
        """Backpropagate ``grad`` from ``root``; every node keeps its gradient. Retain the graph if ``keep``."""
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
        """The gradients at the ends of ``route``; nodes keep none, and those created after ``since`` are released."""
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
        """Visit ``nodes`` in reverse order; release those created after ``since``."""
        grads, exclusive, leave = self.grads, self.exclusive, self.leave
        flags = self.fp_flags
        raised_before = bool(flags)
        flags.clear()
        fast = self.gradients is ARRAYS and self.instead is None and not debugging.get()
        whole = None if self.route is None else self.route.whole
        token = error_state.set(CALLING)
        try:
            while nodes:
                node = nodes.pop()
                grad = grads.pop(node)
                plan = node.plan
                pullback = None
                if not fast or grad is None or not (whole is None or node in whole):
                    pass
                elif plan is not None:
                    if plan.gates:
                        self.check_nans = True
                    pullback = plan.pullback or specialised(plan)
                elif node.__class__ is Leaf and node.saved is None:
                    node.grad = grad if node.grad is None else node.grad + grad
                    node.state = node.state & _STAYS | GRADIENT
                    continue
                else:
                    pullback = node.specialised
                if pullback is None:
                    self._visit_in_general(node, grad, node.order > since)
                else:
                    pullback(self, node, grad, grads, exclusive, since, leave)
        finally:
            error_state.reset(token)
        # If a rule runs a backward pass itself, the walk that called the rule needs these flags.
        raised = token.old_value is CALLING and bool(flags or raised_before)
        flags.clear()
        if raised:
            flags.append(True)

    def _visit_in_general(self, node: Node, grad: Any, release: bool) -> None:
        """Visit any node, with a gradient of any type or None."""
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
        """Pull ``grad`` back to the inputs of ``node``; return the gradient that users see instead, or None."""
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
        """Add ``gradient``, fitted to the shape and dtype of ``node``, to the gradient of ``node``."""
        if self._is_off(node):
            return
        data = gradient._data if isinstance(gradient, Handle) else gradient
        try:
            fits = data.shape == node.shape and data.dtype == node.dtype
        except AttributeError:  # a number
            fits = False
        if not fits:
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
        """True if ``node`` leads to no end of this walk; raise if it is not part of the walk's graph."""
        if node in self.grads:
            return False
        if self.route is not None and node in self.route.behind:
            return True
        raise InvalidBackprop(
            "while gradients were computed as tensors, a rule converted one of its arguments to a plain"
            " array, with np.asarray or .data, so its result is cut off from the graph. Write rules with"
            " NumPy functions and operators only."
        )

    def add_at(self, node: Node, index: Any, gradient: Any, *, repeats: bool) -> None:
        """Add ``gradient`` at ``index`` of the gradient of ``node``; ``repeats`` if the index may repeat elements."""
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
        """Add ``gradient`` to ``region`` of the gradient of ``node``, which has the memory layout ``layout``."""
        if self._is_off(node):
            return
        part = self.gradients.part(self._buffer(node, gradient, layout), region)
        self.gradients.add_into(part, ..., gradient)

    def _buffer(self, node: Node, gradient: Any, layout: Layout | None = None) -> Any:
        """The gradient of ``node`` as a buffer without other references, into which ``gradient`` can be added."""
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
        """``gradient``, that of ``node``, as a writeable buffer: itself if nothing else can see it, else a copy."""
        if node in self.exclusive:
            self.exclusive.discard(node)
            # Where nodes keep gradients, a user who holds a tensor of this node sees the gradient. The node then has
            # more references than those of the graph and of the walk itself, which a probe has counted.
            known = _unheld + self.consumers.get(id(node), 0)
            if (not self.leave or sys.getrefcount(node) <= known) and self.gradients.fits(
                gradient, layout
            ):
                return gradient
        return self.gradients.copied(gradient, layout, node.dtype)

    def references(self, node: Node) -> int:
        """The number of references to ``node``; called by the probe, which has no others."""
        return sys.getrefcount(node)

    def give(self, node: Node, gradient: Any) -> None:
        """As :meth:`add`, of a gradient that has no other reference."""
        if self._is_off(node):
            return
        fresh = self.grads[node] is None
        self.add(node, gradient)
        if fresh and self.grads[node] is gradient:
            self.exclusive.add(node)


class _Probe(Node):
    """Counts the references to a node that the walk itself holds during a visit."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:  # noqa: ARG002 - called as those that call `Walk.take`
        """Count at the same call depth as the nodes that call `Walk.take`."""
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
