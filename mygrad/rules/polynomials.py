"""Polynomials as coefficients, highest power first; the functions of ``numpy.lib.scimath``."""

import math

import numpy as np
from numpy.lib import scimath

from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import composed, implements
from mygrad.rules._axes import silence

# ------------------------------------------------------------------ arithmetic


def lowest(grad, shape):
    """The lowest coefficients of ``grad``, as many as fill ``shape``."""
    return np.reshape(grad[len(grad) - math.prod(shape) :], shape)


def filled(grad, size):
    """``grad`` zero-padded or truncated at the highest coefficients to length ``size``."""
    missing = size - len(grad)
    if missing <= 0:
        return grad[-missing:]
    return np.concatenate([np.zeros(missing, grad.dtype), grad])


@implements(np.polyadd)
class Polyadd(Operation):
    def vjp_a1(grad, a1_shape):
        return lowest(grad, a1_shape)

    def vjp_a2(grad, a2_shape):
        return lowest(grad, a2_shape)


@implements(np.polysub)
class Polysub(Operation):
    def vjp_a1(grad, a1_shape):
        return lowest(grad, a1_shape)

    def vjp_a2(grad, a2_shape):
        return -lowest(grad, a2_shape)


def factor_grad(grad, other):
    """The gradient of one factor of a product of polynomials, given the ``other`` factor."""
    return np.convolve(grad, other[::-1], "valid")


def without_leading_zeros(p):
    """The coefficients from the first nonzero one on; at least the constant term."""
    p = np.atleast_1d(p)
    return p[min(int(np.argmax(p != 0)) if np.any(p != 0) else len(p), len(p) - 1) :]


@implements(np.polymul)
class Polymul(Operation):
    def vjp_a1(grad, a1_shape, a2):
        of_a1 = factor_grad(grad, without_leading_zeros(a2))
        return np.reshape(filled(of_a1, math.prod(a1_shape)), a1_shape)

    def vjp_a2(grad, a1, a2_shape):
        return Polymul.vjp_a1(grad, a2_shape, a1)


@implements(np.polydiv)
class Polydiv(Operation):
    differentiable = ("u", "v")

    def vjp(grad, needs, u_shape, v, out):
        # By u = q v + r, the leading coefficients of du - q dv determine dq, the others dr.
        of_q, of_r = grad
        q, (size,) = out[0], u_shape or (1,)
        v = np.atleast_1d(v)
        low = len(v) - 1
        if size <= low:
            return {} if of_r is None else {"u": np.reshape(filled(of_r, size), u_shape)}
        of_low = np.zeros(low, q.dtype) if of_r is None else filled(of_r, low)
        of_lead = -factor_grad(filled(of_low, size), v)
        if of_q is not None:
            of_lead = of_lead + of_q
        # A triangular system whose rows are shifted copies of v: long division of power series.
        series = np.concatenate([of_lead[::-1], np.zeros(low, of_lead.dtype)])
        of_u = np.concatenate([np.polydiv(series, v)[0][::-1], of_low])
        return {
            "u": np.reshape(of_u, u_shape),
            "v": -factor_grad(of_u, q) if "v" in needs else None,
        }


# ------------------------------------------------------------------ calculus


def in_common(a, b):
    """``a`` in the result type of ``a`` and ``b``: products of small integers would wrap around."""
    dtype = np.result_type(a.dtype, b.dtype)
    return a if a.dtype == dtype else a.astype(dtype)


@implements(np.polyval)
class Polyval(Operation):
    def vjp_p(grad, p_shape, x):
        size, *inner = p_shape
        powers = np.vander(np.ravel(in_common(x, grad)), size)
        if not inner:
            return np.dot(np.ravel(grad), powers)
        powers = np.reshape(powers.T, (size, *(1,) * (grad.ndim - x.ndim), *x.shape))
        return np.sum(grad * powers, tuple(range(1, 1 + grad.ndim - len(inner))))

    def vjp_x(grad, p, x):
        p = in_common(p, x)
        powers = np.arange(len(p) - 1, 0, -1, dtype=p.dtype)
        slopes = p[:-1] * np.reshape(powers, (-1, *(1,) * (p.ndim - 1)))
        return silence(grad, grad * np.polyval(slopes, x))


def falling(size, m):
    """The integer factors of the ``size`` highest coefficients in the ``m``-th derivative."""
    return [math.perm(power, m) for power in range(size + m - 1, m - 1, -1)]


@implements(np.polyder)
class Polyder(Operation):
    def vjp_p(grad, p_shape, m=1):
        scaled = grad * np.array(falling(len(grad), m), grad.dtype)
        return np.concatenate([scaled, np.zeros(p_shape[0] - len(grad), grad.dtype)])


@implements(np.polyint)
class Polyint(Operation):
    def vjp_p(grad, p_shape, m=1):
        size = math.prod(p_shape)
        return np.reshape(grad[:size] / np.array(falling(size, m), grad.dtype), p_shape)

    def vjp_k(grad, m=1):
        # Each constant is integrated once for each constant after it.
        orders = [math.factorial(power) for power in range(m - 1, -1, -1)]
        return grad[len(grad) - m :] / np.array(orders, grad.dtype)


# ------------------------------------------------------------------ roots and fits


@composed(np.poly)
def poly(seq_of_zeros):
    zeros = np.linalg.eigvals(seq_of_zeros) if seq_of_zeros.ndim == 2 else seq_of_zeros
    zeros = np.atleast_1d(zeros)
    coefficients = one = np.ones_like(zeros, shape=1)
    for position in range(len(zeros)):
        factor = np.concatenate([one, -zeros[position : position + 1]])
        coefficients = np.convolve(coefficients, factor)
    return coefficients


@implements(np.roots)
class Roots(Operation):
    def vjp_p(grad, p, out):
        # By differentiating p(r) = 0. A multiple root has no derivative.
        slope = Polyval.vjp_x(1, p, out)
        return -np.dot(silence(grad, grad / slope), np.vander(out, len(p)))


@composed(np.polyfit, but=("deg", "rcond", "full", "cov"))
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    x, y = np.add(x, 0.0), np.add(y, 0.0)
    left = np.vander(x, deg + 1)
    if rcond is None:
        rcond = len(left) * np.finfo(x.dtype).eps
    right = y
    if w is not None:
        w = np.add(w, 0.0)
        left = left * np.reshape(w, (-1, 1))
        right = right * (w if y.ndim == 1 else np.reshape(w, (-1, 1)))
    scale = np.sqrt(np.sum(left * left, 0))
    left = left / scale
    c, residuals, rank, s = np.linalg.lstsq(left, right, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if not cov:
        return c
    covariance = np.linalg.inv(np.dot(left.T, left)) / np.outer(scale, scale)
    if cov == "unscaled":
        return c, covariance
    factor = residuals / (len(left) - deg - 1)
    return c, covariance * factor if y.ndim == 1 else covariance[..., np.newaxis] * factor


# ------------------------------------------------------------------ numpy.lib.scimath


@implements(scimath.sqrt)
class ComplexSqrt(Elementwise):
    def vjp_x(grad, out):
        return grad / (2 * out)


@implements(scimath.log)
class ComplexLog(Elementwise):
    def vjp_x(grad, x):
        return grad / x


@implements(scimath.log2)
class ComplexLog2(Elementwise):
    def vjp_x(grad, x):
        return grad / (x * math.log(2))


@implements(scimath.log10)
class ComplexLog10(Elementwise):
    def vjp_x(grad, x):
        return grad / (x * math.log(10))


@implements(scimath.logn)
class ComplexLogn(Elementwise):
    def vjp_n(grad, n, out):
        return -grad * out / (n * scimath.log(n))

    def vjp_x(grad, n, x):
        return grad / (x * scimath.log(n))


@implements(scimath.power)
class ComplexPower(Elementwise):
    def vjp_x(grad, x, p):
        # 1.0: a small integer minus 1 might wrap around.
        return grad * p * scimath.power(x, np.where(np.equal(p, 0), 1, p - 1.0))

    def vjp_p(grad, x, out):
        zero = np.equal(x, 0)
        # 1.0: NumPy computes logarithms of small integers in half precision.
        return np.where(zero, 0, grad * out * scimath.log(np.where(zero, 1.0, x)))


def leg(x, out):
    """``sqrt(1 - x**2)``, correct also on the branch cuts beyond 1 and -1."""
    if out.dtype.kind != "c":
        return np.sqrt(1 - x * x)
    # On the cuts NumPy uses an imaginary part of +0, which a subtraction from 1 would lose.
    x = x + 0j
    return np.sqrt(-(x * x - 1))


@implements(scimath.arccos)
class ComplexArccos(Elementwise):
    def vjp_x(grad, x, out):
        return -grad / leg(x, out)


@implements(scimath.arcsin)
class ComplexArcsin(Elementwise):
    def vjp_x(grad, x, out):
        return grad / leg(x, out)


@implements(scimath.arctanh)
class ComplexArctanh(Elementwise):
    def vjp_x(grad, x):
        return grad / (1 - x**2)
