"""Gradient clipping, between the backward pass and the optimizer's step."""

from __future__ import annotations

import math

import numpy as np

from mygrad.engine.modes import no_autodiff
from mygrad.optim.parameters import Parameters, gradient_of, named


def clip_by_norm(parameters: Parameters, limit: float, *, ord: float = 2) -> float:
    """Scale all gradients in place by one factor, so that their joint norm is at most ``limit``.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
        Those without a gradient are skipped.
    limit : float
    ord : float, default 2
        The order of the norm of all gradients as one vector; ``math.inf`` for the largest entry.

    Returns
    -------
    float
        The norm before scaling.

    Raises
    ------
    ValueError
        A gradient has an infinite or NaN entry; then nothing is changed.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -4.0])
    >>> (np.sum(w**2) / 2).backward()
    >>> mg.optim.clip_by_norm([w], 1.0)
    5.0
    >>> w.grad
    array([ 0.6, -0.8])
    """
    _check("clip_by_norm", limit)
    norms = []
    members = named("clip_by_norm", parameters)
    for name, parameter in members.items():
        gradient = gradient_of(parameter)
        if gradient is None:
            continue
        # Squares may overflow or underflow in single precision.
        norm = float(np.linalg.norm(np.ravel(gradient).astype(float), ord))
        if not math.isfinite(norm):
            raise ValueError(
                f"clip_by_norm: the gradient of parameter {name!r} has the norm {norm}; it holds"
                f" {np.count_nonzero(~np.isfinite(gradient))} entries that are infinite or NaN"
            )
        norms.append(norm)
    norm = float(np.linalg.norm(norms, ord)) if norms else 0.0
    if norm > limit:
        with no_autodiff:
            for parameter in members.values():
                if parameter.grad is not None:
                    gradient = parameter.grad
                    gradient *= limit / norm
    return norm


def clip_by_value(parameters: Parameters, limit: float) -> None:
    """Clip all entries of the gradients in place to ``[-limit, limit]``.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
        Those without a gradient are skipped.
    limit : float
        For complex entries, the real and imaginary parts are clipped.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -0.5])
    >>> np.sum(w**2).backward()
    >>> mg.optim.clip_by_value([w], 2.0)
    >>> w.grad
    array([ 2., -1.])
    """
    _check("clip_by_value", limit)
    for parameter in named("clip_by_value", parameters).values():
        gradient = parameter.grad
        if gradient is None:
            continue
        with no_autodiff:
            for part in (
                (gradient.real, gradient.imag) if parameter.dtype.kind == "c" else (gradient,)
            ):
                part[...] = np.clip(part, -limit, limit)


def _check(name: str, limit: float) -> None:
    if not limit >= 0:
        raise ValueError(f"{name}: limit={limit!r} must be a non-negative number")
