"""The type of the gradients in a walk: arrays, or tensors whose own computation is recorded.

A walk calls these classes for all that depends on the type: the saved values passed to rules, buffers to add
gradients into, and parts of them. Batches of gradients, in ``transforms``, are a third type, made of either of these.
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

    #: True if the computation of gradients is recorded, so that they can be differentiated in turn.
    recorded = False

    def value(self, data: Any, node: Node) -> Any:  # noqa: ARG002 - for tensors
        """``data``, the value of ``node``, for a rule to compute with."""
        return data

    def saved(self, node: Node) -> Any:
        """The arguments that ``node`` saved for its rules."""
        return node.saved

    def zeros(self, layout: Layout, dtype: Any) -> Any:
        """A buffer of zeros to add gradients into."""
        return layout.zeros(dtype)

    def copied(self, gradient: Any, layout: Layout, dtype: Any) -> Any:
        """A writeable copy of ``gradient`` with this layout and dtype."""
        copy = layout.zeros(dtype)
        copy[...] = gradient
        return copy

    def can_be_written(self, gradient: Any) -> bool:
        """True if ``gradient`` supports item assignment."""
        return gradient.__class__ is _ndarray

    def fits(self, gradient: Any, layout: Layout) -> bool:
        """True if ``gradient`` can be written into, and has the memory layout ``layout``."""
        return gradient.__class__ is _ndarray and layout.fits(gradient)

    def ready_for(self, buffer: Any, gradient: Any) -> Any:  # noqa: ARG002 - for tensors
        """``buffer``, which has no other reference, converted if needed so that ``gradient`` can be added into it."""
        return buffer

    def shown(self, gradient: Any) -> Any:
        """``gradient`` as users see it."""
        return gradient

    def part(self, buffer: Any, region: Region) -> Any:
        """The part of ``buffer`` at ``region``, a view."""
        return region.of(buffer)

    def add_into(self, buffer: Any, index: Any, gradient: Any) -> None:
        """Add ``gradient`` to ``buffer[index]``; ``index`` must not repeat elements."""
        part = buffer[index]
        if part.__class__ is _ndarray and is_basic(index):
            np.add(part, gradient, part)
        else:
            buffer[index] = part + gradient

    def pull(self, walk: Any, node: Node, grad: Any) -> Any:
        """Pull ``grad`` back to the inputs of ``node``, as `Walk.pull` does."""
        return walk.pull(node, grad)


class Tensors(Arrays):
    """Gradients are tensors: they can be differentiated in turn.

    Gradients that do not depend on a value of the graph yet are constant, and stay arrays. Updates of a gradient are
    recorded like any in-place update.
    """

    __slots__ = ("tensor_class",)

    recorded = True

    def __init__(self, tensor_class: type[Handle]) -> None:
        self.tensor_class = tensor_class

    def value(self, data: Any, node: Node) -> Any:
        """A tensor of ``data``, the value of ``node``, connected to the graph."""
        if node.state:  # this belongs to the node's own tensor, and must not apply to the new one
            node = make_node(Same, (node,), node.shape, node.dtype)
        return make_handle(self.tensor_class, np.asarray(data), node)

    def saved(self, node: Node) -> Any:
        """The arguments that ``node`` saved for its rules, with values of the graph as tensors."""
        inputs: Any = node.inputs
        return [
            data if source is None else self.value(data, node if source < 0 else inputs[source])
            for data, source in zip(node.saved, node.plan.sources, strict=True)
        ]

    def copied(self, gradient: Any, layout: Layout, dtype: Any) -> Any:
        """A writeable copy of ``gradient`` with this layout and dtype."""
        if not isinstance(gradient, Handle):
            return super().copied(gradient, layout, dtype)
        node = touch(gradient) if is_variable(gradient) else CONSTANT
        data = super().copied(gradient._data, layout, dtype)
        if node is not CONSTANT:
            node = make_node(Copied, (node,), data.shape, data.dtype)
        return make_handle(self.tensor_class, data, node)

    def can_be_written(self, gradient: Any) -> bool:
        """True if ``gradient`` supports item assignment."""
        return gradient.__class__ is _ndarray or isinstance(gradient, Handle)

    def fits(self, gradient: Any, layout: Layout) -> bool:
        """True if ``gradient`` can be written into, and has the memory layout ``layout``."""
        if isinstance(gradient, Handle):
            return gradient._base is None and layout.fits(gradient._data)
        return super().fits(gradient, layout)

    def ready_for(self, buffer: Any, gradient: Any) -> Any:
        """``buffer``, which has no other reference, converted if needed so that ``gradient`` can be added into it."""
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
        if not isinstance(buffer, Handle):
            return region.of(buffer)
        # A region of a read-only view is one all the same in the gradient of its base.
        return view_of(buffer, region._replace(writeable=True))

    def add_into(self, buffer: Any, index: Any, gradient: Any) -> None:
        """Add ``gradient`` to ``buffer[index]``; ``index`` must not repeat elements."""
        buffer[index] = buffer[index] + gradient

    def pull(self, walk: Any, node: Node, grad: Any) -> Any:
        """Pull ``grad`` back to the inputs of ``node``, as `Walk.pull` does."""
        plan = node.plan
        if grad.__class__ is _ndarray and (
            plan is None or not all(s is None for s in plan.sources)
        ):
            grad = make_handle(self.tensor_class, grad, CONSTANT)
        return walk.pull(node, grad)


ARRAYS = Arrays()
