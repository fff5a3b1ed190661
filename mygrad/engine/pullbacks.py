"""What the walk back does at a node, written out for each plan.

For a product of two tensors it reads, in short::

    def visit(walk, node, grad, grads, owned, keep):
        x2, x1 = node.saved
        parent_0, parent_1 = node.inputs
        gradient = rule_0(grad, x2)
        …                               # made to fit parent_0, and added to what has arrived there
        gradient = rule_1(grad, x1)
        …
        node.grad = grad
        …                               # what the node kept is let go

Each plan has its own text because CPython then sees one class of node at each place of it, calls the
rules without packing arguments, and finds every slot where it was the last time: a quarter of the time
of a walk through small arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mygrad.engine.nodes import GRADIENT, OWNED, RELEASED, Node
from mygrad.engine.operation import Plan, arguments_of, unchanged
from mygrad.errors import InvalidGradient

_ndarray = np.ndarray
_sum = np.add.reduce

_START = """\
def visit(walk, node, grad, grads, owned, keep):
    {saved}node.saved
    {parents}node.inputs
    trips = walk.trips
    if trips:
        trips.clear()
"""

_INPUT = """
    gradient = {call}
    if trips or walk.careful:
        gradient = walk.mend(plan, {position}, grad, node.saved, gradient)
    try:
        if gradient.shape != {parent}.shape:
            gradient = sum_to(gradient, {parent}.shape)
        if gradient.dtype is not {parent}.dtype:
            gradient = cast_to(gradient, {parent}.dtype)
    except (AttributeError, ValueError):
        if gradient is not None:
            gradient = fit(gradient, {parent}, node)
    if gradient is not None:
        previous = grads[{parent}]
        if previous is None:
            grads[{parent}] = gradient
        elif {parent} in owned:
            add(previous, gradient, previous)
        else:
            total = grads[{parent}] = previous + gradient
            if total.__class__ is ndarray:
                owned.add({parent})
"""

_END = """
    node.grad = grad
    if keep:
        node.stale = node.stale & NOT_OWNED | GRADIENT
    else:
        node.stale = node.stale & NOT_OWNED | SPENT
        node.inputs = node.saved = node.locks = None
"""


def compiled(plan: Plan) -> Callable[..., None]:
    """The function that visits nodes of ``plan``, kept there."""
    known: dict[str, Any] = {
        "plan": plan,
        "sum_to": sum_to,
        "cast_to": cast_to,
        "fit": fit,
        "add": np.add,
        "ndarray": np.ndarray,
        "GRADIENT": GRADIENT,
        "NOT_OWNED": ~OWNED,
        "SPENT": GRADIENT | RELEASED,
    }
    parents = [f"parent_{i}" for i in range(len(plan.chosen))]
    saved = "".join(f"{name}, " for name in plan.names)
    source = _START.format(
        saved=f"{saved}= " if saved else "",
        parents="".join(f"{parent}, " for parent in parents) + "= ",
    )
    for position, (rule, parent) in enumerate(zip(plan.chosen, parents, strict=True)):
        known[f"rule_{position}"] = rule
        call = "grad" if rule is unchanged else f"rule_{position}({arguments_of(rule)})"
        source += _INPUT.format(call=call, parent=parent, position=position)
    exec(source + _END, known)
    plan.visit = known["visit"]
    return plan.visit


def sum_to(gradient: Any, shape: tuple[int, ...]) -> Any:
    """``gradient`` summed over the axes along which an array of ``shape`` was broadcast to its shape."""
    ndim = len(shape)
    extra = gradient.ndim - ndim
    # Of a tensor the function is recorded at less cost than the method of the ufunc.
    total = _sum if gradient.__class__ is _ndarray else np.sum
    if extra == 1 and gradient.shape[1:] == shape:
        return total(gradient, axis=0)
    axes = tuple(range(extra)) + tuple(
        axis + extra
        for axis in range(max(-extra, 0), ndim)
        if shape[axis] == 1 and gradient.shape[axis + extra] != 1
    )
    if axes:
        gradient = total(gradient, axis=axes, keepdims=True)
        if extra > 0:
            gradient = gradient.reshape(gradient.shape[extra:])
    if gradient.shape != shape:
        gradient = np.broadcast_to(gradient, shape)
    return gradient


def cast_to(gradient: Any, dtype: np.dtype[Any]) -> Any:
    """``gradient`` in ``dtype``: its real part, for a real argument."""
    if gradient.dtype.kind == "c" and dtype.kind != "c":
        gradient = gradient.real
    return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def fit(gradient: Any, node: Node, source: Node) -> Any:
    """``gradient`` with the shape and dtype of ``node``; ``source`` is named if that cannot be."""
    if not hasattr(gradient, "shape"):
        given, gradient = gradient, np.asarray(gradient)
        if gradient.dtype.kind not in "biufc":
            raise InvalidGradient(
                f"a rule of {type(source).__name__} returned {given!r}, which is no array of numbers"
            )
    if gradient.shape != node.shape:
        try:
            gradient = sum_to(gradient, node.shape)
        except ValueError:
            raise InvalidGradient(
                f"{type(source).__name__} gave a gradient of shape {gradient.shape}"
                f" for a tensor of shape {node.shape}"
            ) from None
    if gradient.dtype != node.dtype:
        gradient = cast_to(gradient, node.dtype)
    return gradient
