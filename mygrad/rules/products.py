"""Products of vectors, matrices and tensors."""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules.matrices import conj, from_end, scaled, to_end, transpose


def as_tuple(axes):
    """An entry of NumPy's ``axes=``, an integer or a tuple of them, as a tuple."""
    return tuple(axes) if isinstance(axes, tuple | list) else (axes,)


def times(a, b):
    """``a @ b`` of matrices and vectors; ``ndarray.dot`` has less overhead."""
    # ndarray.dot would treat a tensor as an array.
    return a.dot(b) if a.__class__ is b.__class__ is np.ndarray else a @ b


@implements(np.matmul, np.linalg.matmul)
class Matmul(Operation):
    bilinear = True

    def vjp_x1(grad, x1_shape, x2, axes=None):
        if axes is not None:
            of_x1, of_x2, of_out = map(as_tuple, axes)
            inner = Matmul.vjp_x1(to_end(grad, of_out), x1_shape, to_end(x2, of_x2))
            return from_end(inner, of_x1, len(x1_shape))
        if x2.ndim == 1:
            return grad[..., None] * x2
        if len(x1_shape) == 1:
            if x2.ndim == 2:
                return times(x2, grad)
            summed = [*range(x2.ndim - 2), x2.ndim - 1]
            return np.tensordot(x2, grad, (summed, range(grad.ndim)))
        if grad.ndim == x2.ndim == 2:
            return times(grad, x2.T)
        return grad @ transpose(x2)

    def vjp_x2(grad, x1, x2_shape, axes=None):
        if axes is not None:
            of_x1, of_x2, of_out = map(as_tuple, axes)
            inner = Matmul.vjp_x2(to_end(grad, of_out), to_end(x1, of_x1), x2_shape)
            return from_end(inner, of_x2, len(x2_shape))
        if x1.ndim == 1:
            # The summed axis is the last one of `x2` only if `x2` is a vector.
            return grad * x1 if len(x2_shape) == 1 else x1[:, np.newaxis] * grad[..., np.newaxis, :]
        if len(x2_shape) == 1:
            return times(grad, x1) if x1.ndim == 2 else np.tensordot(grad, x1, grad.ndim)
        if x1.ndim == grad.ndim == 2:
            return times(x1.T, grad)
        if len(x2_shape) == 2:
            # A single product that sums over the stack, too.
            stacked = range(x1.ndim - 1)
            return np.tensordot(x1, grad, (stacked, stacked))
        return transpose(x1) @ grad


@implements(np.matvec)
class Matvec(Operation):
    bilinear = True

    def vjp_x1(grad, x1_shape, x2, axes=((-2, -1), -1, -1)):
        of_x1, of_x2, of_out = map(as_tuple, axes)
        grad, x2 = to_end(grad, of_out), to_end(x2, of_x2)
        return from_end(grad[..., np.newaxis] * x2[..., np.newaxis, :], of_x1, len(x1_shape))

    def vjp_x2(grad, x1, x2_shape, axes=((-2, -1), -1, -1)):
        of_x1, of_x2, of_out = map(as_tuple, axes)
        grad, x1 = to_end(grad, of_out), to_end(x1, of_x1)
        return from_end(np.matvec(transpose(x1), grad), of_x2, len(x2_shape))


@implements(np.vecmat)
class Vecmat(Operation):
    bilinear = True

    def vjp_x1(grad, x1_shape, x2, axes=(-1, (-2, -1), -1)):
        of_x1, of_x2, of_out = map(as_tuple, axes)
        grad, x2 = to_end(grad, of_out), to_end(x2, of_x2)
        return from_end(conj(np.matvec(x2, grad)), of_x1, len(x1_shape))

    def vjp_x2(grad, x1, x2_shape, axes=(-1, (-2, -1), -1)):
        of_x1, of_x2, of_out = map(as_tuple, axes)
        grad, x1 = to_end(grad, of_out), to_end(x1, of_x1)
        return from_end(conj(x1)[..., np.newaxis] * grad[..., np.newaxis, :], of_x2, len(x2_shape))


def vecdot_axes(axis, axes, keepdims):
    """The core axes of the two arguments and of the result of `vecdot`, each a tuple."""
    if axes is None:
        return (axis,), (axis,), (axis,) if keepdims else ()
    of_x1, of_x2, *of_out = map(as_tuple, axes)
    if not of_out:
        of_out = [(-1,) if keepdims else ()]
    return of_x1, of_x2, of_out[0]


def with_core_axis(grad, of_out):
    """The gradient of `vecdot` with the summed axis moved to the end."""
    return to_end(grad, of_out) if of_out else grad[..., np.newaxis]


@implements(np.vecdot, np.linalg.vecdot)
class Vecdot(Operation):
    bilinear = True

    def vjp_x1(grad, x1_shape, x2, axis=-1, axes=None, keepdims=False):
        of_x1, of_x2, of_out = vecdot_axes(axis, axes, keepdims)
        product = conj(with_core_axis(grad, of_out) * to_end(x2, of_x2))
        return from_end(product, of_x1, len(x1_shape))

    def vjp_x2(grad, x1, x2_shape, axis=-1, axes=None, keepdims=False):
        of_x1, of_x2, of_out = vecdot_axes(axis, axes, keepdims)
        product = with_core_axis(grad, of_out) * conj(to_end(x1, of_x1))
        return from_end(product, of_x2, len(x2_shape))


def contraction_vjp_a(grad, a_ndim, b, a_axes, b_axes):
    """The gradient with respect to `a` of summing ``a_axes`` of `a` against ``b_axes`` of `b`."""
    kept_a = [axis for axis in range(a_ndim) if axis not in a_axes]
    kept_b = [axis for axis in range(b.ndim) if axis not in b_axes]
    product = np.tensordot(grad, b, (range(len(kept_a), grad.ndim), kept_b))
    # The summed axes are last, in the order that they have in `b`.
    order = kept_a + [a_axis for _, a_axis in sorted(zip(b_axes, a_axes, strict=True))]
    return np.transpose(product, sorted(range(a_ndim), key=order.__getitem__))


def contraction_vjp_b(grad, a, b_ndim, a_axes, b_axes):
    """The gradient with respect to `b` of summing ``a_axes`` of `a` against ``b_axes`` of `b`."""
    kept_a = [axis for axis in range(a.ndim) if axis not in a_axes]
    kept_b = [axis for axis in range(b_ndim) if axis not in b_axes]
    product = np.tensordot(a, grad, (kept_a, range(len(kept_a))))
    order = [b_axis for _, b_axis in sorted(zip(a_axes, b_axes, strict=True))] + kept_b
    return np.transpose(product, sorted(range(b_ndim), key=order.__getitem__))


@implements(np.dot)
class Dot(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b):
        if not a_shape or b.ndim == 0:
            return grad * b
        if b.ndim == 1:
            return grad[..., np.newaxis] * b
        if b.ndim == 2:
            return np.dot(grad, b.T)
        a_ndim = len(a_shape)
        return contraction_vjp_a(grad, a_ndim, b, [a_ndim - 1], [b.ndim - 2])

    def vjp_b(grad, a, b_shape):
        b_ndim = len(b_shape)
        if a.ndim == 0 or b_ndim == 0:
            return grad * a
        if a.ndim == 2 and b_ndim <= 2:
            return np.dot(a.T, grad)
        return contraction_vjp_b(grad, a, b_ndim, [a.ndim - 1], [max(b_ndim - 2, 0)])


@implements(np.inner)
class Inner(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b):
        if not a_shape or b.ndim == 0:
            return grad * b
        a_ndim = len(a_shape)
        return contraction_vjp_a(grad, a_ndim, b, [a_ndim - 1], [b.ndim - 1])

    def vjp_b(grad, a, b_shape):
        b_ndim = len(b_shape)
        if a.ndim == 0 or b_ndim == 0:
            return grad * a
        return contraction_vjp_b(grad, a, b_ndim, [a.ndim - 1], [b_ndim - 1])


@implements(np.vdot)
class Vdot(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b):
        return conj(grad * np.reshape(b, a_shape))

    def vjp_b(grad, a, b_shape):
        return grad * conj(np.reshape(a, b_shape))


@implements(np.outer)
class Outer(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b):
        return np.reshape(np.dot(grad, np.ravel(b)), a_shape)

    def vjp_b(grad, a, b_shape):
        return np.reshape(np.dot(np.ravel(a), grad), b_shape)


@implements(np.linalg.outer)
class LinalgOuter(Operation):
    bilinear = True

    def vjp_x1(grad, x2):
        return np.dot(grad, x2)

    def vjp_x2(grad, x1):
        return np.dot(x1, grad)


def contracted_axes(axes, a_ndim, b_ndim):
    """The axes that `tensordot` sums over, as lists of non-negative integers."""
    if isinstance(axes, int | np.integer):
        return list(range(a_ndim - axes, a_ndim)), list(range(axes))
    of_a, of_b = ([axes] if np.ndim(axes) == 0 else axes for axes in axes)
    return [int(axis) % a_ndim for axis in of_a], [int(axis) % b_ndim for axis in of_b]


@implements(np.tensordot)
class Tensordot(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b, axes=2):
        a_ndim = len(a_shape)
        return contraction_vjp_a(grad, a_ndim, b, *contracted_axes(axes, a_ndim, b.ndim))

    def vjp_b(grad, a, b_shape, axes=2):
        b_ndim = len(b_shape)
        return contraction_vjp_b(grad, a, b_ndim, *contracted_axes(axes, a.ndim, b_ndim))


@implements(np.linalg.tensordot)
class LinalgTensordot(Operation):
    bilinear = True

    def vjp_x1(grad, x1_shape, x2, axes=2):
        return Tensordot.vjp_a(grad, x1_shape, x2, axes)

    def vjp_x2(grad, x1, x2_shape, axes=2):
        return Tensordot.vjp_b(grad, x1, x2_shape, axes)


def kron_axes(grad, a_shape, b_shape):
    """The gradient of `kron` with the axes of both arguments interleaved, and their number."""
    ndim = max(len(a_shape), len(b_shape))
    a_shape = (1,) * (ndim - len(a_shape)) + a_shape
    b_shape = (1,) * (ndim - len(b_shape)) + b_shape
    return np.reshape(grad, [n for pair in zip(a_shape, b_shape, strict=True) for n in pair]), ndim


@implements(np.kron)
class Kron(Operation):
    bilinear = True

    def vjp_a(grad, a_shape, b):
        grad, ndim = kron_axes(grad, a_shape, b.shape)
        b = np.reshape(b, (1,) * (ndim - b.ndim) + b.shape)
        return np.reshape(np.tensordot(grad, b, (range(1, 2 * ndim, 2), range(ndim))), a_shape)

    def vjp_b(grad, a, b_shape):
        grad, ndim = kron_axes(grad, a.shape, b_shape)
        a = np.reshape(a, (1,) * (ndim - a.ndim) + a.shape)
        return np.reshape(np.tensordot(grad, a, (range(0, 2 * ndim, 2), range(ndim))), b_shape)


def in_space(x):
    """The vectors along the last axis; 2-d vectors get a third coordinate of zero."""
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros_like(x[..., :1])], -1)


def cross_grad(grad, in_plane, axis):
    """The gradient of a cross product, its vectors moved to the last axis."""
    if in_plane:
        # For 2-d vectors, NumPy returns only the third coordinate.
        zero = np.zeros_like(grad)
        return np.stack([zero, zero, grad], -1)
    return np.moveaxis(grad, axis, -1)


@implements(np.cross)
class Cross(Operation):
    def vjp_a(grad, a_shape, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
        if axis is not None:
            axisa = axisb = axisc = axis
        size, b = a_shape[axisa], np.moveaxis(b, axisb, -1)
        grad = cross_grad(grad, size == b.shape[-1] == 2, axisc)
        return from_end(np.cross(in_space(b), grad)[..., :size], (axisa,), len(a_shape))

    def vjp_b(grad, a, b_shape, axisa=-1, axisb=-1, axisc=-1, axis=None):
        if axis is not None:
            axisa = axisb = axisc = axis
        size, a = b_shape[axisb], np.moveaxis(a, axisa, -1)
        grad = cross_grad(grad, size == a.shape[-1] == 2, axisc)
        return from_end(np.cross(grad, in_space(a))[..., :size], (axisb,), len(b_shape))


@implements(np.linalg.cross)
class LinalgCross(Operation):
    def vjp_x1(grad, x1_shape, x2, axis=-1):
        return Cross.vjp_a(grad, x1_shape, x2, axis=axis)

    def vjp_x2(grad, x1, x2_shape, axis=-1):
        return Cross.vjp_b(grad, x1, x2_shape, axis=axis)


def along_diagonal(grad, shape, offset):
    """Matrices of shape ``shape[-2:]`` with ``grad`` broadcast along one diagonal."""
    diagonal = np.eye(*shape[-2:], offset, dtype=bool)
    return np.where(diagonal, grad, 0)


@implements(np.trace)
class Trace(Operation):
    selects = True

    def vjp_a(grad, a_shape, offset=0, axis1=0, axis2=1):
        matrix = (a_shape[axis1], a_shape[axis2])
        placed = along_diagonal(scaled(grad), matrix, offset)
        return from_end(placed, (axis1, axis2), len(a_shape))


@implements(np.linalg.trace)
class LinalgTrace(Operation):
    selects = True

    def vjp_x(grad, x_shape, offset=0):
        return along_diagonal(scaled(grad), x_shape, offset)


@implements(np.linalg.diagonal)
class LinalgDiagonal(Operation):
    may_view = selects = True

    def vjp_x(grad, x_shape, offset=0):
        rows = np.arange(max(-offset, 0), max(-offset, 0) + grad.shape[-1])
        placed = np.zeros_like(grad, shape=x_shape)
        placed[..., rows, rows + offset] = grad
        return placed


@implements(np.linalg.matrix_transpose)
class LinalgMatrixTranspose(Operation):
    may_view = True

    def vjp_x(grad):
        return transpose(grad)
