"""What gradients are made of in a walk: arrays, or tensors that remember how they came about.

A walk asks here for all that depends on this: values of the graph to compute with, memory to add gradients into,
and parts of it. Batches of gradients, in ``transforms``, are a third kind, made of either of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import (
    CONSTANT,
    Copied,
    Handle,
    Node,
    Same,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.engine.regions import Layout, Region
from mygrad.engine.views import is_basic, is_variable, touch, view_of

_ndarray = np.ndarray


class Arrays:
    """Gradients are arrays: first derivatives."""

    __slots__ = ()

    #: Gradients carry a history, so that they can be differentiated in turn.
    recorded = False

    def value(self, data: Any, node: Node) -> Any:  # noqa: ARG002 - the history is of no use here
        """``data``, the value of ``node``, for a rule to compute with."""
        return data

    def saved(self, node: Node) -> Any:
        """The arguments that ``node`` saved for its rules."""
        return node.saved

    def zeros(self, layout: Layout, dtype: Any) -> Any:
        """Zeros to add gradients into."""
        return layout.zeros(dtype)

    def copied(self, gradient: Any, layout: Layout, dtype: Any) -> Any:
        """A copy of ``gradient``, to write into."""
        copy = layout.zeros(dtype)
        copy[...] = gradient
        return copy

    def can_be_written(self, gradient: Any) -> bool:
        """True if parts of ``gradient`` can be assigned."""
        return gradient.__class__ is _ndarray

    def fits(self, gradient: Any, layout: Layout) -> bool:
        """True if ``gradient`` can be written into, and is laid out in memory as ``layout`` says."""
        return gradient.__class__ is _ndarray and layout.fits(gradient)

    def ready_for(self, buffer: Any, gradient: Any) -> Any:  # noqa: ARG002 - any array takes another
        """``buffer``, which nobody else holds, as one that ``gradient`` can be added into."""
        return buffer

    def shown(self, gradient: Any) -> Any:
        """``gradient`` as users see it."""
        return gradient

    def part(self, buffer: Any, region: Region) -> Any:
        """The part of ``buffer`` at ``region``, a view."""
        return region.of(buffer)

    def add_into(self, buffer: Any, index: Any, gradient: Any) -> None:
        """Add ``gradient`` to ``buffer[index]``; no element may be named twice."""
        part = buffer[index]
        if part.__class__ is _ndarray and is_basic(index):
            np.add(part, gradient, part)
        else:
            buffer[index] = part + gradient

    def pull(self, walk: Any, node: Node, grad: Any) -> Any:
        """Have ``walk`` send ``grad`` on from ``node``."""
        return walk.pull(node, grad)


class Tensors(Arrays):
    """Gradients are tensors: they can be differentiated in turn.

    What has met no value of the graph yet is constant, and stays an array. What is written into a tensor here is
    recorded as any update in place is.
    """

    __slots__ = ("tensor_class",)

    recorded = True

    def __init__(self, tensor_class: type[Handle]) -> None:
        self.tensor_class = tensor_class

    def value(self, data: Any, node: Node) -> Any:
        """A tensor of ``data``, the value of ``node``, with its history."""
        if node.state:  # which is that of the node's own tensor, and does not concern this one
            node = make_node(Same, (node,), node.shape, node.dtype)
        return make_handle(self.tensor_class, np.asarray(data), node)

    def saved(self, node: Node) -> Any:
        """The arguments that ``node`` saved for its rules, values of the graph as tensors with their history."""
        inputs: Any = node.inputs
        return [
            data if source is None else self.value(data, node if source < 0 else inputs[source])
            for data, source in zip(node.saved, node.plan.sources, strict=True)
        ]

    def copied(self, gradient: Any, layout: Layout, dtype: Any) -> Any:
        """A copy of ``gradient``, to write into."""
        if not isinstance(gradient, Handle):
            return super().copied(gradient, layout, dtype)
        node = touch(gradient) if is_variable(gradient) else CONSTANT
        data = super().copied(gradient._data, layout, dtype)
        if node is not CONSTANT:
            node = make_node(Copied, (node,), data.shape, data.dtype)
        return make_handle(self.tensor_class, data, node)

    def can_be_written(self, gradient: Any) -> bool:
        """True if parts of ``gradient`` can be assigned."""
        return gradient.__class__ is _ndarray or isinstance(gradient, Handle)

    def fits(self, gradient: Any, layout: Layout) -> bool:
        """True if ``gradient`` can be written into, and is laid out in memory as ``layout`` says."""
        if isinstance(gradient, Handle):
            return gradient._base is None and layout.fits(gradient._data)
        return super().fits(gradient, layout)

    def ready_for(self, buffer: Any, gradient: Any) -> Any:
        """``buffer``, which nobody else holds, as one that ``gradient`` can be added into."""
        if isinstance(gradient, Handle) and is_variable(gradient):
            if not isinstance(buffer, Handle):
                return make_handle(self.tensor_class, buffer, make_leaf(buffer))
            if not is_variable(buffer):
                buffer._node = make_leaf(buffer._data)
        return buffer

    def shown(self, gradient: Any) -> Any:
        """``gradient`` as users see it."""
        if isinstance(gradient, np.ndarray | np.generic):
            return make_handle(self.tensor_class, np.asarray(gradient), CONSTANT)
        return gradient

    def part(self, buffer: Any, region: Region) -> Any:
        """The part of ``buffer`` at ``region``, a view."""
        return view_of(buffer, region) if isinstance(buffer, Handle) else region.of(buffer)

    def add_into(self, buffer: Any, index: Any, gradient: Any) -> None:
        """Add ``gradient`` to ``buffer[index]``; no element may be named twice."""
        buffer[index] = buffer[index] + gradient

    def pull(self, walk: Any, node: Node, grad: Any) -> Any:
        """Have ``walk`` send ``grad`` on from ``node``."""
        plan = node.plan
        if grad.__class__ is _ndarray and (
            plan is None or not all(s is None for s in plan.sources)
        ):
            grad = make_handle(self.tensor_class, grad, CONSTANT)
        return walk.pull(node, grad)


ARRAYS = Arrays()
