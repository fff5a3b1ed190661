"""Sums and products of any number of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from mygrad.functions.mirror import as_one
from mygrad.functions.primitives import expression


@expression
def add_sequence(*variables: Any) -> Any:
    """The sum of two or more arrays, broadcast against each other.

    Parameters
    ----------
    *variables : array_like

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Fewer than two arrays are given.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.add_sequence(1.0, [2.0, 3.0], [[10.0], [20.0]])
    Tensor([[13., 14.],
            [23., 24.]])
    """
    return _fold(np.add, "add_sequence", variables)


@expression
def multiply_sequence(*variables: Any) -> Any:
    """The product of two or more arrays, broadcast against each other.

    Parameters
    ----------
    *variables : array_like

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Fewer than two arrays are given.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.multiply_sequence(2.0, [2.0, 3.0], [[10.0], [20.0]])
    Tensor([[ 40.,  60.],
            [ 80., 120.]])
    """
    return _fold(np.multiply, "multiply_sequence", variables)


def _fold(ufunc: np.ufunc, name: str, variables: tuple[Any, ...]) -> Any:
    if len(variables) < 2:
        raise ValueError(
            f"{name} takes two or more arrays as separate arguments; it got {len(variables)}."
            f" Unpack a list: {name}(*arrays)."
        )
    return reduce(ufunc, [as_one(variable, None) for variable in variables])


@expression
def multi_matmul(tensors: Sequence[Any]) -> Any:
    """The product of two or more matrices, computed in the order that takes the fewest operations.

    Parameters
    ----------
    tensors : sequence of array_like
        Matrices. The first and last may be vectors, treated as a row and a column.

    Returns
    -------
    Tensor
        A matrix; a vector or a scalar if one or both ends are vectors.

    Raises
    ------
    TypeError
        `tensors` is not a sequence.
    ValueError
        There are fewer than two, their shapes do not match, or one has the wrong number of axes.

    See Also
    --------
    numpy.linalg.multi_dot : the same function, also differentiable.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.multi_matmul([np.ones((2, 100)), np.ones((100, 3)), np.ones(3)])
    Tensor([300., 300.])
    """
    try:
        chain = list(tensors)
    except TypeError:
        raise TypeError(f"multi_matmul takes a sequence of matrices, not {tensors!r}") from None
    chain = [as_one(tensor, None) for tensor in chain]
    for position, tensor in enumerate(chain):
        if np.ndim(tensor) != 2 and not (np.ndim(tensor) == 1 and position in (0, len(chain) - 1)):
            raise ValueError(
                "multi_matmul takes matrices, and vectors only at the ends; in position"
                f" {position} of {len(chain)} it got an array of shape {np.shape(tensor)}"
            )
    return np.linalg.multi_dot(chain)
