"""Smooth activations: the logistic function and its relatives."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from mygrad import tanh
from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression, primitive
from mygrad.nnet._arguments import axes_of, floats

__all__ = ["gelu", "glu", "mish", "sigmoid", "silu", "soft_sign", "softplus", "tanh"]


@dispatched
def logistic(x):
    """``1 / (1 + exp(-x))``, accurate in both tails; for use in rules."""
    with np.errstate(over="ignore"):  # where exp overflows, the result 0 is correct
        out = np.exp(np.negative(floats(x)))
    out += 1
    return np.reciprocal(out)


@primitive
def sigmoid(x: Any) -> Any:
    """The logistic function, ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> from mygrad.nnet.activations import sigmoid
    >>> sigmoid([-1e4, -1.0, 0.0, 1.0, 1e4])
    Tensor([0.        , 0.26894142, 0.5       , 0.73105858, 1.        ])
    """
    return logistic(x)


@implements(sigmoid, logistic)
class Sigmoid(Elementwise):
    def vjp_x(grad, out):
        return grad * (out * (1 - out))


@dispatched
def smooth_rectified(x):
    """``log(1 + exp(x))``, for use in expressions."""
    x = floats(x)
    return np.maximum(x, 0) + excess(x)


def excess(x):
    """``log(1 + exp(-|x|))``, the difference between the smooth rectifier and the rectifier."""
    power = np.exp(-np.abs(x))
    total = np.asarray(1 + power)
    # The logarithm plus a correction for the rounding of the sum: log1p takes several times as
    # long.
    lost = np.asarray(total - 1)
    np.subtract(power, lost, out=lost)
    lost /= total
    lost += np.log(total)
    return lost


@primitive
def softplus(x: Any) -> Any:
    """A smooth rectifier, ``log(1 + exp(x))``; its derivative is the logistic function.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape of `x`.

    References
    ----------
    C. Dugas et al., "Incorporating second-order functional knowledge for better option pricing",
    NeurIPS 2000.

    Examples
    --------
    >>> from mygrad.nnet.activations import softplus
    >>> softplus([-1e4, 0.0, 1e4])
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+04])
    """
    return smooth_rectified(x)


@implements(softplus, smooth_rectified)
class Softplus(Elementwise):
    def vjp_x(grad, x):
        return grad * logistic(x)


@expression
def silu(x: Any) -> Any:
    """The sigmoid linear unit, or swish: ``x * sigmoid(x)``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape of `x`.

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning", Neural Networks 107, 2018.

    Examples
    --------
    >>> from mygrad.nnet.activations import silu
    >>> silu([-1e4, -1.0, 0.0, 1e4])
    Tensor([-0.00000000e+00, -2.68941421e-01,  0.00000000e+00,  1.00000000e+04])
    """
    x = floats(x)
    return x * logistic(x)


@expression
def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape of `x`.

    References
    ----------
    D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.

    Examples
    --------
    >>> from mygrad.nnet.activations import mish
    >>> mish([-1.0, 0.0, 1.0])
    Tensor([-0.30340146,  0.        ,  0.86509839])
    """
    x = floats(x)
    return x * np.tanh(smooth_rectified(x))


#: φ(0), the density of the normal distribution at its mean.
DENSITY = 1 / math.sqrt(2 * math.pi)


@cache
def distribution_function() -> Callable[[Any], Any]:
    """Φ, elementwise: SciPy's, imported when first needed, or one made from ``math.erfc``."""
    try:
        return import_module("scipy.special").ndtr
    except ImportError:
        return np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), otypes=[float])


@dispatched
def normal_distribution(x):
    """Φ(x), the standard normal distribution function."""
    return np.asarray(distribution_function()(x), x.dtype)


@implements(normal_distribution)
class NormalDistribution(Elementwise):
    def vjp_x(grad, x):
        return grad * (DENSITY * np.exp(-0.5 * (x * x)))


@expression
def gelu(x: Any, *, approximate: str = "none") -> Any:
    """The Gaussian error linear unit: ``x * Φ(x)``, with Φ the normal distribution function.

    Parameters
    ----------
    x : array_like
    approximate : {"none", "tanh"}
        "tanh": the approximation ``x / 2 * (1 + tanh(√(2/π) * (x + 0.044715 * x**3)))``, accurate
        to
        0.0005, with which networks such as GPT-2 were trained.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        `approximate` is neither of the two.

    Notes
    -----
    If SciPy is installed, its Φ is used, which is faster; results differ only by rounding.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415.

    Examples
    --------
    >>> from mygrad.nnet.activations import gelu
    >>> gelu([-1.0, 0.0, 1.0])
    Tensor([-0.15865525,  0.        ,  0.84134475])
    >>> gelu([-1.0, 0.0, 1.0], approximate="tanh")
    Tensor([-0.15880801,  0.        ,  0.84119199])
    """
    x = floats(x)
    if approximate == "none":
        return x * normal_distribution(x)
    if approximate == "tanh":
        # (1 + tanh(z)) / 2 is the logistic function of 2 z, which is accurate also in the left
        # tail.
        return x * logistic(math.sqrt(8 / math.pi) * (x * (1 + 0.044715 * (x * x))))
    raise ValueError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")


@primitive
def soft_sign(x: Any) -> Any:
    """``x / (1 + |x|)``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape of `x`, in (-1, 1).

    References
    ----------
    J. Turian, J. Bergstra, Y. Bengio, "Quadratic features and deep architectures for chunking",
    NAACL
    2009.

    Examples
    --------
    >>> from mygrad.nnet.activations import soft_sign
    >>> soft_sign([-3.0, 0.0, 1.0])
    Tensor([-0.75,  0.  ,  0.5 ])
    """
    x = np.asarray(x)
    return x / (1 + np.abs(x))


@implements(soft_sign)
class SoftSign(Elementwise):
    def vjp_x(grad, x):
        below = 1 + np.abs(x)
        return grad / below / below  # the square may overflow


@expression
def glu(x: Any, axis: int = -1) -> Any:
    """The gated linear unit: one half of ``x`` times the sigmoid of the other.

    Parameters
    ----------
    x : array_like
    axis : int
        The axis to split in the middle; its length must be even.

    Returns
    -------
    Tensor
        ``a * sigmoid(b)``, where ``a`` is the first half and ``b`` the second.

    Raises
    ------
    AxisError, ValueError
        The axis does not exist, or its length is odd.

    References
    ----------
    Y. N. Dauphin, A. Fan, M. Auli, D. Grangier, "Language modeling with gated convolutional
    networks", ICML 2017.

    Examples
    --------
    >>> from mygrad.nnet.activations import glu
    >>> glu([[1.0, 2.0, 0.0, 1e4]])
    Tensor([[0.5, 2. ]])
    """
    x = floats(x)
    (axis,) = axes_of("glu", x, operator.index(axis))
    length = x.shape[axis]
    if length % 2:
        raise ValueError(
            f"glu takes an array of even length along axis {axis}; that of shape {x.shape} has length"
            f" {length}"
        )
    first, second = np.split(x, 2, axis=axis)
    return first * logistic(second)
