"""The operation that the cross-entropies share: how surprising each label is, given its row of scores."""

from __future__ import annotations

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements

#: Rows of up to so many numbers are summed in one run, a third of the time of a sum in pairs.
SHORT = 4096
#: Where the logarithm of their sum is so near to zero, no power that counts over- or underflows in float32.
NEAR = 40


@dispatched
def surprise(x, labels):
    """``-log(softmax(x))`` at the label of each row; besides, powers of the rows, and their sums.

    The powers are ``exp(x - shift)``. When they are differentiated, the shift counts as a constant:
    whatever is made of them, divided by their sums, does not depend on it.
    """
    chosen = x[np.arange(len(x)), labels]
    if x.dtype == np.float32:
        # Without a shift: two passes over the array are spared. The logarithm of the sum then has a large
        # part in common with the score; in double precision nothing is lost when one is taken from the other.
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
    """A row of scores gets its probabilities, minus one at the label."""

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
