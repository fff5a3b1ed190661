"""Detection of the operation that produces the first NaN or infinity."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

import numpy as np

from mygrad.engine.modes import Switch, debugging, is_recording, record_as, recording
from mygrad.engine.nodes import Node, Same
from mygrad.errors import Anomaly, place


class Debug(Switch):
    """The switch :data:`debug`, which sets `recording` too."""

    def __init__(self, doc: str) -> None:
        super().__init__(debugging, True, doc)
        self._tokens: ContextVar[tuple[tuple[Token[Any], Token[Any]], ...]] = ContextVar(  # type: ignore[assignment]
            "mygrad.debug.tokens"
        )

    def __enter__(self) -> None:
        tokens: Any = debugging.set(True), recording.set(recording.get())
        recording.set(record_as(is_recording()))
        self._tokens.set((*self._tokens.get(()), tokens))

    def __exit__(self, *_: object) -> None:
        *rest, tokens = self._tokens.get()
        self._tokens.set(tuple(rest))
        was_debugging, was_recording = tokens
        recording.reset(was_recording)
        debugging.reset(was_debugging)


debug = Debug(
    "Context manager and decorator: raise :class:`Anomaly` where an operation on tensors first produces NaN or"
    " infinity from finite values, in the forward or the backward pass. The error names the operation, its"
    " arguments and the line that called it. Every result is checked, so calls are slower inside; outside there"
    " is no cost. The batches of gradients that :func:`mygrad.jacobian` pulls back are not checked. Enter it"
    " before the forward pass, or errors in the backward pass cannot name the line."
)


def check(name: str, args: Any, options: Any, result: Any, mask: Any = True) -> None:
    """Raise if ``result``, of a call of ``name`` with finite arguments, is not finite.

    Entries where ``mask`` is false are uninitialised, and are ignored.
    """
    if mask is not True and not isinstance(result, list | tuple):
        result = np.asarray(result)[np.broadcast_to(mask, np.shape(result))]
    if finite(result) or not (finite(args) and finite(list(options.values()))):
        return
    raise Anomaly(
        f"{name}{place()} produced {_found(result)} from finite arguments: {_described(args, options)}"
    )


class _Place(str):
    """The line of user code that created a node, kept among the node's locks and dropped with them."""

    __slots__ = ()


def note(node: Node) -> None:
    """Store on ``node`` the line that created it, until the node is released."""
    if debugging.get():
        node.locks = (_Place(place()), *(node.locks or ()))


def _place_of(node: Node) -> str | None:
    """The line that created ``node``, or the node that it stands in for."""
    while isinstance(node, Same) and node.inputs:
        (node,) = node.inputs
    return next((held for held in node.locks or () if isinstance(held, _Place)), None)


class Watcher:
    """Checks the gradients that the rules of a node return."""

    __slots__ = ("grads", "inputs", "made", "node", "sound")

    def __init__(self, grads: Any, node: Node, grad: Any) -> None:
        self.made = _place_of(node)
        self.grads = grads
        self.node = node
        self.inputs = node.inputs or ()
        self.sound = (
            [finite(grads.get(parent)) for parent in self.inputs]
            if finite(grad) and finite(node.saved)
            else [False] * len(self.inputs)
        )

    def verify(self, grad: Any) -> None:
        """Raise if the gradient of an input, finite before the visit, no longer is."""
        for parent, sound in zip(self.inputs, self.sound, strict=True):
            gradient = self.grads.get(parent)
            if not sound or finite(gradient):
                continue
            node = self.node
            made = self.made
            if made is None:
                made = " (created outside mygrad.debug, or not by a function call)"
            shapes = ", ".join(str(each.shape) for each in self.inputs)
            raise Anomaly(
                f"the backward pass through {type(node).__name__}{made} produced {_found(gradient)} from a"
                f" finite gradient of shape {_shape(grad)}; the inputs have shapes {shapes}, and the gradient"
                f" with respect to the one of shape {parent.shape} is not finite"
            )


def finite(value: Any) -> bool:
    """True if ``value``, an array or a nested sequence of arrays, holds no NaN and no infinity."""
    if isinstance(value, list | tuple):
        return all(finite(item) for item in value)
    value = getattr(value, "_data", value)
    if isinstance(value, float | complex | np.ndarray | np.generic) and np.asarray(
        value
    ).dtype.kind in ("f", "c"):
        return bool(np.isfinite(value).all())
    return True


def _found(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = next(item for item in value if not finite(item))
    data = np.asarray(getattr(value, "_data", value))
    return "NaN" if np.isnan(data).any() else "infinity"


def _shape(value: Any) -> Any:
    return [_shape(each) for each in value] if isinstance(value, list | tuple) else np.shape(value)


def _described(args: Any, options: Any) -> str:
    given = [_short(value) for value in args]
    given += [f"{name}={_short(value)}" for name, value in options.items() if value is not None]
    return ", ".join(given)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<shape {value.shape}, {value.dtype}>"
    if isinstance(value, list | tuple) and len(value) <= 8:
        return f"[{', '.join(map(_short, value))}]"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
