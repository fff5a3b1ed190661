"""Embedding: look up vectors by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats

__all__ = ["embedding"]


@expression
def embedding(indices: Any, weights: Any) -> Any:
    """Rows of a table, looked up by index.

    Parameters
    ----------
    indices : array_like of int
        Of any shape; 0 ≤ ``indices`` < V.
    weights : array_like, shape (V, D, …)
        The table, with a vector for each of V items, such as words.

    Returns
    -------
    Tensor
        Of the shape of `indices`, followed by (D, …). The gradients of a row that is looked up
        several times are summed.

    Raises
    ------
    TypeError
        The indices are not integers.
    IndexError
        An index is negative or beyond the table.
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
        raise ValueError("embedding: weights must be a table of shape (V, D), not a single number")
    if not indices.size:
        indices = indices.astype(int)  # NumPy converts an empty list to floats
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be integers, not {indices.dtype}")
    if indices.size and not (indices.min() >= 0 and indices.max() < len(weights)):
        outside = indices[(indices < 0) | (indices >= len(weights))][0]
        raise IndexError(
            f"embedding: indices must be from 0 to {len(weights) - 1}, for a table of shape"
            f" {weights.shape}; they include {outside}"
        )
    return weights[indices]
