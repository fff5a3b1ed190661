"""Initializers: tensors of initial weights.

Random numbers come from NumPy's global state, which :func:`mygrad.random.seed` sets. They are drawn
in double precision and rounded to the requested dtype.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from mygrad import identity
from mygrad.dispatch.mygrad2 import checked
from mygrad.tensors.tensor import Tensor

__all__ = [
    "constant",
    "dirac",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "normal",
    "uniform",
]

_constant = bool | None


def constant(
    *shape: Any, value: Any = 0.0, dtype: Any = None, constant: _constant = None
) -> Tensor:
    """A tensor filled with one number.

    Parameters
    ----------
    *shape : int
        The shape, as integers or one tuple.
    value : scalar
        The number.
    dtype : dtype, optional
        By default that of `value`.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> from mygrad.nnet.initializers import constant
    >>> constant(2, 3, value=0.5)
    Tensor([[0.5, 0.5, 0.5],
            [0.5, 0.5, 0.5]])
    """
    return _tensor("constant", np.full(_sizes("constant", shape), value, dtype), constant)


def dirac(*shape: Any, dtype: Any = np.float32, constant: _constant = None) -> Tensor:
    """Filters that leave the channels unchanged: zeros, with a one in the centre of each.

    Parameters
    ----------
    *shape : int
        The shape (F, C, K, …) of F filters of C channels, as integers or one tuple. The ones are in
        filter n at channel n, if both exist, and at ``K // 2`` along the other axes.
    dtype : dtype, optional
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The shape has fewer than two axes.

    References
    ----------
    S. Zagoruyko, N. Komodakis, "DiracNets: training very deep neural networks without
    skip-connections", 2017, arXiv:1706.00388.

    Examples
    --------
    >>> from mygrad.nnet.initializers import dirac
    >>> dirac(2, 2, 3)
    Tensor([[[0., 1., 0.],
             [0., 0., 0.]],
    <BLANKLINE>
            [[0., 0., 0.],
             [0., 1., 0.]]], dtype=float32)
    """
    sizes = _sizes("dirac", shape, least=2)
    filters = np.zeros(sizes, dtype)
    if all(sizes):
        middle = tuple(size // 2 for size in sizes[2:])
        for channel in range(min(sizes[:2])):
            filters[(channel, channel, *middle)] = 1
    return _tensor("dirac", filters, constant)


def normal(
    *shape: Any,
    mean: float = 0,
    std: float = 1,
    dtype: Any = np.float32,
    constant: _constant = None,
) -> Tensor:
    """Normally distributed numbers.

    Parameters
    ----------
    *shape : int
        The shape, as integers or one tuple.
    mean, std : float
        The mean and the (non-negative) standard deviation.
    dtype : dtype, optional
        A floating-point dtype.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        `std` is negative, or `dtype` is not floating-point.

    Examples
    --------
    >>> import mygrad as mg
    >>> from mygrad.nnet.initializers import normal
    >>> mg.random.seed(0)
    >>> normal(3, mean=1, std=0.1)
    Tensor([1.1764052, 1.0400157, 1.0978738], dtype=float32)
    """
    sizes = _sizes("normal", shape)
    if not std >= 0:
        raise ValueError(f"normal: std must be a non-negative number, not {std!r}")
    return _normal("normal", sizes, float(mean), float(std), dtype, constant)


def uniform(
    *shape: Any,
    lower_bound: float = 0,
    upper_bound: float = 1,
    dtype: Any = np.float32,
    constant: _constant = None,
) -> Tensor:
    """Uniformly distributed numbers between two bounds.

    Parameters
    ----------
    *shape : int
        The shape, as integers or one tuple.
    lower_bound, upper_bound : float
        The lower one must be smaller.
    dtype : dtype, optional
        A floating-point dtype.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        `lower_bound` is not less than `upper_bound`, or `dtype` is not floating-point.

    Examples
    --------
    >>> import mygrad as mg
    >>> from mygrad.nnet.initializers import uniform
    >>> mg.random.seed(0)
    >>> uniform(3, lower_bound=-1)
    Tensor([0.09762701, 0.43037874, 0.20552675], dtype=float32)
    """
    sizes = _sizes("uniform", shape)
    if not lower_bound < upper_bound:
        raise ValueError(
            "uniform: lower_bound must be less than upper_bound; they are"
            f" {lower_bound!r} and {upper_bound!r}"
        )
    return _uniform("uniform", sizes, float(lower_bound), float(upper_bound), dtype, constant)


def glorot_normal(
    *shape: Any, gain: float = 1, dtype: Any = np.float32, constant: _constant = None
) -> Tensor:
    """Normally distributed weights that preserve the variance of activations and gradients.

    Their standard deviation is ``gain * sqrt(2 / (I + O))``, for I inputs and O outputs of the
    layer.

    Parameters
    ----------
    *shape : int
        The shape, as integers or one tuple: (O, I), or (F, C, K, …) for filters, with C · K · …
        inputs and F · K · … outputs.
    gain : float
        Compensates for the activation that follows: √2 for the rectifier, 5/3 for tanh.
    dtype : dtype, optional
        A floating-point dtype.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The shape has fewer than two axes, or `dtype` is not floating-point.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.

    Examples
    --------
    >>> from mygrad.nnet.initializers import glorot_normal
    >>> glorot_normal(10, 20).shape
    (10, 20)
    """
    sizes = _sizes("glorot_normal", shape, least=2)
    std = _scale(gain, 2, sum(_fans(sizes)))
    return _normal("glorot_normal", sizes, 0, std, dtype, constant)


def glorot_uniform(
    *shape: Any, gain: float = 1, dtype: Any = np.float32, constant: _constant = None
) -> Tensor:
    """As :func:`glorot_normal`, but uniformly distributed up to ``± gain * sqrt(6 / (I + O))``.

    Examples
    --------
    >>> from mygrad.nnet.initializers import glorot_uniform
    >>> glorot_uniform(16, 3, 5, 5, dtype="float64").shape
    (16, 3, 5, 5)
    """
    sizes = _sizes("glorot_uniform", shape, least=2)
    bound = _scale(gain, 6, sum(_fans(sizes)))
    return _uniform("glorot_uniform", sizes, -bound, bound, dtype, constant)


def he_normal(
    *shape: Any, gain: float = 1, dtype: Any = np.float32, constant: _constant = None
) -> Tensor:
    """Normally distributed weights that preserve the variance of activations in the forward pass.

    Their standard deviation is ``gain / sqrt(I)``, for I inputs of the layer.

    Parameters
    ----------
    *shape : int
        The shape, as integers or one tuple: (O, I), or (F, C, K, …) for filters, with C · K · …
        inputs.
    gain : float
        Compensates for the activation that follows: √2 for the rectifier, which gives the paper's
        formula.
    dtype : dtype, optional
        A floating-point dtype.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The shape has fewer than two axes, or `dtype` is not floating-point.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: surpassing human-level
    performance on ImageNet classification", ICCV 2015.

    Examples
    --------
    >>> from mygrad.nnet.initializers import he_normal
    >>> he_normal(10, 20, gain=2**0.5).shape
    (10, 20)
    """
    sizes = _sizes("he_normal", shape, least=2)
    return _normal("he_normal", sizes, 0, _scale(gain, 1, _fans(sizes)[0]), dtype, constant)


def he_uniform(
    *shape: Any, gain: float = 1, dtype: Any = np.float32, constant: _constant = None
) -> Tensor:
    """As :func:`he_normal`, but uniformly distributed up to ``± gain * sqrt(3 / I)``.

    Examples
    --------
    >>> from mygrad.nnet.initializers import he_uniform
    >>> he_uniform(16, 3, 5, 5).shape
    (16, 3, 5, 5)
    """
    sizes = _sizes("he_uniform", shape, least=2)
    bound = _scale(gain, 3, _fans(sizes)[0])
    return _uniform("he_uniform", sizes, -bound, bound, dtype, constant)


def _sizes(function: str, shape: tuple[Any, ...], least: int = 0) -> tuple[int, ...]:
    """The shape that is given by integers or by one sequence of them."""
    if len(shape) == 1 and not hasattr(shape[0], "__index__"):
        shape = tuple(shape[0])
    sizes = tuple(operator.index(size) for size in shape)
    if len(sizes) < least:
        raise ValueError(
            f"{function} takes a shape of at least {least} axes, outputs and inputs first; not"
            f" {sizes}"
        )
    return sizes


def _fans(sizes: tuple[int, ...]) -> tuple[int, int]:
    """The fan-in and fan-out: the numbers of inputs of an output and of outputs of an input."""
    window = math.prod(sizes[2:])
    return sizes[1] * window, sizes[0] * window


def _scale(gain: float, variance: float, fan: int) -> float:
    """``gain`` times the standard deviation or bound; 0 if there are no weights."""
    return float(gain) * math.sqrt(variance / fan) if fan else 0.0


def _normal(
    function: str, sizes: Any, mean: float, std: float, dtype: Any, constant: _constant
) -> Tensor:
    dtype = _floating(function, dtype)
    values = np.asarray(np.random.normal(mean, std, sizes))  # noqa: NPY002 - the state of MyGrad 2
    return _tensor(function, values.astype(dtype, copy=False), constant)


def _uniform(
    function: str, sizes: Any, low: float, high: float, dtype: Any, constant: _constant
) -> Tensor:
    dtype = _floating(function, dtype)
    values = np.asarray(np.random.uniform(low, high, sizes))  # noqa: NPY002 - the state of MyGrad 2
    return _tensor(function, values.astype(dtype, copy=False), constant)


def _floating(function: str, dtype: Any) -> Any:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise ValueError(f"{function}: dtype must be floating-point, not {dtype}")
    return dtype


def _tensor(function: str, values: Any, constant: _constant) -> Tensor:
    return Tensor(values, constant=checked(function, constant), copy=False)
