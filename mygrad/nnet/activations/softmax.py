"""Softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import primitive
from mygrad.nnet._arguments import axes_of, floats

__all__ = ["logsoftmax", "softmax"]


def from_largest(function, x, axis):
    """``x`` minus its maximum along ``axis``, so that exponentials do not overflow."""
    x = floats(x)
    try:
        largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    except (TypeError, ValueError):
        if axis is not None:
            axes_of(function, x, axis)
        raise
    return np.asarray(x - largest)


@primitive
def softmax(x: Any, axis: Any = -1) -> Any:
    """Softmax: ``exp(x) / sum(exp(x))``, positive numbers that sum to one along an axis.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        The axes along which the results sum to one; None for all axes.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    AxisError, ValueError
        An axis does not exist or is repeated.

    See Also
    --------
    logsoftmax : its logarithm, which does not underflow.
    mygrad.nnet.losses.softmax_crossentropy : softmax and loss in one.

    Examples
    --------
    >>> from mygrad.nnet.activations import softmax
    >>> softmax([[1.0, 2.0, 3.0], [1e4, 1e4, -1e4]])
    Tensor([[0.09003057, 0.24472847, 0.66524096],
            [0.5       , 0.5       , 0.        ]])
    """
    powers = from_largest("softmax", x, axis)
    powers = np.exp(powers, out=powers)
    powers /= np.sum(powers, axis=axis, keepdims=True)
    return powers


@implements(softmax)
class Softmax(Operation):
    def vjp_x(grad, out, axis=-1):
        return out * (grad - np.sum(grad * out, axis=axis, keepdims=True))


@primitive
def logsoftmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of the softmax: ``x - log(sum(exp(x)))``.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        The axes along which the exponentials of the results sum to one; None for all axes.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    AxisError, ValueError
        An axis does not exist or is repeated.

    Examples
    --------
    >>> from mygrad.nnet.activations import logsoftmax
    >>> logsoftmax([[1.0, 2.0, 3.0], [1e4, 1e4, -1e4]])
    Tensor([[-2.40760596e+00, -1.40760596e+00, -4.07605964e-01],
            [-6.93147181e-01, -6.93147181e-01, -2.00006931e+04]])
    """
    below = from_largest("logsoftmax", x, axis)
    if below.size:
        below -= np.log(np.sum(np.exp(below), axis=axis, keepdims=True))
    return below


@implements(logsoftmax)
class LogSoftmax(Operation):
    def vjp_x(grad, out, axis=-1):
        return grad - np.exp(out) * np.sum(grad, axis=axis, keepdims=True)
