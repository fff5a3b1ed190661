"""Norms of vectors and matrices, and the condition number.

A norm has no derivative at its minimum; its gradient there is 0. Entries, rows or columns that tie
for a maximum or minimum share the gradient evenly.
"""

import math

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._axes import normalize_axes, restore_axes, silence
from mygrad.rules.decompositions import svd_grad
from mygrad.rules.linalg import inverse_grad, regular
from mygrad.rules.matrices import conj, from_end, scaled, to_end


@implements(np.linalg.norm)
class Norm(Operation):
    """The derivative at 0 is 0; tied singular values share the gradient evenly."""

    def vjp_x(grad, x, out, ord=None, axis=None, keepdims=False):
        axes = normalize_axes(axis, x.ndim)
        grad, out = (restore_axes(each, x.ndim, axes, keepdims) for each in (grad, out))
        if len(axes) == 2 and not (ord is None or ord in ("fro", "f")):
            return silence(grad, matrix_norm_grad(grad, x, out, ord, axes))
        return silence(grad, vector_norm_grad(grad, x, out, ord, axes))


@implements(np.linalg.vector_norm)
class VectorNorm(Operation):
    """The derivative at 0 is 0."""

    def vjp_x(grad, x, out, axis=None, keepdims=False, ord=2):
        axes = normalize_axes(axis, x.ndim)
        grad, out = (restore_axes(each, x.ndim, axes, keepdims) for each in (grad, out))
        return silence(grad, vector_norm_grad(grad, x, out, ord, axes))


@implements(np.linalg.matrix_norm)
class MatrixNorm(Operation):
    """The derivative at 0 is 0; tied singular values share the gradient evenly."""

    def vjp_x(grad, x, out, keepdims=False, ord="fro"):
        return Norm.vjp_x(grad, x, out, ord, (-2, -1), keepdims)


@implements(np.linalg.cond)
class Cond(Operation):
    def vjp_x(grad, x, out, p=None):
        # Before version 2.3, NumPy returns a complex condition number for complex matrices.
        grad = scaled(np.real(grad))
        if p is None or p in (2, -2):
            u, s, vh = np.linalg.svd(x, full_matrices=False)
            first, last = s[..., :1], s[..., -1:]
            numerator, denominator = (last, first) if p == -2 else (first, last)
            place = np.arange(s.shape[-1])
            is_first, is_last = place == 0, place == s.shape[-1] - 1
            above, below = (is_last, is_first) if p == -2 else (is_first, is_last)
            of_s = np.where(above, 1, 0) / denominator
            of_s = of_s - np.where(below, numerator, 0) / denominator**2
            return svd_grad(None, grad[..., 0] * of_s, None, u, s, vh)
        singular = np.isinf(out)
        x = regular(x, singular)
        inverse = np.linalg.inv(x)
        norms = [np.linalg.norm(each, p, (-2, -1), True) for each in (x, inverse)]
        pulled = norms[1] * matrix_norm_grad(grad, x, norms[0], p, (-2, -1))
        of_inverse = norms[0] * matrix_norm_grad(grad, inverse, norms[1], p, (-2, -1))
        pulled = pulled + inverse_grad(of_inverse, inverse)
        # Infinite for singular matrices, without a derivative: NaN, unless the gradient is zero.
        return np.where(scaled(singular), np.where(np.equal(grad, 0), 0, np.nan), pulled)


def direction(x):
    """The derivative of ``abs(x)``."""
    if x.dtype.kind != "c":
        return np.sign(x)
    size = np.abs(x)
    return conj(x) / np.where(size == 0, 1, size)


def even_weights(selected, axis):
    """Equal weights, summing to one along ``axis``, for the elements that are ``selected``."""
    return selected / np.count_nonzero(selected, axis, keepdims=True)


def unit(x, axes):
    """Normalize the vectors along ``axes``, even if their norms overflow or underflow; 0 stays 0.

    For infinite vectors it is the limit: infinite entries count equally, finite ones vanish.
    """
    sizes = np.abs(x)
    largest = np.max(sizes, axes, keepdims=True, initial=0)
    infinite = np.isinf(largest)
    x = np.where(infinite, np.isinf(sizes) * np.sign(x), x)
    x = x / np.where(infinite | (largest == 0), 1, largest)
    squares = np.sum(np.abs(x) ** 2, axes, keepdims=True)
    return np.where(largest == 0, 0, x / np.sqrt(np.where(squares == 0, 1, squares)))


def vector_norm_grad(grad, x, out, ord, axes):
    """The gradient of a vector norm along ``axes``; ``grad`` and ``out`` keep these axes."""
    zero = np.equal(out, 0)
    if ord is None or ord in (2, "fro", "f"):
        if (zero | np.isinf(out)).any():
            return grad * conj(unit(x, axes))
        return grad / out * conj(x)
    if ord == 1:
        return grad * direction(x)
    if ord == 0:
        return np.zeros_like(x)
    if math.isinf(ord):
        return grad * direction(x) * even_weights(np.equal(np.abs(x), out), axes).astype(out.dtype)
    live = np.not_equal(x, 0) & ~zero
    ratio = np.where(live, np.abs(x), 1) / np.where(live, out, 1)
    return np.where(live, grad * direction(x) * ratio ** (ord - 1), 0)


def matrix_norm_grad(grad, x, out, ord, axes):
    """As `vector_norm_grad`, for a matrix norm over the two ``axes``."""
    if not x.size:
        return np.zeros_like(x)
    if ord is None or ord in ("fro", "f"):
        return vector_norm_grad(grad, x, out, None, axes)
    if ord in ("nuc", 2, -2):
        u, s, vh = np.linalg.svd(to_end(x, axes), full_matrices=False)
        if ord == "nuc":
            weights = np.ones_like(s)
        else:
            extreme = s[..., :1] if ord == 2 else s[..., -1:]
            rounding = s.shape[-1] * np.finfo(s.dtype).eps * s[..., :1]
            weights = even_weights(np.abs(s - extreme) <= rounding, -1).astype(s.dtype)
        of_s = to_end(grad, axes)[..., 0] * weights
        return from_end(svd_grad(None, of_s, None, u, s, vh), axes, x.ndim)
    rows, columns = axes
    summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = np.sum(np.abs(x), summed, keepdims=True)
    extreme = (np.max if ord > 0 else np.min)(sums, chosen, keepdims=True)
    return grad * direction(x) * even_weights(np.equal(sums, extreme), chosen).astype(out.dtype)
