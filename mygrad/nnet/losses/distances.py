"""Losses that compare numbers with numbers: results with targets of their shape."""

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
        Of the shape of `x`, or one number.
    reduction : {"mean", "sum", "none"}
        What becomes of the elements' losses.

    Returns
    -------
    Tensor
        A number; of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is none of the three.

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

    The derivative where the two are equal is set to 0.

    Examples
    --------
    >>> from mygrad.nnet.losses import l1
    >>> l1([1.0, 2.0], [1.0, 5.0])
    Tensor(1.5)
    """
    return reduced("l1", np.abs(_difference("l1", x, target)), reduction)


@expression
def huber(x: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of a small error, the absolute value of a large one: outliers count less.

    With ``d = x - target``, ``d**2 / 2`` where ``|d| <= delta``, ``delta * (|d| - delta / 2)`` elsewhere.

    Parameters
    ----------
    x : array_like
    target : array_like
        Of the shape of `x`, or one number.
    delta : float
        Where the parabola goes over into straight lines.
    reduction : {"mean", "sum", "none"}
        What becomes of the elements' losses.

    Returns
    -------
    Tensor
        A number; of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, `delta` is not positive, or `reduction` is none of the three.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.

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
    """Huber's function of errors."""
    inner = np.clip(x, -delta, delta)
    return inner * (x - 0.5 * inner)


@implements(robust)
class Robust(Elementwise):
    def vjp_x(grad, x, delta):
        return grad * np.clip(x, -delta, delta)


@expression
def bce_with_logits(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The cross-entropy of targets in [0, 1] and the sigmoid of scores, in one go.

    ``-target * log(sigmoid(x)) - (1 - target) * log(1 - sigmoid(x))``, without overflow.

    Parameters
    ----------
    x : array_like
        Scores, or logits.
    target : array_like
        Probabilities, of the shape of `x`; or one for all.
    reduction : {"mean", "sum", "none"}
        What becomes of the elements' losses.

    Returns
    -------
    Tensor
        A number; of the shape of `x` for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is none of the three.

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
    """How surprising each target is, given its score."""
    return np.maximum(x, 0) - x * target + excess(x)


@implements(binary_surprise)
class BinarySurprise(Elementwise):
    def vjp_x(grad, x, target):
        return grad * (logistic(x) - target)

    def vjp_target(grad, x):
        return -grad * x


@expression
def kl_div(x: Any, target: Any, *, reduction: str = "mean") -> Any:
    """How far distributions, of which ``x`` are the logarithms, diverge from those of ``target``.

    The Kullback-Leibler divergence, ``sum(target * (log(target) - x))`` over the last axis. Where a
    target is 0, so is its term.

    Parameters
    ----------
    x : array_like, shape (…, C)
        Logarithms of probabilities, such as :func:`~mygrad.nnet.activations.logsoftmax` gives.
    target : array_like, shape (…, C)
        Probabilities.
    reduction : {"mean", "sum", "none"}
        "mean": the mean over the distributions. "none": the divergence of each.

    Returns
    -------
    Tensor
        A number; of shape (…) for "none".

    Raises
    ------
    ValueError
        The shapes differ, or `reduction` is none of the three.

    References
    ----------
    S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22,
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
            "kl_div: x and target take one and the same shape, (…, C), a distribution along the last axis;"
            f" not {x.shape} and {target.shape}"
        )
    # Ones whose logarithms agree stand where there is nothing to diverge from.
    positive = np.not_equal(target, 0)
    certain = np.where(positive, target, 1)
    terms = certain * (np.log(certain) - np.where(positive, x, 0))
    return reduced("kl_div", np.sum(terms, axis=-1), reduction)
