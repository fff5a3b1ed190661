"""Checks of the arguments of activations and losses: numbers, labels, options."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import Handle
from mygrad.functions.mirror import as_one


def floats(value: Any, like: Any = None) -> Any:
    """``value`` as a floating-point array or tensor.

    Python numbers, lists of them, integers and booleans get the dtype of the array ``like``, or
    float64 without it.
    """
    value = as_one(value, None)
    if isinstance(value, int | float | list | tuple) and like is not None:
        return np.asarray(value, like.dtype)
    if not isinstance(value, Handle):
        value = np.asarray(value)
    if value.dtype.kind in "fc":
        return value
    return np.asarray(value).astype(float if like is None else like.dtype)


def scores_of(function: str, name: str, value: Any) -> Any:
    """``value`` as a floating-point array whose last axis is that of the classes."""
    value = floats(value)
    if value.ndim < 1:
        raise ValueError(
            f"{function}: {name} must have shape (N, C), a row of C classes for each of N samples, not"
            " a single number"
        )
    return value


def axes_of(function: str, x: Any, axis: Any) -> tuple[int, ...]:
    """``axis``, an integer or a tuple of integers, as a tuple of integers in [0, ``x.ndim``)."""
    try:
        return np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    except (TypeError, ValueError) as error:
        message = f"{function}: axis={axis!r} of an array of shape {x.shape}: {error}"
        raise type(error)(message) from None


def check_kind(function: str, name: str, value: Any) -> None:
    """Raise unless ``value`` is a number or an array of numbers."""
    if np.asarray(value).dtype.kind not in "biufc":
        raise TypeError(f"{function}: {name} must be a number, or an array of them, not {value!r}")


def labels_of(function: str, name: str, labels: Any, scores: Any) -> Any:
    """Labels as an integer array, one class for each row of ``scores``."""
    labels = np.asarray(labels)
    *shape, classes = scores.shape
    if not labels.size:
        labels = labels.astype(int)  # NumPy converts an empty list to floats
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: {name} must be integers, the class of each sample, not {labels.dtype}. For"
            " one-hot rows or probabilities, pass np.argmax(rows, axis=-1)."
        )
    if labels.shape != tuple(shape):
        raise ValueError(
            f"{function}: {name} must have shape {tuple(shape)}, one label for each row of the"
            f" {scores.shape} scores, not {labels.shape}"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        outside = labels[(labels < 0) | (labels >= classes)][0]
        raise IndexError(
            f"{function}: {name} must be classes from 0 to {classes - 1}; they include {outside}"
        )
    return labels


def same_shapes(function: str, x: Any, target: Any) -> None:
    """Raise if the target would be broadcast: (N,) against (N, 1) silently makes an (N, N) loss."""
    if target.ndim and target.shape != x.shape:
        raise ValueError(
            f"{function}: target must have the shape of x, {x.shape}, or be a single number; it has"
            f" shape {target.shape}. Reshape it, or use np.broadcast_to explicitly."
        )


def reduced(function: str, losses: Any, reduction: str) -> Any:
    """``losses``, reduced as requested."""
    if reduction == "mean":
        return np.mean(losses)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"{function}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def check_number(function: str, name: str, value: Any, *, above: bool) -> None:
    """Raise unless ``value`` is a non-negative number, or a positive one if ``above``."""
    try:
        fits = value > 0 if above else value >= 0
        fits = bool(fits)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        least = "a positive number" if above else "a non-negative number"
        raise ValueError(f"{function}: {name} must be {least}, not {value!r}")
