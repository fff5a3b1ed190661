"""Masking of NaN: a zero gradient stays zero, even where a derivative is infinite or undefined.

A rule such as ``grad / (2 * out)`` turns a zero ``grad`` into NaN at a singular point. The common case needs no
checks: NumPy raises a floating-point flag when a rule divides by zero or makes NaN, and gradients are masked only
then, or where a result may not depend on NaN in its inputs.
"""

from __future__ import annotations

import threading
from contextvars import Context, ContextVar
from typing import Any

import numpy as np

_ndarray = np.ndarray


class _Flags(threading.local):
    """The floating-point flags that NumPy raises inside rules: division by zero and invalid values."""

    def __init__(self) -> None:
        self.raised: list[bool] = []


#: ``FLAGS.raised`` are the flags raised in this thread; those who look at them clear the list.
FLAGS = _Flags()


def _flag(*_: Any) -> None:
    FLAGS.raised.append(True)


def _flagging() -> tuple[ContextVar[Any], Any]:
    """The context variable of NumPy's error state, and a value of it with which NumPy calls `_flag`.

    To set the variable for each walk costs a sixth of entering `np.errstate`.
    """
    context = Context()
    context.run(np.seterr, divide="call", over="ignore", under="ignore", invalid="call")
    context.run(np.seterrcall, _flag)
    ((variable, value),) = context.items()
    return variable, value


#: During a walk, `error_state` has the value `CALLING`; see `_flagging`.
error_state, CALLING = _flagging()


def in_backward_pass() -> bool:
    """True while a rule runs: NaN that it makes from zero gradients is masked afterwards."""
    return np.geterrcall() is _flag


def raw(value: Any) -> Any:
    """The array of a tensor, the batch of arrays of a batch of tensors; any other value unchanged."""
    return getattr(value, "_data", value)


def has_nan(value: Any) -> bool:
    """True if an array holds NaN; computed in one pass, without a warning."""
    if not isinstance(value, _ndarray):  # a number, or a batch of arrays
        return bool(np.any(np.isnan(getattr(value, "rows", value))))
    size = value.size
    if size > 1000:
        least = np.minimum.reduce(value, axis=None)
    elif size > 1:
        least = value.item(value.argmin())  # a third of the cost for a small array
    else:
        least = value.item() if size else 0
    return bool(least != least)  # noqa: PLR0124 - true of NaN only


def has_zeros(grad: Any) -> bool:
    """True if some entries of the cotangent ``grad`` are zero."""
    value = raw(grad)
    return bool(value.ndim and not value.all())


def masked(plan: Any, rule: Any, grad: Any, saved: Any, gradient: Any, flags: list[bool]) -> Any:
    """``gradient``, the value of ``rule`` for ``grad``, with NaN that comes from zeros in ``grad`` masked."""
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
    """The gradient of a product, without the terms in which a zero of ``grad`` meets infinity or NaN."""

    def replaced(change: Any) -> list[Any]:
        kinds = [getattr(getattr(value, "dtype", None), "kind", "") for value in saved]
        return [change(v) if k and k in "fc" else v for k, v in zip(kinds, saved, strict=True)]

    finite = rule(grad, *replaced(lambda value: np.where(np.isfinite(raw(value)), value, 0)))
    counted = np.not_equal(raw(grad), 0).astype(float)
    touched = rule(counted, *replaced(lambda value: (~np.isfinite(raw(value))).astype(float)))
    return np.where(np.equal(touched, 0), finite, gradient)
