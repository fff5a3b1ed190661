"""Helpers of rules for matrices: transposes, triangles, moving core axes."""

import numpy as np


def conj(x):
    """The complex conjugate; a real array is returned as it is."""
    return np.conj(x) if x.dtype.kind == "c" else x


def transpose(x):
    """The transposes of a stack of matrices."""
    return np.swapaxes(x, -1, -2)


def adjoint(x):
    """The conjugate transposes of a stack of matrices."""
    return conj(transpose(x))


def column(x):
    """The vectors along the last axis as matrices of one column."""
    return x[..., np.newaxis]


def scaled(x):
    """One number per matrix, shaped to multiply a stack of matrices."""
    return x[..., np.newaxis, np.newaxis]


def on_diagonal(x):
    """Diagonal matrices with the vectors along the last axis of ``x``."""
    return x[..., np.newaxis] * np.eye(x.shape[-1], dtype=x.dtype)


def halved_lower(x):
    """The lower triangles of a stack of square matrices, with half the diagonal."""
    size = x.shape[-1]
    return x * (np.tri(size, dtype=x.dtype) - np.eye(size, dtype=x.dtype) / 2)


def hermitian_from_lower(x):
    """The Hermitian matrices whose lower triangles are those of ``x``."""
    lower = halved_lower(x)
    return lower + adjoint(lower)


def gradient_of_lower(bar):
    """The gradient with respect to the lower triangle, given that of the Hermitian matrix."""
    return halved_lower(bar + adjoint(bar))


def to_end(x, axes):
    """``x`` with ``axes`` moved to the end."""
    return np.moveaxis(x, axes, range(-len(axes), 0))


def from_end(x, axes, ndim):
    """The inverse of `to_end` for an array of ``ndim`` axes.

    ``x`` may have additional leading axes, those that the array was broadcast to.
    """
    places = [axis if axis < 0 else axis - ndim for axis in axes]
    return np.moveaxis(x, range(-len(axes), 0), places)
