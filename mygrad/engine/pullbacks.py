"""What the walk back does at a node, written out for each plan.

For a product of two tensors it reads, in short::

    def visit(walk, node, grad, grads, exclusive, keep):
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

from mygrad.engine.nodes import GRADIENT, RELEASED, USERS_ARRAY
from mygrad.engine.operation import Plan, arguments_of, unchanged
from mygrad.engine.unbroadcast import cast_to, fit, sum_to

_START = """\
def visit(walk, node, grad, grads, exclusive, keep):
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
        elif {parent} in exclusive:
            add(previous, gradient, previous)
        else:
            total = grads[{parent}] = previous + gradient
            if total.__class__ is ndarray:
                exclusive.add({parent})
"""

_END = """
    node.grad = grad
    if keep:
        node.state = node.state & NOT_USERS_ARRAY | GRADIENT
    else:
        node.state = node.state & NOT_USERS_ARRAY | RELEASED_WITH_GRADIENT
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
        "NOT_USERS_ARRAY": ~USERS_ARRAY,
        "RELEASED_WITH_GRADIENT": GRADIENT | RELEASED,
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
