"""The parameters of optimizers: named tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mygrad.tensors.tensor import Tensor, asarray

Array = np.ndarray[Any, Any]
Parameters = Iterable[Tensor] | Mapping[str, Tensor]


def named(caller: str, parameters: Parameters) -> dict[str, Tensor]:
    """The parameters by name; those of a sequence are named 0, 1, 2 …"""
    if isinstance(parameters, Tensor):
        raise TypeError(
            f"{caller} takes several tensors or a dict of them; for a single one, write {caller}([tensor])"
        )
    pairs = parameters.items() if isinstance(parameters, Mapping) else enumerate(parameters)
    found: dict[str, Tensor] = {}
    for key, tensor in pairs:
        name = str(key)
        if name in found:
            raise ValueError(
                f"{caller}: two parameters would be named {name!r} in the saved state, whose keys are"
                " strings; use keys that differ as strings"
            )
        _check(caller, name, tensor)
        for other, known in found.items():
            if known is tensor:
                raise ValueError(
                    f"{caller}: parameters {other!r} and {name!r} are the same tensor, which would be"
                    " changed twice in a step"
                )
        found[name] = tensor
    if not found:
        raise ValueError(
            f"{caller} got no parameters. If it was given a generator, is it exhausted?"
        )
    return found


def _check(caller: str, name: str, tensor: Any) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{caller}: parameter {name!r} is not a tensor but {type(tensor).__name__}")
    if tensor.dtype.kind not in "fc":
        raise ValueError(
            f"{caller}: parameter {name!r} has dtype {tensor.dtype}; only floating and complex tensors"
            " have gradients. Use tensor.astype(float)."
        )
    if tensor.constant:
        raise ValueError(
            f"{caller}: parameter {name!r} is a constant, which never gets a gradient. Omit it, or"
            " create it with constant=False."
        )
    if tensor.creator is not None:
        raise ValueError(
            f"{caller}: parameter {name!r} is the result of {type(tensor.creator).__name__}. Optimize"
            " its inputs instead, or mygrad.tensor(parameter.data)."
        )


def as_real(array: Array) -> Array:
    """A real array as it is; a complex one as real and imaginary part, along an additional axis."""
    if array.dtype.kind != "c":
        return array
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(array.real.dtype)


def as_given(array: Array, dtype: np.dtype[Any]) -> Array:
    """Undo :func:`as_real` for an array of ``dtype``."""
    if dtype.kind != "c":
        return array
    return np.ascontiguousarray(array).view(dtype)[..., 0]


def widened(array: Array) -> Array:
    """float16 as float32, in which squares of gradients rarely underflow or overflow."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def gradient_of(tensor: Tensor) -> Array | None:
    """The direction in which the loss rises, as a real array."""
    if tensor.grad is None:
        return None
    grad = asarray(tensor.grad)
    # For z = x + iy mygrad's gradient is ∂L/∂x - i ∂L/∂y; the direction of ascent is its conjugate.
    return as_real(np.conjugate(grad)) if grad.dtype.kind == "c" else grad
