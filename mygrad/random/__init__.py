"""Random tensors, with the same numbers as NumPy for the same seed.

:func:`default_rng` makes a generator whose samples are differentiable with respect to the
parameters of their distributions. The functions ``rand``, ``randn`` … are those of MyGrad 2 and use
NumPy's global state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.mygrad2 import checked
from mygrad.random.generator import Generator, default_rng
from mygrad.tensors.tensor import Tensor
from mygrad.typing import Shape

__all__ = [
    "Generator",
    "Shape",
    "Tensor",
    "default_rng",
    "rand",
    "randint",
    "randn",
    "random",
    "random_sample",
    "ranf",
    "sample",
    "seed",
]


def seed(seed_number: Any) -> None:
    """Seed NumPy's global state, which these functions share.

    Parameters
    ----------
    seed_number : int, sequence of int or None
        The seed, as for ``numpy.random.seed``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.seed(0)
    >>> mg.random.rand(2)
    Tensor([0.5488135 , 0.71518937])
    """
    np.random.seed(seed_number)  # noqa: NPY002 - the state that MyGrad 2's functions use


def rand(*shape: int, constant: bool | None = None) -> Tensor:
    """A tensor of floats, uniformly distributed in [0, 1). See :func:`numpy.random.rand`.

    Parameters
    ----------
    *shape : int
        The shape; no argument for a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.rand(2, 3).shape
    (2, 3)
    """
    return _global("rand", shape, constant)


def randn(*shape: int, constant: bool | None = None) -> Tensor:
    """A tensor of floats, normally distributed. See :func:`numpy.random.randn`.

    Parameters
    ----------
    *shape : int
        The shape; no argument for a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.randn(2, 3).shape
    (2, 3)
    """
    return _global("randn", shape, constant)


def randint(low: Any, high: Any = None, shape: Any = None, dtype: Any = int) -> Tensor:
    """A constant tensor of integers. See :func:`numpy.random.randint`.

    Parameters
    ----------
    low, high : int or array_like of int
        The range ``[low, high)``; with ``low`` alone, ``[0, low)``.
    shape : int or tuple of int, optional
        The shape; by default that of ``low`` and ``high``, broadcast.
    dtype : data type, default int

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.randint(7, 8, shape=(2,))
    Tensor([7, 7])
    """
    return _global("randint", (low, high, shape, dtype), None)


def random(shape: Any = None, *, constant: bool | None = None) -> Tensor:
    """A tensor of floats, uniformly distributed in [0, 1). See :func:`numpy.random.random`.

    Parameters
    ----------
    shape : int or tuple of int, optional
        The shape; by default a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.random((2, 3)).shape
    (2, 3)
    """
    return _global("random", (shape,), constant)


def random_sample(shape: Any = None, *, constant: bool | None = None) -> Tensor:
    """A tensor of floats, uniformly distributed in [0, 1). See :func:`numpy.random.random_sample`.

    Parameters
    ----------
    shape : int or tuple of int, optional
        The shape; by default a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.random_sample((2, 3)).shape
    (2, 3)
    """
    return _global("random_sample", (shape,), constant)


def ranf(shape: Any = None, *, constant: bool | None = None) -> Tensor:
    """A tensor of floats, uniformly distributed in [0, 1). See :func:`numpy.random.ranf`.

    Parameters
    ----------
    shape : int or tuple of int, optional
        The shape; by default a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.ranf((2, 3)).shape
    (2, 3)
    """
    return _global("ranf", (shape,), constant)


def sample(shape: Any = None, *, constant: bool | None = None) -> Tensor:
    """A tensor of floats, uniformly distributed in [0, 1). See :func:`numpy.random.sample`.

    Parameters
    ----------
    shape : int or tuple of int, optional
        The shape; by default a single number.
    constant : bool, optional
        If True, the tensor carries no gradient.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.random.sample((2, 3)).shape
    (2, 3)
    """
    return _global("sample", (shape,), constant)


def _global(name: str, args: tuple[Any, ...], constant: bool | None) -> Tensor:
    value = getattr(np.random, name)(*unwrap(args, []))
    return Tensor(value, constant=checked(name, constant), copy=False)
