"""Indexing, and its opposite: adding values into an array of zeros."""
# The rules of basic and advanced indexing: what `x[index]` sends back.

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.dispatch import dispatched
from mygrad.operation import Operation, implements


def _scatter(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    total = np.zeros(shape, values.dtype)
    np.add.at(total, index, values)
    return total


@dispatched
def scatter_add(values, index, shape):
    """Zeros of ``shape`` with ``values`` added at ``index``, once for each time an element is named."""
    values = np.asarray(values)
    if len(shape) == 1 and isinstance(index, tuple) and len(index) == 1 and values.dtype == float:
        flat = np.broadcast_to(index[0], values.shape).ravel()
        if flat.dtype.kind in "iu":
            flat = np.where(flat < 0, flat + shape[0], flat)
            return np.bincount(flat, values.ravel(), shape[0])
    return _scatter(values, index, shape)


@implements(scatter_add)
class ScatterAdd(Operation):
    def vjp_values(grad, index):
        return grad[index]
