"""The computational graph: nodes, and the handles that users hold.

A :class:`Node` is created with its inputs. A :class:`Handle` (a tensor) refers to the node of its current value;
an in-place update gives the handle a new node. Nodes never refer to handles, so that a graph has no reference
cycles and is freed by reference counting alone.

A node is modified in three ways only. The backward pass stores a gradient on it, and releases it.
:func:`insert_below`, used for hooks and by the memory guard, moves its contents to a new node and turns it into a
stand-in for that. A checkpoint cuts off the leaves of an evaluation that has ended.
"""

from __future__ import annotations

from itertools import count
from math import ceil
from typing import Any

import numpy as np

# The bits of a node's ``state``; an ordinary value in a live graph has none of them.
VIEW = 1  # the handle is a view, whose base may have been updated since
GRADIENT = 2  # holds a gradient, which is dropped when the tensor is used again
RELEASED = 4  # the backward pass has released the inputs
EXPOSED = 8  # user code can access the array and may write to it
USERS_ARRAY = 16  # the gradient array has been returned to the user
# The states that need handling before the tensor can enter a graph, except for a gradient to be dropped.
SLOW = VIEW | RELEASED
# The states in which user code may access the array, directly or through the base.
REACHABLE = VIEW | EXPOSED

creation = count(1).__next__
new = object.__new__


class Node:
    """A value in the graph: how it was computed and, after a backward pass, the gradient with respect to it.

    ``inputs`` are the nodes that receive a gradient, None once released; ``saved`` are the values that the rules
    need; ``plan`` pairs the inputs with their rules. ``state`` holds the bits above. ``has_nan`` is None until the
    value has been checked for NaN; it is True if the value, or one that it was computed from, may hold NaN.
    """

    __slots__ = (
        "dtype",
        "grad",
        "has_nan",
        "inputs",
        "locks",
        "order",
        "plan",
        "saved",
        "shape",
        "state",
    )

    inputs: tuple[Node, ...] | None
    saved: Any
    plan: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: float
    grad: Any
    state: int
    has_nan: bool | None
    locks: Any

    #: True if entries of an input that the result does not depend on may hold NaN: see nans.py.
    gates = False
    #: True if users see the node as ``tensor.creator``.
    visible = True
    #: True for one of several results: its only input is the operation.
    is_output = False
    #: True if user hooks are called with its gradient: see mygrad/engine/hooks.py.
    hooked = False
    #: For nodes without a plan: the pullback of array gradients, with the signature of a plan's ``pullback``.
    specialised: Any = None

    @property
    def shown(self) -> Any:
        """The node that users see as ``tensor.creator``."""
        return self

    def pullback(self, walk: Any, grad: Any) -> Any:
        """Pull ``grad`` back to the inputs; for nodes whose ``plan`` is None.

        Return the gradient that users see in place of ``grad``, or None.
        """
        raise NotImplementedError

    def release(self) -> None:
        """Drop everything that the backward pass needs."""
        self.inputs = self.saved = self.locks = None
        self.state |= RELEASED


def make_node(
    node_class: type[Any],
    inputs: tuple[Node, ...],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    saved: Any = None,
    plan: Any = None,
    state: int = 0,
    has_nan: bool | None = None,
) -> Any:
    """A new node of class ``node_class``."""
    node = new(node_class)
    node.inputs = inputs
    node.saved = saved
    node.plan = plan
    node.shape = shape
    node.dtype = dtype
    node.order = creation()
    node.grad = node.locks = None
    node.state = state
    node.has_nan = has_nan
    return node


class Leaf(Node):
    """The node of a tensor that is not the result of an operation. ``saved`` are its hooks, if any."""

    __slots__ = ()
    visible = False

    @property
    def hooked(self) -> bool:  # type: ignore[override]
        """True once hooks have been registered."""
        return self.saved is not None

    @staticmethod
    def specialised(_walk: Any, node: Leaf, grad: Any, *_: Any) -> None:
        """Add an array to the gradient of the leaf."""
        if node.saved is not None:
            grad = node.saved.applied(node, grad)
        node.grad = grad if node.grad is None else node.grad + grad
        node.state = node.state & ~USERS_ARRAY | GRADIENT

    def pullback(self, walk: Any, grad: Any) -> Any:  # noqa: ARG002 - a leaf has no inputs
        """Return the gradient after the hooks, added to that of another graph if there is one."""
        if self.saved is not None:
            grad = self.saved.applied(self, grad)
        return grad if self.grad is None else self.grad + grad

    def release(self) -> None:
        """Do nothing: another graph may still end at this leaf."""


class Same(Node):
    """Passes the gradient on unchanged."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Identity."""
        walk.add(self.inputs[0], grad)  # type: ignore[index]


class Copied(Same):
    """A copy: it has no creator that users see, but the gradient passes through."""

    __slots__ = ()
    visible = False


class Alias(Same):
    """Stands in for a leaf; several graphs may end here, so none of them releases it."""

    __slots__ = ()
    visible = False

    def release(self) -> None:
        """Do nothing: the node is freed with the last graph that ends here."""


class Constant(Node):
    """The node of a tensor that carries no gradient. One object serves all constants that are not views."""

    __slots__ = ()
    visible = False


CONSTANT: Node = make_node(Constant, (), (), np.dtype(float))
CONSTANT_VIEW: Node = make_node(Constant, (), (), np.dtype(float), state=VIEW)


def make_leaf(data: np.ndarray[Any, Any], state: int = 0) -> Node:
    """The node of a fresh variable whose value is ``data``."""
    return make_node(Leaf, (), data.shape, data.dtype, None, None, state)


def insert_below(node: Node, stand_in: type[Node]) -> Node:
    """Move the contents of ``node`` to a new node below it, and return the new node.

    References to ``node`` stay valid: it becomes an instance of ``stand_in``, with the new node as its only input.
    Both have the state and the gradient.
    """
    lower = new(node.__class__)
    for slot in Node.__slots__:
        setattr(lower, slot, getattr(node, slot))
    # After every node created before, and before any node that is inserted above it later.
    before = max([ceil(node.order) - 1, *[each.order for each in node.inputs or ()]])
    lower.order = (before + node.order) / 2
    node.__class__ = stand_in
    node.inputs = (lower,)
    node.saved = node.plan = node.locks = None
    return lower


class Handle:
    """The contents of a tensor; :class:`mygrad.Tensor` adds the public interface.

    ``_data`` is the array, ``_node`` the node of the current value, ``_base`` the tensor that this one is a view
    of. ``_version`` counts the updates of a base; in a view it is the version of the base that the view was last
    synchronised with, None if the view must be taken from its base again. ``_is_array`` matters for 0-d tensors:
    it is False for results of operations, where NumPy returns scalars, and True for those that a user created.
    ``_region`` is the location of a view in its base's memory, None until it is needed.
    """

    __slots__ = ("__weakref__", "_base", "_data", "_is_array", "_node", "_region", "_version")

    _data: np.ndarray[Any, Any]
    _node: Node
    _base: Handle | None
    _version: int | None
    _is_array: bool
    _region: Any


def make_handle(
    tensor_class: type[Any], data: np.ndarray[Any, Any], node: Node, is_array: bool = False
) -> Any:
    """A tensor of class ``tensor_class`` that is not a view."""
    tensor = new(tensor_class)
    tensor._data = data
    tensor._node = node
    tensor._base = None
    tensor._version = 0
    tensor._is_array = is_array
    return tensor


def output_node(node: Node, data: Any, position: int, count: int) -> Node:
    """The node of one of the results of ``node``."""
    if data.dtype.kind not in "fc":
        return CONSTANT
    return make_node(Output, (node,), data.shape, data.dtype, (position, count))


class Output(Node):
    """One of the results of an operation that has several."""

    __slots__ = ()
    is_output = True

    def pullback(self, walk: Any, grad: Any) -> None:
        """Put the gradient in its place among those of the other results."""
        (origin,) = self.inputs  # type: ignore[misc]
        position, count = self.saved
        gradients = walk.grads[origin]
        if gradients is None:
            gradients = (None,) * count
        present = gradients[position]
        total = grad if present is None else present + grad
        walk.grads[origin] = (*gradients[:position], total, *gradients[position + 1 :])
