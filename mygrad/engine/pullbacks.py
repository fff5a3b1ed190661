"""The first-order pullback of a node, specialised for its plan.

:meth:`mygrad.engine.backward.Walk.pull` does the same for gradients of any type. A backward pass through small
arrays spends its time here, so a function is made for each plan: its rules are closed over, and its gradients are
known to be arrays. Each function has its own code object, so that CPython's inline caches see a single class of
node and stay valid.
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
_GRADIENT_ALONE = GRADIENT | RELEASED


def specialised(plan: Plan) -> Callable[..., None]:
    """The pullback of nodes with this ``plan``, which caches it.

    It is called as ``pullback(walk, node, grad, grads, exclusive, since, leave)``: a node created after ``since``
    is released; if ``leave``, the node keeps ``grad`` for users to see.
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
        release = node.order > since
        if leave:
            node.grad = grad
            node.state = node.state & _STAYS | (_GRADIENT_ALONE if release else GRADIENT)
        elif release:
            node.state |= RELEASED
        if release:
            node.inputs = node.saved = node.locks = None

    code = pullback.__code__.replace()
    plan.pullback = FunctionType(
        code, pullback.__globals__, pullback.__name__, None, pullback.__closure__
    )
    return plan.pullback
