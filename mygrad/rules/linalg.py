"""Linear algebra: inverses, linear equations, determinants, powers.

Inverses and solutions are holomorphic functions of the matrix, so their rules use transposes
without conjugates. The pseudoinverse and least squares involve conjugates; their rules use ``bar``,
the conjugate of the gradient, as textbook formulas do.
"""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._lazy import Lazy
from mygrad.rules.matrices import (
    adjoint,
    column,
    conj,
    gradient_of_lower,
    hermitian_from_lower,
    on_diagonal,
    scaled,
    transpose,
)


@implements(np.linalg.inv)
class Inv(Operation):
    def vjp_a(grad, out):
        return inverse_grad(grad, out)


def inverse_grad(grad, inverse):
    """The gradient with respect to a matrix, given ``grad``, that of its ``inverse``."""
    inverse = transpose(inverse)
    return -(inverse @ grad @ inverse)


@implements(np.linalg.solve)
class Solve(Operation):
    differentiable = ("a", "b")

    def vjp(grad, needs, a, b_shape, out):
        if len(b_shape) == 1:
            of_b = np.linalg.solve(transpose(a), column(grad))
            return {"a": -of_b * out[..., np.newaxis, :], "b": of_b[..., 0]}
        of_b = np.linalg.solve(transpose(a), grad)
        return {"a": -of_b @ transpose(out) if "a" in needs else None, "b": of_b}


@implements(np.linalg.tensorsolve)
class Tensorsolve(Operation):
    differentiable = ("a", "b")

    def vjp(grad, needs, a, b_shape, out, axes=None):
        last = () if axes is None else tuple(axes)
        order = [axis for axis in range(a.ndim) if axis not in last] + list(last)
        matrix = np.reshape(np.transpose(a, order), (grad.size, grad.size))
        of_b = np.reshape(np.linalg.solve(transpose(matrix), np.ravel(grad)), b_shape)
        if "a" not in needs:
            return {"b": of_b}
        of_a = np.transpose(-np.tensordot(of_b, out, 0), np.argsort(order))
        return {"a": of_a, "b": of_b}


@implements(np.linalg.tensorinv)
class Tensorinv(Operation):
    def vjp_a(grad, a_shape, out):
        size = round(grad.size**0.5)
        square = (size, size)
        return np.reshape(inverse_grad(np.reshape(grad, square), np.reshape(out, square)), a_shape)


# ------------------------------------------------------------------ determinants


def regular(a, singular):
    """``a`` with the matrices where ``singular`` is true replaced by identity matrices."""
    if not np.any(singular):
        return a
    return np.where(scaled(singular), np.eye(a.shape[-1], dtype=a.dtype), a)


def cofactors(a):
    """The cofactors of square matrices, computed from their minors."""
    size = a.shape[-1]
    kept = np.array([[j for j in range(size) if j != i] for i in range(size)], int)
    minors = a[..., kept[:, np.newaxis, :, np.newaxis], kept[np.newaxis, :, np.newaxis, :]]
    odd = np.add.outer(np.arange(size), np.arange(size)) % 2
    return np.linalg.det(minors) * (1 - 2 * odd).astype(a.dtype)


@implements(np.linalg.det)
class Det(Operation):
    def vjp_a(grad, a, out):
        singular = np.equal(out, 0)
        of_regular = scaled(grad * out) * transpose(np.linalg.inv(regular(a, singular)))
        if not np.any(singular):
            return of_regular
        # Derivatives of every order are finite at singular matrices, too.
        of_singular = np.zeros_like(a)
        of_singular[singular] = cofactors(a[singular])
        return np.where(scaled(singular), scaled(grad) * of_singular, of_regular)


@implements(np.linalg.slogdet)
class Slogdet(Operation):
    def vjp_a(grad, a, out):
        of_sign, of_log = grad
        sign, _ = out
        if of_sign is not None and sign.dtype.kind == "c":
            turn = 1j * np.imag(of_sign * sign)
            total = turn if of_log is None else turn + of_log
        elif of_log is not None:
            total = of_log
        else:
            return None
        singular = np.equal(sign, 0)
        inverse = np.linalg.inv(regular(a, singular))
        # The logarithm is minus infinity and has no derivative: NaN, unless the gradient is zero.
        total = np.where(singular, np.where(np.equal(total, 0), 0, np.nan), total)
        return scaled(total) * transpose(inverse)


# ------------------------------------------------------------------ powers and chains


@implements(np.linalg.matrix_power)
class MatrixPower(Operation):
    def vjp_a(grad, a, n):
        # The upper right block of [[B, G], [0, B]]**n is the sum of all B**i G B**j, i + j = n - 1.
        size = a.shape[-1]
        base = transpose(a)
        upper = np.concatenate([base, grad], -1)
        lower = np.concatenate([np.zeros_like(base), base], -1)
        return np.linalg.matrix_power(np.concatenate([upper, lower], -2), n)[..., :size, size:]


@implements(np.linalg.multi_dot)
class MultiDot(Operation):
    def vjp_arrays(grad, arrays):
        *inner, last = arrays
        # A first vector is a row, a last vector a column.
        chain = [np.atleast_2d(array) for array in inner]
        chain.append(last if np.ndim(last) == 2 else column(last))
        grad = np.reshape(grad, (chain[0].shape[0], chain[-1].shape[1]))

        def at(position):
            before = [transpose(array) for array in chain[:position]]
            after = [transpose(array) for array in chain[position + 1 :]]
            product = np.linalg.multi_dot([*reversed(before), grad, *reversed(after)])
            return np.reshape(product, np.shape(arrays[position]))

        if isinstance(arrays, list | tuple):
            return Lazy(at)
        return np.stack([at(position) for position in range(len(chain))])


# ------------------------------------------------------------------ least squares


@implements(np.linalg.pinv)
class Pinv(Operation):
    # Golub & Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems
    # whose variables separate", SIAM J. Numer. Anal. 10 (1973), for matrices of constant rank:
    # singular values below the cutoff count as zero.
    def vjp_a(grad, a, out, hermitian=False):
        if hermitian:
            a = hermitian_from_lower(a)
        turned, inverse = transpose(grad), adjoint(out)
        bar = (turned - a @ (out @ turned)) @ out @ inverse
        bar = bar + inverse @ (out @ (turned - (turned @ out) @ a))
        bar = bar - inverse @ conj(grad) @ inverse
        return conj(gradient_of_lower(bar) if hermitian else bar)


@implements(np.linalg.lstsq)
class Lstsq(Operation):
    differentiable = ("a", "b")

    def vjp(grad, needs, a, b, out, rcond=None):
        of_x, of_residuals, _, of_s = grad
        x, b_shape = out[0], b.shape
        if b.ndim == 1:
            b, x = column(b), column(x)
        residual = b - a @ x
        bars_a, bars_b = [], []
        if of_x is not None:
            inverse, bar_x = np.linalg.pinv(a, cutoff(rcond, a)), np.reshape(conj(of_x), x.shape)
            bar_b = adjoint(inverse) @ bar_x
            bars_b.append(bar_b)
            bars_a.append(residual @ adjoint(inverse @ bar_b) - bar_b @ adjoint(x))
            # With more unknowns than equations, the solution is the one of minimal norm.
            unseen = bar_x - inverse @ (a @ bar_x)
            bars_a.append(adjoint(inverse) @ x @ adjoint(unseen))
        if of_residuals is not None and of_residuals.size:
            bar_b = 2 * residual * of_residuals
            bars_b.append(bar_b)
            bars_a.append(-bar_b @ adjoint(x))
        if of_s is not None and "a" in needs:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            bars_a.append(u @ on_diagonal(of_s) @ vh)
        return {
            "a": conj(sum(bars_a)) if bars_a else None,
            "b": np.reshape(conj(sum(bars_b)), b_shape) if bars_b else None,
        }


def cutoff(rcond, a):
    """The value that `lstsq` uses for its ``rcond``; it always computes in double precision."""
    if rcond is None:
        return np.finfo(np.float64).eps * max(a.shape)
    return np.finfo(np.float64).eps if rcond == -1 else rcond
