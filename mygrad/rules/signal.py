"""Convolution, differences, numerical calculus, interpolation; functions applied along axes."""

import math

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import composed, implements
from mygrad.rules._axes import normalize_axes


def array_of(values):
    """An argument as an array; the items of a list may be tensors."""
    if isinstance(values, list | tuple):
        return np.stack(values)
    return values if hasattr(values, "ndim") else np.asarray(values)


def as_floats(values):
    """As `array_of`, with integers as floats: differences of unsigned integers wrap around."""
    values = array_of(values)
    return values if values.dtype.kind in "fc" else values.astype(float)


def slice_along(axis, ndim, *bounds):
    """The index that slices ``axis``."""
    return (slice(None),) * (axis % ndim) + (slice(*bounds),)


def with_zeros(grad, before, after, axis=-1):
    """``grad`` with ``before`` and ``after`` zeros around it along ``axis``."""

    def zeros(length):
        shape = list(grad.shape)
        shape[axis] = length
        return np.zeros(shape, grad.dtype)

    return np.concatenate([zeros(before), grad, zeros(after)], axis)


# ------------------------------------------------------------------ convolution

MODES = {0: "valid", 1: "same", 2: "full"}


def whole(grad, mode, a_size, v_size, middle):
    """The gradient of the full convolution, of which ``mode`` returned a part.

    In the mode "same" the part begins at ``middle``.
    """
    short = min(a_size, v_size)
    before = {"full": 0, "same": middle, "valid": short - 1}[MODES.get(mode, mode)]
    return with_zeros(grad, before, a_size + v_size - 1 - len(grad) - before)


def whole_convolution(grad, mode, a_size, v_size):
    return whole(grad, mode, a_size, v_size, (min(a_size, v_size) - 1) // 2)


def whole_correlation(grad, mode, a_size, v_size):
    return whole(grad, mode, a_size, v_size, (v_size - 1 if v_size <= a_size else a_size) // 2)


@implements(np.convolve)
class Convolve(Operation):
    def vjp_a(grad, a_shape, v, mode="full"):
        v = np.atleast_1d(v)
        grad = whole_convolution(grad, mode, math.prod(a_shape), len(v))
        return np.reshape(np.convolve(grad, v[::-1], "valid"), a_shape)

    def vjp_v(grad, a, v_shape, mode="full"):
        return Convolve.vjp_a(grad, v_shape, a, mode)


@implements(np.correlate)
class Correlate(Operation):
    # A convolution with the second argument reversed and conjugated.
    def vjp_a(grad, a_shape, v, mode="valid"):
        grad = whole_correlation(grad, mode, *a_shape, len(v))
        return np.convolve(grad, np.conj(v), "valid")

    def vjp_v(grad, a, v_shape, mode="valid"):
        grad = whole_correlation(grad, mode, len(a), *v_shape)
        return np.conj(np.convolve(grad, a[::-1], "valid")[::-1])


# ------------------------------------------------------------------ differences


def length_along(axis, values):
    """The length of an array that `diff` prepends or appends; that of a number is 1."""
    if values is None:
        return 0
    return np.shape(values)[axis] if np.ndim(values) else 1


@implements(np.diff)
class Diff(Operation):
    may_view = True
    differentiable = ("a", "prepend", "append")

    def vjp(grad, needs, a_shape, n=1, axis=-1, prepend=None, append=None):
        if n == 0:
            return {"a": grad}
        before, after = length_along(axis, prepend), length_along(axis, append)
        size = before + a_shape[axis] + after
        if n >= size:
            return {}
        # Up to the sign, the transpose is the difference of the zero-padded gradient.
        full = (-1) ** n * np.diff(with_zeros(grad, n, n, axis), n, axis)
        ends = {"prepend": (0, before), "a": (before, size - after), "append": (size - after, size)}
        return {name: full[slice_along(axis, grad.ndim, *ends[name])] for name in needs}


@implements(np.ediff1d)
class Ediff1d(Operation):
    def vjp_ary(grad, ary_shape, to_begin=None):
        count = max(math.prod(ary_shape) - 1, 0)
        start = 0 if to_begin is None else np.size(to_begin)
        inner = with_zeros(grad[start : start + count], 1, 1)
        return np.reshape((inner[:-1] - inner[1:])[: math.prod(ary_shape)], ary_shape)

    def vjp_to_begin(grad, to_begin_shape):
        return np.reshape(grad[: math.prod(to_begin_shape)], to_begin_shape)

    def vjp_to_end(grad, to_end_shape):
        return np.reshape(grad[len(grad) - math.prod(to_end_shape) :], to_end_shape)


@composed(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = as_floats(f)
    axes = normalize_axes(axis, f.ndim)
    spacings = varargs or (1.0,)
    if len(spacings) == 1:
        spacings *= len(axes)
    slopes = tuple(
        slope(f, spacing, each, edge_order) for spacing, each in zip(spacings, axes, strict=True)
    )
    return slopes[0] if len(slopes) == 1 else slopes


def slope(f, spacing, axis, edge_order):
    """The second-order difference quotient of ``f``: a mean of the slopes on both sides."""
    if np.ndim(spacing) == 0:
        width, before = spacing, np.array([0.5])
    else:
        width = np.diff(as_floats(spacing))
        before = width[:-1] / (width[:-1] + width[1:])
    sides = np.diff(np.moveaxis(f, axis, -1)) / width
    turns = np.diff(sides)
    inner = sides[..., :-1] + before * turns
    first, last = sides[..., :1], sides[..., -1:]
    if edge_order == 2:
        first = first - before[:1] * turns[..., :1]
        last = last + (1 - before[-1:]) * turns[..., -1:]
    return np.moveaxis(np.concatenate([first, inner, last], -1), -1, axis)


# ------------------------------------------------------------------ integrals and interpolation


@composed(np.trapezoid, but=("axis",))
def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = array_of(y)
    if x is None:
        width = dx
    elif np.ndim(x) == 1:
        width = np.reshape(np.diff(array_of(x)), (-1, *(1,) * (y.ndim - 1 - axis % y.ndim)))
    else:
        width = np.diff(array_of(x), axis=axis)
    means = (y[slice_along(axis, y.ndim, 1, None)] + y[slice_along(axis, y.ndim, -1)]) / 2
    return np.sum(width * means, axis)


@composed(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    x, xp, fp = as_floats(x), as_floats(xp), as_floats(fp)
    if period is not None:
        period = np.abs(period)
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    last = len(xp) - 1
    place = np.clip(np.searchsorted(xp, x, "right") - 1, 0, max(last - 1, 0))
    following = np.minimum(place + 1, last)
    width = xp[following] - xp[place]
    way = (x - xp[place]) / np.where(width == 0, 1, width)
    value = fp[place] + way * (fp[following] - fp[place])
    value = np.where(x < xp[0], fp[0] if left is None else left, value)
    return np.where(x > xp[last], fp[last] if right is None else right, value)


# ------------------------------------------------------------------ functions along axes


@composed(np.apply_along_axis, but=("func1d", "axis"))
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    arr = array_of(arr)
    axis %= arr.ndim
    lanes = np.moveaxis(arr, axis, -1)
    around = lanes.shape[:-1]
    results = np.stack([array_of(func1d(lanes[i], *args, **kwargs)) for i in np.ndindex(around)])
    results = np.reshape(results, around + results.shape[1:])
    made = results.ndim - len(around)
    return np.moveaxis(results, range(len(around), results.ndim), range(axis, axis + made))


@composed(np.apply_over_axes, but=("func", "axes"))
def apply_over_axes(func, a, axes):
    value = array_of(a)
    for axis in np.atleast_1d(axes).tolist():
        reduced = func(value, axis)
        value = reduced if reduced.ndim == value.ndim else np.expand_dims(reduced, axis)
    return value
