"""The transpose of indexing: adding values into an array of zeros."""

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.engine.views import repeats


@dispatched
def scatter_add(values, index, shape):
    """Zeros of ``shape`` with ``values`` added at ``index``; repeated indices accumulate."""
    total = np.zeros_like(values, order="C", shape=shape)
    if not repeats(index):
        total[index] = values
        return total
    # NumPy's add.at is several times as fast for one axis as for several.
    positions = np.arange(total.size).reshape(shape)[index]
    flat = total.reshape(-1)
    np.add.at(flat, positions.ravel(), np.broadcast_to(values, positions.shape).ravel())
    return total


@implements(scatter_add)
class ScatterAdd(Operation):
    def vjp_values(grad, index):
        return grad[index]
