"""Losses that compare results with targets of the same shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import check_number, floats, reduced, same_shapes
from mygrad.nnet.activations.sigmoids import excess, logistic

__all__ = ["bce_with_logits", "huber", "kl_div", "l1", "mse"]


@expression
def mse(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The mean squared error, ``mean((x - target)**2)``.

    Parameters
    ----------
    x : array_like
    target : array_like
        Of the shape of `x`, or a number.
    reduction : {"mean", "sum", "none"}
        How the elements' losses are reduced.

    Returns
    -------
    Tensor
        A number, or an array of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is invalid.

    Examples
    --------
    >>> from mygrad.nnet.losses import mse
    >>> mse([1.0, 2.0], [1.0, 5.0])
    Tensor(4.5)
    """
    return reduced("mse", np.square(_difference("mse", x, target)), reduction)


@expression
def l1(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The mean absolute error, ``mean(abs(x - target))``; see :func:`mse` for the arguments.

    Where the two are equal, the derivative is set to 0.

    Examples
    --------
    >>> from mygrad.nnet.losses import l1
    >>> l1([1.0, 2.0], [1.0, 5.0])
    Tensor(1.5)
    """
    return reduced("l1", np.abs(_difference("l1", x, target)), reduction)


@expression
def huber(x: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """The Huber loss: quadratic for small errors, linear for large ones, robust to outliers.

    With ``d = x - target``, ``d**2 / 2`` where ``|d| <= delta``, ``delta * (|d| - delta / 2)``
    elsewhere.

    Parameters
    ----------
    x : array_like
    target : array_like
        Of the shape of `x`, or a number.
    delta : float
        The error at which the loss becomes linear.
    reduction : {"mean", "sum", "none"}
        How the elements' losses are reduced.

    Returns
    -------
    Tensor
        A number, or an array of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, `delta` is not positive, or `reduction` is invalid.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35,
    1964.

    Examples
    --------
    >>> from mygrad.nnet.losses import huber
    >>> huber([1.5, 2.0], [1.0, 5.0], reduction="none")
    Tensor([0.125, 2.5  ])
    """
    check_number("huber", "delta", delta, above=True)
    return reduced("huber", robust(_difference("huber", x, target), delta), reduction)


def _difference(function: str, x: Any, target: Any) -> Any:
    x = floats(x)
    target = floats(target, like=x)
    same_shapes(function, x, target)
    return x - target


@dispatched
def robust(x, delta):
    """The Huber function of the errors."""
    inner = np.clip(x, -delta, delta)
    return inner * (x - 0.5 * inner)


@implements(robust)
class Robust(Elementwise):
    def vjp_x(grad, x, delta):
        return grad * np.clip(x, -delta, delta)


@expression
def bce_with_logits(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The cross-entropy between targets in [0, 1] and the sigmoid of scores.

    ``-target * log(sigmoid(x)) - (1 - target) * log(1 - sigmoid(x))``, computed without overflow.

    Parameters
    ----------
    x : array_like
        Scores (logits).
    target : array_like
        Probabilities, of the shape of `x`, or one for all.
    reduction : {"mean", "sum", "none"}
        How the elements' losses are reduced.

    Returns
    -------
    Tensor
        A number, or an array of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is invalid.

    Examples
    --------
    >>> from mygrad.nnet.losses import bce_with_logits
    >>> bce_with_logits([0.0, 1e4, 1e4], [1.0, 1.0, 0.0], reduction="none")
    Tensor([6.93147181e-01, 0.00000000e+00, 1.00000000e+04])
    """
    x = floats(x)
    target = floats(target, like=x)
    same_shapes("bce_with_logits", x, target)
    return reduced("bce_with_logits", binary_surprise(x, target), reduction)


@dispatched
def binary_surprise(x, target):
    """The surprise of each target, given its score."""
    return np.maximum(x, 0) - x * target + excess(x)


@implements(binary_surprise)
class BinarySurprise(Elementwise):
    def vjp_x(grad, x, target):
        return grad * (logistic(x) - target)

    def vjp_target(grad, x):
        return -grad * x


@expression
def kl_div(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The Kullback-Leibler divergence of the distributions ``exp(x)`` from ``target``.

    ``sum(target * (log(target) - x))`` over the last axis; where a target is 0, so is its term.

    Parameters
    ----------
    x : array_like, shape (…, C)
        Log-probabilities, such as those of :func:`~mygrad.nnet.activations.logsoftmax`.
    target : array_like, shape (…, C)
        Probabilities.
    reduction : {"mean", "sum", "none"}
        "mean": the mean over the distributions; "none": the divergence of each.

    Returns
    -------
    Tensor
        A number, or an array of shape (…) for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is invalid.

    References
    ----------
    S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical Statistics
    22,
    1951.

    Examples
    --------
    >>> import numpy as np
    >>> from mygrad.nnet.losses import kl_div
    >>> kl_div(np.log([[0.5, 0.5], [0.25, 0.75]]), [[0.5, 0.5], [0.0, 1.0]], reduction="none")
    Tensor([0.        , 0.28768207])
    """
    x = floats(x)
    target = floats(target, like=x)
    if target.shape != x.shape or not x.ndim:
        raise ValueError(
            "kl_div: x and target must have the same shape, (…, C), a distribution along the last axis;"
            f" not {x.shape} and {target.shape}"
        )
    # Where the target is 0, make both logarithms 0.
    positive = np.not_equal(target, 0)
    certain = np.where(positive, target, 1)
    terms = certain * (np.log(certain) - np.where(positive, x, 0))
    return reduced("kl_div", np.sum(terms, axis=-1), reduction)
