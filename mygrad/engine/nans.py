"""A zero gradient stays zero, also where a derivative is infinite or undefined.

A rule such as ``grad / (2 * out)`` makes NaN of a zero ``grad`` at a singular point. Nothing is looked at while all
is well: NumPy sets a flag when a rule divides by zero or makes NaN, and only then, or where a result may hide NaN
of its inputs, are gradients masked.
"""

from __future__ import annotations

import threading
from contextvars import Context, ContextVar
from typing import Any

import numpy as np

_ndarray = np.ndarray


class _Flags(threading.local):
    """What NumPy flags while rules are called: divisions by zero and undefined numbers."""

    def __init__(self) -> None:
        self.raised: list[bool] = []


_flags = _Flags()


def fp_flags() -> list[bool]:
    """The flags raised in this thread; those who look at them clear the list."""
    return _flags.raised


def _flag(*_: Any) -> None:
    _flags.raised.append(True)


def _flagging() -> tuple[ContextVar[Any], Any]:
    """The variable in which NumPy keeps its error state, and the state in which it calls `_flag`.

    Set once more for each walk, that is a sixth of the price of `np.errstate`.
    """
    context = Context()
    context.run(np.seterr, divide="call", over="ignore", under="ignore", invalid="call")
    context.run(np.seterrcall, _flag)
    ((variable, value),) = context.items()
    return variable, value


#: In a walk the one holds the other; see `_flagging`.
error_state, CALLING = _flagging()


def in_backward_pass() -> bool:
    """True while a rule is being called: NaN that it makes of zeros is masked afterwards."""
    return np.geterrcall() is _flag


def raw(value: Any) -> Any:
    """The array of a tensor, and the batch of arrays of one of tensors; anything else as it is."""
    return getattr(value, "_data", value)


def has_nan(value: Any) -> bool:
    """True if there is NaN in an array; found in one pass, and without a warning."""
    if not isinstance(value, _ndarray):  # a number, or a batch of arrays
        return bool(np.any(np.isnan(getattr(value, "rows", value))))
    size = value.size
    if size > 1000:
        least = np.minimum.reduce(value, axis=None)
    elif size > 1:
        least = value.item(value.argmin())  # on a small array a third of the price
    else:
        least = value.item() if size else 0
    return bool(least != least)  # noqa: PLR0124 - so is NaN alone


def has_zeros(grad: Any) -> bool:
    """True if some entries of a result have no part in what is asked for."""
    value = raw(grad)
    return bool(value.ndim and not value.all())


def masked(plan: Any, rule: Any, grad: Any, saved: Any, gradient: Any, flags: list[bool]) -> Any:
    """``gradient``, which ``rule`` of ``plan`` made of ``grad``, without NaN that came of a zero in ``grad``."""
    if gradient is grad or not (plan.elementwise or plan.bilinear):
        return gradient
    if not hasattr(gradient, "dtype"):  # None, or a number
        return gradient
    if not (flags or has_nan(raw(gradient))):
        return gradient
    flags.clear()
    if plan.bilinear:
        return _without_untouched(rule, grad, saved, gradient)
    zero = np.equal(raw(grad), 0) & ~np.isfinite(raw(gradient))
    return np.where(zero, gradient.dtype.type(0), gradient)


def _without_untouched(rule: Any, grad: Any, saved: Any, gradient: Any) -> Any:
    """The gradient of a product, where what ``grad`` multiplies by zero may be infinite or NaN."""

    def replaced(change: Any) -> list[Any]:
        kinds = [getattr(getattr(value, "dtype", None), "kind", "") for value in saved]
        return [change(v) if k and k in "fc" else v for k, v in zip(kinds, saved, strict=True)]

    finite = rule(grad, *replaced(lambda value: np.where(np.isfinite(raw(value)), value, 0)))
    counted = np.not_equal(raw(grad), 0).astype(float)
    touched = rule(counted, *replaced(lambda value: (~np.isfinite(raw(value))).astype(float)))
    return np.where(np.equal(touched, 0), finite, gradient)
