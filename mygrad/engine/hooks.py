"""Hooks: functions that are shown the gradient of a tensor on its way back, and may replace it.

The hooks of a tensor stand between its node and all that was computed from it: what has arrived from
there, summed, goes through them before it goes on. An intermediate tensor's node is divided in two for
that: the upper one, which all others know, calls the hooks, the lower one is the operation. A leaf calls
them itself, and keeps them when the graph is released.
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
        """``grad``, that of ``node``, as the hooks leave it."""
        if hasattr(grad, "rows"):  # a batch of gradients: a hook is shown one
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
        """Call the hook no more; nothing happens if it was removed before."""
        self._hooks.pop(self._key, None)


def register(tensor: Any, hook: Hook) -> RegisteredHook:
    """Have ``hook`` called with the gradient of ``tensor``: see `Tensor.register_hook`."""
    if not callable(hook):
        raise TypeError(f"register_hook takes a function of the gradient, not {hook!r}")
    if tensor._node.state & VIEW:
        sync(tensor)
    node = touch(tensor) if tensor._node.state & RELEASED else tensor._node
    if tensor.constant:
        raise TypeError(
            "register_hook: a constant tensor gets no gradient, the hook would never run"
        )
    if not node.hooked:
        _divide(node, tensor._data)
    return RegisteredHook(hooks_of(node), hook)


def _divide(node: Node, data: Any) -> None:
    """Make ``node`` one that calls hooks; ``data`` is its tensor's array."""
    if isinstance(node, Leaf):
        node.saved = Hooks()
        return
    lower = insert_below(node, Hooked)
    lower.grad = None
    lower.state = 0
    # The memory guard asks the node of a tensor whether it keeps the tensor's array.
    kept = lower.saved.__class__ is tuple and any(value is data for value in lower.saved)
    node.saved = (Hooks(), data if kept else None)


def hooks_of(node: Node) -> Hooks:
    """The hooks that ``node`` calls."""
    hooks: Hooks = node.saved if isinstance(node, Leaf) else node.saved[0]
    return hooks


def changed(node: Node, grad: Any) -> Any:
    """``grad``, that of ``node``, as its hooks leave it."""
    return hooks_of(node).applied(node, grad)


def read_only(grad: Any) -> Any:
    """``grad`` for users to look at: gradients are shared, so that nobody may write into one."""
    if isinstance(grad, Handle) or hasattr(grad, "rows"):
        return grad
    array = np.asarray(grad).view()
    array.flags.writeable = False
    return array


def _fitted(result: Any, node: Node, hook: Hook, grad: Any) -> Any:
    """What ``hook`` returned, as a gradient of ``node`` in the place of ``grad``."""
    recorded = isinstance(grad, Handle)
    value = result if isinstance(result, Handle) else np.array(result)
    shape, dtype = value.shape, value.dtype  # type: ignore[union-attr]
    if shape != node.shape or dtype.kind not in "biufc":
        name = getattr(hook, "__name__", repr(hook))
        raise InvalidGradient(
            f"the hook {name} returned {type(result).__name__} of shape {shape} and dtype {dtype}; it takes"
            f" the gradient of a tensor of shape {node.shape}, and returns another one of that shape, or None"
        )
    if isinstance(value, Handle) and not recorded:
        value = np.array(value._data)
    value = cast_to(value, node.dtype)
    return make_handle(type(grad), value, CONSTANT) if recorded and result is not value else value


class Hooked(Same):
    """Calls hooks, for the node below it."""

    __slots__ = ()
    hooked = True

    @property
    def visible(self) -> bool:  # type: ignore[override]
        """As the node below."""
        return self._below.visible

    @property
    def shown(self) -> Any:
        """As for the node below."""
        below = self._below
        return below.inputs[0].shown if below.is_output else below.shown  # type: ignore[index]

    @property
    def _below(self) -> Node:
        (below,) = self.inputs  # type: ignore[misc]
        return below

    def pullback(self, walk: Any, grad: Any) -> Any:
        """Send on what the hooks leave of ``grad``; returns it as the gradient of the tensor."""
        grad = changed(self, grad)
        walk.add(self._below, grad)
        return grad
