"""Normalization layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import axes_of, check_number, floats

__all__ = ["batchnorm", "layer_norm", "rms_norm"]


@expression
def batchnorm(x: Any, *, gamma: Any = None, beta: Any = None, eps: float) -> Any:
    """Normalize each channel over the batch, then scale and shift it.

    ``gamma[c] * (x - mean) / sqrt(variance + eps) + beta[c]``, with the mean and the variance of
    all entries of channel c.

    Parameters
    ----------
    x : array_like, shape (N, C, …)
        A batch of N samples with C channels.
    gamma, beta : array_like, shape (C,), optional
        The scale and shift of each channel; by default 1 and 0.
    eps : float
        Keeps the square root away from 0; non-negative.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        A shape is wrong, or `eps` is negative.

    Notes
    -----
    This is the form used in training. It keeps no running averages: for inference, compute the
    statistics with ``np.mean`` and ``np.var``.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML 2015.

    Examples
    --------
    >>> from mygrad.nnet.layers import batchnorm
    >>> batchnorm([[1.0, 4.0], [3.0, 8.0]], beta=[0.0, 10.0], eps=0)
    Tensor([[-1.,  9.],
            [ 1., 11.]])
    """
    x = floats(x)
    if x.ndim < 2:
        raise ValueError(
            f"batchnorm takes x of shape (N, C, …), samples and channels first, not {x.shape}"
        )
    axes = (0, *range(2, x.ndim))
    return _normalized("batchnorm", x, axes, (1,), gamma, beta, eps, centered=True)


@expression
def layer_norm(
    x: Any, *, gamma: Any = None, beta: Any = None, axis: Any = -1, eps: float = 1e-5
) -> Any:
    """Normalize each sample over its features, then scale and shift them.

    ``gamma * (x - mean) / sqrt(variance + eps) + beta``, with mean and variance along `axis`.

    Parameters
    ----------
    x : array_like
    gamma, beta : array_like, optional
        The scale and shift of each feature, of the shape of `x` along `axis`. By default 1 and 0.
    axis : int or tuple of int
        The axes of the features.
    eps : float
        Keeps the square root away from 0; non-negative.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        A shape is wrong, or `eps` is negative.

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016, arXiv:1607.06450.

    Examples
    --------
    >>> from mygrad.nnet.layers import layer_norm
    >>> layer_norm([[1.0, 3.0], [4.0, 8.0]], gamma=[1.0, 2.0], eps=0)
    Tensor([[-1.,  2.],
            [-1.,  2.]])
    """
    x = floats(x)
    axes = axes_of("layer_norm", x, axis)
    return _normalized("layer_norm", x, axes, axes, gamma, beta, eps, centered=True)


@expression
def rms_norm(x: Any, *, gamma: Any = None, axis: Any = -1, eps: float = 1e-5) -> Any:
    """Divide each sample by the root mean square of its features, then scale them.

    ``gamma * x / sqrt(mean(x**2) + eps)``, with the mean along `axis`.

    Parameters
    ----------
    x : array_like
    gamma : array_like, optional
        The scale of each feature, of the shape of `x` along `axis`. By default 1.
    axis : int or tuple of int
        The axes of the features.
    eps : float
        Keeps the square root away from 0; non-negative.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        A shape is wrong, or `eps` is negative.

    References
    ----------
    B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.

    Examples
    --------
    >>> from mygrad.nnet.layers import rms_norm
    >>> rms_norm([[3.0, -3.0], [1.0, 7.0]], eps=0)
    Tensor([[ 1. , -1. ],
            [ 0.2,  1.4]])
    """
    x = floats(x)
    axes = axes_of("rms_norm", x, axis)
    return _normalized("rms_norm", x, axes, axes, gamma, None, eps, centered=False)


def _normalized(
    function: str,
    x: Any,
    axes: tuple[int, ...],
    features: tuple[int, ...],
    gamma: Any,
    beta: Any,
    eps: float,
    *,
    centered: bool,
) -> Any:
    """``x`` normalized along ``axes``, scaled and shifted along the axes ``features``."""
    check_number(function, "eps", eps, above=False)
    out = standardized(x, axes, eps, centered)[0]
    if gamma is not None:
        out = out * _aligned(function, "gamma", gamma, x, features)
    if beta is not None:
        out = out + _aligned(function, "beta", beta, x, features)
    return out


def _aligned(function: str, name: str, value: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """``value``, a number for each feature, reshaped to broadcast against ``x``."""
    value = floats(value, like=x)
    wanted = tuple(x.shape[axis] for axis in axes)
    if value.shape != wanted:
        raise ValueError(
            f"{function}: {name} must have shape {wanted}, a number for each feature of x, which has"
            f" shape {x.shape}, not {value.shape}"
        )
    if axes == tuple(range(x.ndim - len(axes), x.ndim)):
        return value
    order = np.argsort(axes)
    sizes = [x.shape[axis] if axis in axes else 1 for axis in range(x.ndim)]
    return np.reshape(np.transpose(value, order), sizes)


@dispatched
def standardized(x, axes, eps, centered):
    """``x`` divided by its root mean square along ``axes``, and the factor used.

    If ``centered``, the mean is subtracted first.
    """
    dtype = x.dtype
    if dtype == np.float16:  # float16 cannot hold the squares
        x = x.astype(np.float32)
    if centered:
        # Twice, to remove the rounding error of the first mean: it is large compared with deviations of
        # numbers far from zero.
        x = x - np.mean(x, axis=axes, keepdims=True)
        x -= np.mean(x, axis=axes, keepdims=True)
    factor = 1 / np.sqrt(np.mean(np.square(x), axis=axes, keepdims=True) + eps)
    return (x * factor).astype(dtype, copy=False), factor


@implements(standardized)
class Standardized(Operation):
    def vjp_x(grad, out, axes, centered):
        of_result, of_factor = grad
        result, factor = out
        # With f for the factor and y for the result, of n entries: ∂f/∂x = -f² y / n.
        along = 0
        if of_result is not None:
            along = np.mean(of_result * result, axis=axes, keepdims=True)
        if of_factor is not None:
            along = along + of_factor * factor / math.prod(result.shape[axis] for axis in axes)
        pulled = -result * along
        if of_result is not None:
            pulled = pulled + of_result
            if centered:
                pulled = pulled - np.mean(of_result, axis=axes, keepdims=True)
        return factor * pulled
