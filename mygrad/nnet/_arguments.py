"""What activations and losses are given: numbers, labels, options."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.nodes import Handle
from mygrad.functions.mirror import as_one


def floats(value: Any, like: Any = None) -> Any:
    """``value`` as an array or a tensor of floating-point numbers.

    Python's numbers, lists of them, integers and booleans take the precision of the array ``like``; without
    it they become float64.
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
    """``value`` as an array of floats with an axis for the classes, the last."""
    value = floats(value)
    if value.ndim < 1:
        raise ValueError(
            f"{function}: {name} takes the shape (N, C), a row of C classes for each of N samples, not"
            " a single number"
        )
    return value


def axes_of(function: str, x: Any, axis: Any) -> tuple[int, ...]:
    """``axis``, an integer or a tuple of them, as a tuple of integers in [0, ``x.ndim``)."""
    try:
        return np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    except (TypeError, ValueError) as error:
        message = f"{function}: axis={axis!r} of an array of shape {x.shape}: {error}"
        raise type(error)(message) from None


def check_kind(function: str, name: str, value: Any) -> None:
    """Refuse what is neither a number nor an array of numbers."""
    if np.asarray(value).dtype.kind not in "biufc":
        raise TypeError(f"{function}: {name} takes a number, or an array of them, not {value!r}")


def labels_of(function: str, name: str, labels: Any, scores: Any) -> Any:
    """Integers that name one of the classes of each row of ``scores``."""
    labels = np.asarray(labels)
    *shape, classes = scores.shape
    if not labels.size:
        labels = labels.astype(int)  # of no labels NumPy makes floats
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: {name} takes integers, the class of each sample, not {labels.dtype}. Of one-hot"
            " rows or of probabilities they are np.argmax(rows, axis=-1)."
        )
    if labels.shape != tuple(shape):
        raise ValueError(
            f"{function}: {name} takes the shape {tuple(shape)}, one label for each row of the"
            f" {scores.shape} scores, not {labels.shape}"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        outside = labels[(labels < 0) | (labels >= classes)][0]
        raise IndexError(
            f"{function}: {name} takes classes from 0 to {classes - 1}; there is {outside} among them"
        )
    return labels


def same_shapes(function: str, x: Any, target: Any) -> None:
    """Refuse targets that would be broadcast: (N,) against (N, 1) makes an (N, N) loss unnoticed."""
    if target.ndim and target.shape != x.shape:
        raise ValueError(
            f"{function}: target takes the shape of x, {x.shape}, or is a single number; it has the"
            f" shape {target.shape}. Reshape it, or spell out np.broadcast_to."
        )


def reduced(function: str, losses: Any, reduction: str) -> Any:
    """``losses`` as the caller asked for them."""
    if reduction == "mean":
        return np.mean(losses)
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f"{function}: reduction takes 'mean', 'sum' or 'none', not {reduction!r}")


def check_number(function: str, name: str, value: Any, *, above: bool) -> None:
    """Refuse what is no number that is at least 0, or greater than 0 if ``above``."""
    try:
        fits = value > 0 if above else value >= 0
        fits = bool(fits)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        least = "a positive number" if above else "a number that is not negative"
        raise ValueError(f"{function}: {name} takes {least}, not {value!r}")
