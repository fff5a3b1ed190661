"""The first-order pullback of a node, specialised for its plan.

:meth:`mygrad.engine.backward.Walk.pull` does the same for gradients of all kinds. Here a backward pass through
small arrays spends its time, so that a function is made for each plan: the rules are at hand, gradients are known
to be arrays, and since each function has a code object of its own, CPython sees one class of node at each place of
it, and finds every slot where it was the last time.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from mygrad.engine.nans import masked
from mygrad.engine.nodes import GRADIENT, RELEASED, USERS_ARRAY
from mygrad.engine.operation import Plan, unchanged
from mygrad.engine.unbroadcast import fit

_ndarray = np.ndarray
_add = np.add
_STAYS = ~USERS_ARRAY


def specialised(plan: Plan) -> Callable[..., None]:
    """The pullback of nodes of ``plan``, kept there.

    It is called as ``pullback(walk, node, grad, grads, exclusive, since, leave)``: nodes made after ``since`` are
    released; those that ``leave`` their gradients keep ``grad`` for users to see.
    """
    rules = plan.rules

    def pullback(
        walk: Any,
        node: Any,
        grad: Any,
        grads: dict[Any, Any],
        exclusive: set[Any],
        since: float,
        leave: bool,
    ) -> None:
        saved = node.saved
        flags = walk.fp_flags
        if flags:
            flags.clear()
        number = 0
        for parent in node.inputs:
            rule = rules[number]
            number += 1
            gradient = grad if rule is unchanged else rule(grad, *saved)
            if flags or walk.check_nans:
                gradient = masked(plan, rule, grad, saved, gradient, flags)
            try:
                if gradient.shape != parent.shape or gradient.dtype is not parent.dtype:
                    gradient = fit(gradient, parent, node)
            except AttributeError:
                if gradient is None:
                    continue
                gradient = fit(gradient, parent, node)
            previous = grads[parent]
            if previous is None:
                grads[parent] = gradient
            elif parent in exclusive:
                _add(previous, gradient, previous)
            else:
                total = grads[parent] = previous + gradient
                if total.__class__ is _ndarray:
                    exclusive.add(parent)
        if leave:
            node.grad = grad
            node.state = node.state & _STAYS | GRADIENT
        if node.order > since:
            node.inputs = node.saved = node.locks = None
            node.state |= RELEASED

    code = pullback.__code__.replace()
    plan.pullback = FunctionType(
        code, pullback.__globals__, pullback.__name__, None, pullback.__closure__
    )
    return plan.pullback
