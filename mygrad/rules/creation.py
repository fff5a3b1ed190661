"""Array creation: filled arrays, copies of existing data, ranges, grids."""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import creates, implements

creates(
    np.empty,
    np.empty_like,
    np.eye,
    np.frombuffer,
    np.fromfile,
    np.fromfunction,
    np.fromiter,
    np.fromstring,
    np.genfromtxt,
    np.identity,
    np.loadtxt,
    np.ones,
    np.ones_like,
    np.tri,
    np.zeros,
    np.zeros_like,
)


@implements(np.full, np.full_like)
class Full(Operation):
    creates = True

    def vjp_a(grad):
        """No gradient: only the shape and dtype of ``a`` are used."""

    def vjp_fill_value(grad):
        return grad


# ------------------------------------------------------------------ from existing data


@implements(np.array)
class Array(Operation):
    creates = True
    may_view = True

    def vjp_object(grad):
        return grad


@implements(np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require)
class AsArray(Operation):
    creates = True
    may_view = True

    def vjp_a(grad):
        return grad


# ------------------------------------------------------------------ ranges


@implements(np.arange)
class ARange(Operation):
    """``stop`` has no derivative: it only decides how many elements there are."""

    creates = True

    def vjp_start_or_stop(grad, stop=None):
        return grad if stop is not None else None

    def vjp_stop(grad):
        """No derivative."""

    def vjp_step(grad):
        return grad * np.arange(grad.size, dtype=grad.dtype)


def weights(grad, num, endpoint):
    """The weight of ``stop`` in each element of a range; the weight of ``start`` is 1 minus it."""
    steps = num - 1 if endpoint else num
    return np.arange(num, dtype=grad.dtype) / max(steps, 1)


def weighted_sum(factors, grad, axis):
    """The sum of ``factors * grad`` along the axis of a range."""
    return np.tensordot(factors, grad, axes=(0, axis))


@implements(np.linspace)
class LinSpace(Operation):
    creates = True
    differentiable = ("start", "stop")

    def vjp(grad, needs, num=50, endpoint=True, retstep=False, axis=0):
        samples, step = grad if retstep else (grad, None)
        start = stop = 0
        if samples is not None:
            part = weights(samples, num, endpoint)
            start = weighted_sum(1 - part, samples, axis)
            stop = weighted_sum(part, samples, axis)
        if step is not None:
            slope = step / (num - 1 if endpoint else num)
            start, stop = start - slope, stop + slope
        return {"start": start, "stop": stop}


@implements(np.logspace)
class LogSpace(Operation):
    creates = True

    def vjp_start(grad, out, num=50, endpoint=True, base=10.0, axis=0):
        part = weights(grad, num, endpoint)
        return weighted_sum(1 - part, grad * out, axis) * np.log(base)

    def vjp_stop(grad, out, num=50, endpoint=True, base=10.0, axis=0):
        part = weights(grad, num, endpoint)
        return weighted_sum(part, grad * out, axis) * np.log(base)

    def vjp_base(grad, out, start, stop, base, num=50, endpoint=True, axis=0):
        part = weights(grad, num, endpoint)
        pull = grad * out
        total = weighted_sum(1 - part, pull, axis) * start + weighted_sum(part, pull, axis) * stop
        return total / base


@implements(np.geomspace)
class GeomSpace(Operation):
    creates = True

    def vjp_start(grad, out, start, num=50, endpoint=True, axis=0):
        part = weights(grad, num, endpoint)
        return weighted_sum(1 - part, grad * out, axis) / start

    def vjp_stop(grad, out, stop, num=50, endpoint=True, axis=0):
        part = weights(grad, num, endpoint)
        return weighted_sum(part, grad * out, axis) / stop


# ------------------------------------------------------------------ grids


@implements(np.meshgrid)
class MeshGrid(Operation):
    may_view = True

    def vjp_xi(grad, xi_shape, indexing="xy"):
        gradients = []
        for position, (part, shape) in enumerate(zip(grad, xi_shape, strict=True)):
            if part is None:
                gradients.append(None)
                continue
            axis = 1 - position if indexing == "xy" and position < 2 <= part.ndim else position
            others = tuple(other for other in range(part.ndim) if other != axis)
            gradients.append(np.reshape(np.sum(part, axis=others), shape))
        return gradients


@implements(np.vander)
class Vander(Operation):
    def vjp_x(grad, x, increasing=False):
        degree = grad.shape[1]
        if degree < 2:
            return np.zeros_like(grad, shape=x.shape)
        rising = grad if increasing else np.flip(grad, 1)
        powers = np.vander(x, degree - 1, increasing=True)
        return np.sum(rising[:, 1:] * powers * np.arange(1, degree, dtype=grad.dtype), axis=1)
