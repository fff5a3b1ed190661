"""Hooks: functions that are called with the gradient of a tensor in the backward pass, and may replace it.

The hooks of a tensor act on its accumulated gradient, before that is passed to the tensor's operation. For this, the
node of an intermediate tensor is split in two: the upper one, an input of the nodes computed from the tensor, calls
the hooks; the lower one is the operation. A leaf calls its hooks itself, and keeps them when the graph is released.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from mygrad.engine.nodes import (
    CONSTANT,
    RELEASED,
    VIEW,
    Handle,
    Leaf,
    Node,
    Same,
    insert_below,
    make_handle,
)
from mygrad.engine.unbroadcast import cast_to
from mygrad.engine.views import sync, touch
from mygrad.errors import InvalidGradient

Hook = Callable[[Any], Any]

_key = count().__next__


class Hooks(dict[int, Hook]):
    """The hooks of a node, in the order of their registration."""

    __slots__ = ()

    def applied(self, node: Node, grad: Any) -> Any:
        """``grad``, that of ``node``, after the hooks."""
        if hasattr(grad, "rows"):  # a batch of gradients: hooks are called with one at a time
            return type(grad)(np.stack([self.applied(node, row) for row in grad.rows]))
        for hook in tuple(self.values()):
            result = hook(read_only(grad))
            if result is not None:
                grad = _fitted(result, node, hook, grad)
        return grad


class RegisteredHook:
    """The registration of a hook, as :meth:`mygrad.Tensor.register_hook` returns it."""

    __slots__ = ("_hooks", "_key")

    def __init__(self, hooks: Hooks, hook: Hook) -> None:
        self._hooks = hooks
        self._key = _key()
        hooks[self._key] = hook

    def remove(self) -> None:
        """Remove the hook; do nothing if it was removed before."""
        self._hooks.pop(self._key, None)


def register(tensor: Any, hook: Hook) -> RegisteredHook:
    """Register ``hook`` to be called with the gradient of ``tensor``: see `Tensor.register_hook`."""
    if not callable(hook):
        raise TypeError(f"register_hook takes a function of the gradient, not {hook!r}")
    if tensor._node.state & VIEW:
        sync(tensor)
    node = touch(tensor) if tensor._node.state & RELEASED else tensor._node
    if tensor.constant:
        raise TypeError(
            "register_hook: a constant tensor has no gradient, so the hook would never be called"
        )
    if not node.hooked:
        _divide(node, tensor._data)
    return RegisteredHook(hooks_of(node), hook)


def _divide(node: Node, data: Any) -> None:
    """Make ``node`` call hooks; ``data`` is the array of its tensor."""
    if isinstance(node, Leaf):
        node.saved = Hooks()
        return
    lower = insert_below(node, Hooked)
    lower.grad = None
    lower.state = 0
    # The memory guard checks whether the node of a tensor saves the tensor's array.
    kept = lower.saved.__class__ is tuple and any(value is data for value in lower.saved)
    node.saved = (Hooks(), data if kept else None)


def hooks_of(node: Node) -> Hooks:
    """The hooks that ``node`` calls."""
    hooks: Hooks = node.saved if isinstance(node, Leaf) else node.saved[0]
    return hooks


def changed(node: Node, grad: Any) -> Any:
    """``grad``, that of ``node``, after its hooks."""
    return hooks_of(node).applied(node, grad)


def read_only(grad: Any) -> Any:
    """A read-only view of ``grad`` for users: gradients are shared, and must not be written into."""
    if isinstance(grad, Handle) or hasattr(grad, "rows"):
        return grad
    array = np.asarray(grad).view()
    array.flags.writeable = False
    return array


def _fitted(result: Any, node: Node, hook: Hook, grad: Any) -> Any:
    """``result``, returned by ``hook``, as the gradient of ``node`` that replaces ``grad``."""
    recorded = isinstance(grad, Handle)
    value = result if isinstance(result, Handle) else np.array(result)
    shape, dtype = value.shape, value.dtype  # type: ignore[union-attr]
    if shape != node.shape or dtype.kind not in "biufc":
        name = getattr(hook, "__name__", repr(hook))
        raise InvalidGradient(
            f"the hook {name} returned {type(result).__name__} of shape {shape} and dtype {dtype}; the hook of"
            f" a tensor of shape {node.shape} must return a gradient of that shape, or None"
        )
    if isinstance(value, Handle) and not recorded:
        value = np.array(value._data)
    value = cast_to(value, node.dtype)
    return make_handle(type(grad), value, CONSTANT) if recorded and result is not value else value


class Hooked(Same):
    """Calls hooks on the gradient of the node below it."""

    __slots__ = ()
    hooked = True

    @property
    def visible(self) -> bool:  # type: ignore[override]
        """True if the node below is visible."""
        return self._below.visible

    @property
    def shown(self) -> Any:
        """The creator that the node below shows."""
        below = self._below
        return below.inputs[0].shown if below.is_output else below.shown  # type: ignore[index]

    @property
    def _below(self) -> Node:
        (below,) = self.inputs  # type: ignore[misc]
        return below

    def pullback(self, walk: Any, grad: Any) -> Any:
        """Pass ``grad`` through the hooks and on; return the result as the gradient of the tensor."""
        grad = changed(self, grad)
        walk.add(self._below, grad)
        return grad
