"""Piecewise activations with a kink: rectifiers, exponential linear units, hard tanh."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements
from mygrad.functions.primitives import primitive
from mygrad.nnet._arguments import check_kind
from mygrad.rules.extrema import keep

__all__ = ["elu", "hard_tanh", "leaky_relu", "relu", "selu"]

#: With these constants and weights of variance 1/n, activations of a deep network tend to mean 0
#: and variance 1 (G. Klambauer et al., 2017).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@dispatched
def rectified(x):
    """The positive part of ``x``, for use in losses."""
    return np.maximum(x, 0)


@primitive
def relu(x: Any) -> Any:
    """The rectifier, ``max(x, 0)``; its derivative at 0 is set to 0.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor
        Of the shape and dtype of `x`.

    References
    ----------
    V. Nair, G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML
    2010.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.activations import relu
    >>> x = mg.tensor([-2.0, 0.0, 3.0])
    >>> relu(x)
    Tensor([0., 0., 3.])
    >>> np.sum(relu(x)).backward()
    >>> x.grad
    array([0., 0., 1.])
    """
    return np.maximum(x, 0)


@implements(relu, rectified)
class ReLU(Elementwise):
    def vjp_x(grad, out):
        return keep(grad, np.greater(out, 0))


@primitive
def leaky_relu(x: Any, slope: Any) -> Any:
    """``x`` where it is positive, ``slope * x`` elsewhere.

    Parameters
    ----------
    x : array_like
    slope : array_like
        Usually a number; broadcast against `x`, and differentiable: a learned slope gives the
        parametric rectifier (K. He et al., 2015).

    Returns
    -------
    Tensor

    Notes
    -----
    The derivative at 0 is `slope`.

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier nonlinearities improve neural network acoustic
    models", ICML 2013.

    Examples
    --------
    >>> from mygrad.nnet.activations import leaky_relu
    >>> leaky_relu([-2.0, 0.0, 3.0], 0.1)
    Tensor([-0.2,  0. ,  3. ])
    """
    check_kind("leaky_relu", "slope", slope)
    # Not np.where, which is slow if signs change often.
    return np.maximum(x, 0) + np.multiply(slope, np.minimum(x, 0))


@implements(leaky_relu)
class LeakyReLU(Elementwise):
    def vjp_x(grad, x, slope):
        positive = np.greater(x, 0)
        return keep(grad, positive) + slope * keep(grad, ~positive)

    def vjp_slope(grad, x):
        return grad * np.minimum(x, 0)


@primitive
def elu(x: Any, alpha: Any) -> Any:
    """The exponential linear unit: ``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    x : array_like
    alpha : array_like
        Minus the limit at minus infinity. Usually a number; broadcast against `x`, and
        differentiable.

    Returns
    -------
    Tensor

    Notes
    -----
    The derivative at 0 is 1.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by
    exponential linear units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> from mygrad.nnet.activations import elu
    >>> elu([-1e4, -1.0, 0.0, 3.0], alpha=2.0)
    Tensor([-2.        , -1.26424112,  0.        ,  3.        ])
    """
    check_kind("elu", "alpha", alpha)
    return np.maximum(x, 0) + np.multiply(alpha, decay(x))


def decay(x):
    """``exp(x) - 1`` for negative numbers, else 0; exact near 0, and faster than NumPy's expm1."""
    x = np.minimum(x, 0)
    return np.tanh(0.5 * x) * (np.exp(x) + 1)


@implements(elu)
class ELU(Elementwise):
    def vjp_x(grad, x, alpha):
        below = np.less(x, 0)
        return keep(grad, ~below) + alpha * np.exp(np.minimum(x, 0)) * keep(grad, below)

    def vjp_alpha(grad, x):
        return grad * decay(x)


@primitive
def selu(x: Any) -> Any:
    """The scaled exponential linear unit: ``1.0507… * elu(x, 1.6732…)``.

    Parameters
    ----------
    x : array_like

    Returns
    -------
    Tensor

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks",
    NeurIPS
    2017. With the two constants, mean 0 and variance 1 are a fixed point.

    Examples
    --------
    >>> from mygrad.nnet.activations import selu
    >>> selu([-1.0, 0.0, 1.0])
    Tensor([-1.11133074,  0.        ,  1.05070099])
    """
    return SELU_SCALE * (np.maximum(x, 0) + SELU_ALPHA * decay(x))


@implements(selu)
class SELU(Elementwise):
    def vjp_x(grad, x):
        below = np.less(x, 0)
        powers = SELU_ALPHA * np.exp(np.minimum(x, 0))
        return SELU_SCALE * (keep(grad, ~below) + powers * keep(grad, below))


@primitive
def hard_tanh(x: Any, *, lower_bound: Any = -1, upper_bound: Any = 1) -> Any:
    """``x``, clipped to two bounds.

    Parameters
    ----------
    x : array_like
    lower_bound, upper_bound : array_like
        Usually numbers; broadcast against `x`, and differentiable.

    Returns
    -------
    Tensor

    Notes
    -----
    Where `x` equals a bound, the bound gets the gradient, and `x` gets 0.

    References
    ----------
    R. Collobert, "Large scale machine learning", thesis, Université Paris VI, 2004.

    Examples
    --------
    >>> from mygrad.nnet.activations import hard_tanh
    >>> hard_tanh([-2.0, -0.5, 0.5, 2.0], upper_bound=0.25)
    Tensor([-1.  , -0.5 ,  0.25,  0.25])
    """
    check_kind("hard_tanh", "lower_bound", lower_bound)
    check_kind("hard_tanh", "upper_bound", upper_bound)
    return np.clip(x, lower_bound, upper_bound)


@implements(hard_tanh)
class HardTanh(Elementwise):
    def vjp_x(grad, x, lower_bound=-1, upper_bound=1):
        return keep(grad, np.greater(x, lower_bound) & np.less(x, upper_bound))

    def vjp_lower_bound(grad, x, lower_bound=-1, upper_bound=1):
        return keep(grad, np.less_equal(x, lower_bound) & np.less(lower_bound, upper_bound))

    def vjp_upper_bound(grad, x, lower_bound=-1, upper_bound=1):
        return keep(
            grad, np.greater_equal(x, upper_bound) | np.greater_equal(lower_bound, upper_bound)
        )
