"""Set operations. Equal elements share the gradient of their value evenly."""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import divide
from mygrad.rules.indexing import scatter_add


def share_between_equals(grad, out, *arrays):
    """The gradients of ``arrays``, given that of ``out``, a set of their values."""
    values = np.concatenate((out, *arrays), axis=None)
    groups = np.ravel(np.unique(values, return_inverse=True)[1])
    sizes = np.bincount(groups[len(out) :])
    received = divide(scatter_add(grad, (groups[: len(out)],), sizes.shape), sizes)
    parts = np.split(groups[len(out) :], np.cumsum([array.size for array in arrays])[:-1])
    return [
        np.reshape(np.take(received, part), array.shape)
        for part, array in zip(parts, arrays, strict=True)
    ]


@implements(np.intersect1d, np.setxor1d, np.union1d)
class SetOperation(Operation):
    """Equal elements of both arrays share the gradient evenly."""

    differentiable = ("ar1", "ar2")

    def vjp(grad, needs, out, ar1, ar2):
        if isinstance(out, tuple):
            grad, out = grad[0], out[0]
        if grad is None:
            return {}
        return dict(zip(("ar1", "ar2"), share_between_equals(grad, out, ar1, ar2), strict=True))


@implements(np.setdiff1d)
class SetDifference(Operation):
    """Equal elements of the first array share the gradient evenly; the second array gets none."""

    def vjp_ar1(grad, out, ar1):
        return share_between_equals(grad, out, ar1)[0]

    def vjp_ar2(grad):
        """No gradient: it only decides which values are left out."""
