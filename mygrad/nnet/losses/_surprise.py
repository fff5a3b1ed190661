"""The operation shared by the cross-entropies: the surprise of each label given its scores."""

from __future__ import annotations

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements

#: Rows up to this length are summed sequentially, in a third of the time of a pairwise sum.
SHORT = 4096
#: If the log of the sum is this close to zero, no power that matters over- or underflows in float32.
NEAR = 40


@dispatched
def surprise(x, labels):
    """``-log(softmax(x))`` at the label of each row, the exponentials of the rows, and their sums.

    The exponentials are ``exp(x - shift)``. The rule treats the shift as a constant, because their
    quotients by the sums do not depend on it.
    """
    chosen = x[np.arange(len(x)), labels]
    if x.dtype == np.float32:
        # No shift saves two passes over the array. The logarithm of the sum and the score may then
        # nearly cancel; in double precision no digits are lost.
        with np.errstate(over="ignore"):
            powers = np.exp(x)
            sums = _sums(powers)
        logarithms = np.log(sums, dtype=float, where=sums > 0, out=np.full(len(sums), np.inf))
        if np.all(np.abs(logarithms) <= NEAR):
            return (logarithms - chosen).astype(x.dtype), powers, sums
    largest = np.max(x, axis=1, keepdims=True)
    powers = x - largest
    np.exp(powers, out=powers)
    sums = _sums(powers)
    return np.log(sums) - (chosen - largest[:, 0]), powers, sums


def _sums(powers):
    return np.einsum("nc->n", powers) if powers.shape[1] <= SHORT else np.sum(powers, axis=1)


@implements(surprise)
class Surprise(Operation):
    """The derivative of the surprise is the row's probabilities, minus one at the label."""

    def vjp_x(grad, out, labels):
        of_surprise, of_powers, of_sums = grad
        _, powers, sums = out
        if of_surprise is None:
            pulled = 0 * powers
        else:
            pulled = powers * (of_surprise / sums)[:, None]
            pulled[np.arange(len(labels)), labels] -= of_surprise
        if of_powers is not None:
            pulled = pulled + of_powers * powers
        if of_sums is not None:
            pulled = pulled + of_sums[:, None] * powers
        return pulled
