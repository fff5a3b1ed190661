"""The computational graph: nodes, and the handles that users hold.

A :class:`Node` is made with its inputs. A :class:`Handle` (a tensor) points at the node that describes its
present value; updating a tensor in place gives the handle a new node. Nodes never point at handles, so that a
graph is free of reference cycles and is freed by reference counting alone.

A node that others hold changes in three ways only. The backward pass leaves a gradient on it, and releases
it. :func:`insert_below` makes it a stand-in for a new node, which takes over all that it was: for hooks, and
for the memory guard. A checkpoint cuts off the leaves of an evaluation that is over.
"""

from __future__ import annotations

from itertools import count
from math import ceil
from typing import Any

import numpy as np

# The bits of a node's ``state``; a plain value in a live graph has none of them.
VIEW = 1  # the handle is a view, its base may have moved on
GRADIENT = 2  # holds a gradient, which is forgotten when the tensor is used again
RELEASED = 4  # the backward pass has released the inputs
EXPOSED = 8  # a user can reach the array and may write to it
USERS_ARRAY = 16  # the user has been given the gradient, and holds the array
# What has to be seen to before the tensor can enter a graph, but for a gradient to be forgotten.
SLOW = VIEW | RELEASED
# What says that users may reach the array, by itself or through the base.
REACHABLE = VIEW | EXPOSED

creation = count(1).__next__
new = object.__new__


class Node:
    """A value in the graph: how it arose and, after going back, the gradient with respect to it.

    ``inputs`` are the nodes that receive a gradient; ``saved`` what the rules need of the operation's
    arguments; ``plan`` pairs the inputs with their rules. ``inputs`` is None once released. ``state`` holds
    the bits above. ``has_nan`` is None until somebody has looked for NaN in the value; True says that there
    is some, or may be some in what lies behind it.
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

    #: An entry that the result does not depend on may hold anything, NaN too: see backprop.
    gates = False
    #: Shown as ``tensor.creator``.
    visible = True
    #: One of several results: its only input is the operation.
    is_output = False
    #: Calls functions of the user's with its gradient: see mygrad/engine/hooks.py.
    hooked = False
    #: For nodes whose ``plan`` is None: the pullback of gradients that are arrays, called as those of plans are.
    specialised: Any = None

    @property
    def shown(self) -> Any:
        """What users are shown as the creator."""
        return self

    def pullback(self, walk: Any, grad: Any) -> Any:
        """Send ``grad`` on to the inputs; for nodes whose ``plan`` is None.

        What it returns, if anything, is the gradient that users see in the place of ``grad``.
        """
        raise NotImplementedError

    def release(self) -> None:
        """Let go of everything needed for going back."""
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
    """The node of a tensor that no operation made: where gradients arrive. ``saved`` are its hooks, if any."""

    __slots__ = ()
    visible = False

    @property
    def hooked(self) -> bool:  # type: ignore[override]
        """True once hooks have been registered."""
        return self.saved is not None

    @staticmethod
    def specialised(_walk: Any, node: Leaf, grad: Any, *_: Any) -> None:
        """Let the gradient arrive, which is an array."""
        if node.saved is not None:
            grad = node.saved.applied(node, grad)
        node.grad = grad if node.grad is None else node.grad + grad
        node.state = node.state & ~USERS_ARRAY | GRADIENT

    def pullback(self, walk: Any, grad: Any) -> Any:  # noqa: ARG002 - nothing lies behind a leaf
        """Return the gradient, as hooks leave it, with that of another graph if there is one."""
        if self.saved is not None:
            grad = self.saved.applied(self, grad)
        return grad if self.grad is None else self.grad + grad

    def release(self) -> None:
        """A leaf has nothing to release: another graph may still end here."""


class Same(Node):
    """Passes the gradient on unchanged."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Identity."""
        walk.add(self.inputs[0], grad)  # type: ignore[index]


class Copied(Same):
    """A copy: it has no creator for users to see, yet the gradient passes through."""

    __slots__ = ()
    visible = False


class Alias(Same):
    """Stands for a leaf; several graphs may end here, so that none of them releases it."""

    __slots__ = ()
    visible = False

    def release(self) -> None:
        """Goes when the last graph that ends here does."""


class Constant(Node):
    """Stands where a tensor carries no gradient. One object serves all constants that are no views."""

    __slots__ = ()
    visible = False


CONSTANT: Node = make_node(Constant, (), (), np.dtype(float))
CONSTANT_VIEW: Node = make_node(Constant, (), (), np.dtype(float), state=VIEW)


def make_leaf(data: np.ndarray[Any, Any], state: int = 0) -> Node:
    """The node of a fresh variable whose value is ``data``."""
    return make_node(Leaf, (), data.shape, data.dtype, None, None, state)


def insert_below(node: Node, stand_in: type[Node]) -> Node:
    """Hand all that ``node`` is over to a new node below it, and return that.

    Those who hold ``node`` keep it: of the class ``stand_in``, with the new node as its only input. The state and
    the gradient are left on both.
    """
    lower = new(node.__class__)
    for slot in Node.__slots__:
        setattr(lower, slot, getattr(node, slot))
    # Behind everything made before, and all that is inserted later in front of it.
    before = max([ceil(node.order) - 1, *[each.order for each in node.inputs or ()]])
    lower.order = (before + node.order) / 2
    node.__class__ = stand_in
    node.inputs = (lower,)
    node.saved = node.plan = node.locks = None
    return lower


class Handle:
    """What every tensor consists of. :class:`mygrad.Tensor` gives it a face.

    ``_data`` is the array, ``_node`` the node of its present value, ``_base`` the tensor that it is a
    view of. ``_version`` counts the updates of a base; in a view it is the version of the base that the view
    has seen, None if the view is to be derived from its base again. ``_is_array`` matters without axes:
    results of operations stand where NumPy has scalars, what a user made stands for an array.
    ``_region`` tells where in the base's memory a view lies, once that had to be found out.
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
    """A tensor of class ``tensor_class`` that is nobody's view."""
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
