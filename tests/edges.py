"""Gradients at points where a derivative is infinite, undefined or a matter of convention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mygrad as mg


def pullback(function: Callable[..., Any], *args: Any, grad: Any = 1.0) -> list[Any]:
    """The gradients of the array arguments, given that of the result.

    Python numbers are passed on as they are. What the function warns of at such points is not what
    is tested.
    """
    tensors = [mg.tensor(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    with np.errstate(all="ignore"):
        out = function(*tensors)
    out.backward(np.broadcast_to(np.asarray(grad, out.dtype), out.shape))
    return [arg.grad for arg in tensors if isinstance(arg, mg.Tensor)]


def masked_gradient(function: Callable[..., Any], x: Any, good: Any, *args: Any) -> Any:
    """The gradient of ``sum(where(good, function(x), 0))``: zero where `good` is not."""
    variable = mg.tensor(x)
    with np.errstate(all="ignore"):
        loss = np.sum(np.where(good, function(variable, *args), 0))
    loss.backward()
    return variable.grad


def masked_hessian_diagonal(function: Callable[..., Any], x: Any, good: Any, *args: Any) -> Any:
    """The second derivatives of that sum, for an elementwise function."""
    variable = mg.tensor(x)
    with np.errstate(all="ignore"):
        loss = np.sum(np.where(good, function(variable, *args), 0))
        loss.backward(create_graph=True)
        slope = variable.grad
        variable.null_grad()
        np.sum(slope).backward()
    return variable.grad
