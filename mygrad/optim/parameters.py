"""What optimisers change: tensors, each under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mygrad.tensors.tensor import Tensor, asarray

Array = np.ndarray[Any, Any]
Parameters = Iterable[Tensor] | Mapping[str, Tensor]


def named(caller: str, parameters: Parameters) -> dict[str, Tensor]:
    """The parameters by name; those of a sequence are called 0, 1, 2 …"""
    if isinstance(parameters, Tensor):
        raise TypeError(
            f"{caller} takes several tensors, or a dict of them; for one alone write {caller}([tensor])"
        )
    pairs = parameters.items() if isinstance(parameters, Mapping) else enumerate(parameters)
    found: dict[str, Tensor] = {}
    for key, tensor in pairs:
        name = str(key)
        if name in found:
            raise ValueError(
                f"{caller}: two parameters have the name {name!r} in the saved state, in which keys are"
                " strings; give them names that differ as strings"
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
            f"{caller} got no parameters. A generator can be gone through once only: is it used up?"
        )
    return found


def _check(caller: str, name: str, tensor: Any) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{caller}: parameter {name!r} is no tensor, but {type(tensor).__name__}")
    if tensor.dtype.kind not in "fc":
        raise ValueError(
            f"{caller}: parameter {name!r} has dtype {tensor.dtype}; only floating and complex tensors"
            " have gradients. Use tensor.astype(float)."
        )
    if tensor.constant:
        raise ValueError(
            f"{caller}: parameter {name!r} is a constant, which never gets a gradient. Leave it out, or"
            " make it with constant=False."
        )
    if tensor.creator is not None:
        raise ValueError(
            f"{caller}: parameter {name!r} is the result of {type(tensor.creator).__name__}: what it was"
            " computed from is to be optimised, or mygrad.tensor(parameter.data)"
        )


def as_real(array: Array) -> Array:
    """A real array as it is; of a complex one the parts, along an axis more."""
    if array.dtype.kind != "c":
        return array
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(array.real.dtype)


def as_given(array: Array, dtype: np.dtype[Any]) -> Array:
    """Undo :func:`as_real` for an array that is to have ``dtype``."""
    if dtype.kind != "c":
        return array
    return np.ascontiguousarray(array).view(dtype)[..., 0]


def widened(array: Array) -> Array:
    """float16 as float32, in which the square of a gradient neither vanishes nor overflows so soon."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def gradient_of(tensor: Tensor) -> Array | None:
    """The direction in which the loss rises, as a real array."""
    if tensor.grad is None:
        return None
    grad = asarray(tensor.grad)
    # For z = x + iy mygrad's gradient is ∂L/∂x - i ∂L/∂y; the direction of ascent is its conjugate.
    return as_real(np.conjugate(grad)) if grad.dtype.kind == "c" else grad
