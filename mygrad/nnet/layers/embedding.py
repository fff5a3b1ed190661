"""Embedding: vectors that are looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats

__all__ = ["embedding"]


@expression
def embedding(indices: Any, weights: Any) -> Any:
    """Rows of a table, looked up by their numbers.

    Parameters
    ----------
    indices : array_like of int
        Of any shape; 0 ≤ ``indices`` < V.
    weights : array_like, shape (V, D, …)
        The table: a vector for each of V words, or whatever is counted.

    Returns
    -------
    Tensor
        Of the shape of `indices`, followed by (D, …). What is looked up several times has the sum of the
        gradients.

    Raises
    ------
    TypeError
        The indices are no integers.
    IndexError
        An index is outside the table. It may not be negative, either.
    ValueError
        The table is a single number.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import embedding
    >>> table = mg.tensor([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]])
    >>> embedding([2, 0, 2], table)
    Tensor([[2. , 2.1],
            [0. , 0.1],
            [2. , 2.1]])
    >>> np.sum(embedding([2, 0, 2], table)).backward()
    >>> table.grad
    array([[1., 1.],
           [0., 0.],
           [2., 2.]])
    """
    weights = floats(weights)
    indices = np.asarray(indices)
    if not weights.ndim:
        raise ValueError("embedding: weights takes a table of shape (V, D), not a single number")
    if not indices.size:
        indices = indices.astype(int)  # of no indices NumPy makes floats
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices takes integers, not {indices.dtype}")
    if indices.size and not (indices.min() >= 0 and indices.max() < len(weights)):
        outside = indices[(indices < 0) | (indices >= len(weights))][0]
        raise IndexError(
            f"embedding: indices takes numbers from 0 to {len(weights) - 1}, of rows of a table of shape"
            f" {weights.shape}; there is {outside} among them"
        )
    return weights[indices]
