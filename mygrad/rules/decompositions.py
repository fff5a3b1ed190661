"""Matrix decompositions and spectra.

Eigenvectors and singular vectors are unique only up to a phase, and those of a repeated eigenvalue
only up to a rotation of its eigenspace. Gradients are correct for losses that do not depend on
these choices; those of `eig` follow LAPACK's normalization. Where two eigenvalues (or singular
values) agree up to rounding, their vectors have no derivative, and the component that rotates one
into the other is set to 0. That is correct for losses that depend only on the spectrum and on whole
eigenspaces. It is wrong for other losses, such as a matrix function applied to the eigenvalues of a
multiple of the identity, and for second derivatives at such matrices.

`cholesky` and `eigh` read one triangle, so only that triangle has a gradient.

The formulas are the textbook ones, which use the conjugate of the gradient, here called ``bar``.
For real matrices, see Giles, "An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation" (2008).
"""

import math

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules.matrices import (
    adjoint,
    conj,
    gradient_of_lower,
    halved_lower,
    on_diagonal,
    transpose,
)


def reciprocal(x, spectrum):
    """``1 / x``, or 0 where ``x``, computed from a ``spectrum``, is zero up to rounding."""
    largest = np.max(np.abs(spectrum), -1, keepdims=True, initial=0)[..., np.newaxis]
    rounding = spectrum.shape[-1] * np.finfo(spectrum.dtype).eps * largest
    zero = np.abs(x) <= rounding
    return np.where(zero, 0, 1 / np.where(zero, 1, x))


def gaps(spectrum):
    """The matrix of all differences ``s[j] - s[i]``."""
    return spectrum[..., np.newaxis, :] - spectrum[..., :, np.newaxis]


# ------------------------------------------------------------------ triangular factors


@implements(np.linalg.cholesky)
class Cholesky(Operation):
    """Only the triangle that is read gets a gradient."""

    def vjp_a(grad, out, upper=False):
        lower, bar = (adjoint(out), transpose(grad)) if upper else (out, conj(grad))
        turned = adjoint(lower)
        # The matrix changes by L dM L^H, where the lower half of dM is L^-1 dL.
        bar = np.linalg.solve(turned, halved_lower(turned @ bar))
        bar = gradient_of_lower(adjoint(np.linalg.solve(turned, adjoint(bar))))
        return transpose(bar) if upper else conj(bar)


@implements(np.linalg.qr)
class QR(Operation):
    def vjp_a(grad, a, out, mode="reduced"):
        if mode == "r":
            q, r = np.linalg.qr(a)
            return qr_grad(a, q, r, None, grad)
        if mode == "raw":
            return householder_grad(a, *grad)
        (q, r), (of_q, of_r) = out, grad
        size = a.shape[-1]
        if mode == "complete" and q.shape[-1] > size:
            first, rest = q[..., :size], q[..., size:]
            if of_q is not None:
                # The columns that complete the basis rotate with those that the matrix determines.
                turned = conj(rest @ transpose(of_q[..., size:]) @ first)
                of_q = of_q[..., :size] - turned
            of_r = None if of_r is None else of_r[..., :size, :]
            q, r = first, r[..., :size, :]
        return qr_grad(a, q, r, of_q, of_r)


def qr_grad(a, q, r, of_q, of_r):
    """The gradient with respect to ``a = q @ r``, where ``q`` is square or tall."""
    rows, columns = a.shape[-2:]
    if of_q is None and of_r is None:
        return None
    bar_q = np.zeros_like(q) if of_q is None else conj(of_q)
    bar_r = np.zeros_like(r) if of_r is None else conj(of_r)
    if rows >= columns:
        return conj(tall_qr_bar(q, r, bar_q, bar_r))
    # The first columns determine q; the rest of r is q^H times the remaining columns.
    bar_rest = bar_r[..., rows:]
    bar_q = bar_q + a[..., rows:] @ adjoint(bar_rest)
    bar = tall_qr_bar(q, r[..., :rows], bar_q, bar_r[..., :rows])
    return conj(np.concatenate([bar, q @ bar_rest], -1))


def tall_qr_bar(q, r, bar_q, bar_r):
    """The conjugate gradient with respect to ``q @ r``, where ``r`` is square."""
    of_r, of_q = bar_r @ adjoint(r), adjoint(q) @ bar_q
    turn = of_q - of_r
    # q changes by a skew-Hermitian rotation, and the diagonal of r stays real.
    middle = of_r - of_q + np.tril(turn - adjoint(turn), -1)
    if q.dtype.kind == "c":
        middle = middle + 1j * np.eye(q.shape[-1]) * np.imag(turn)
    bar = bar_q + q @ middle
    return adjoint(np.linalg.solve(r, adjoint(bar)))


def householder_grad(a, of_h, of_tau):
    """The gradient with respect to ``a`` of the Householder reflections of LAPACK's geqrf.

    Each reflection ``1 - tau v v^H``, ``v[0] = 1``, maps the first column ``x`` of the remaining
    matrix to a multiple ``beta`` of the first unit vector.
    """
    steps = min(a.shape[-2:])
    bar_h = np.zeros_like(a) if of_h is None else conj(transpose(of_h))
    bar_tau = np.zeros_like(a[..., 0, :steps]) if of_tau is None else conj(of_tau)
    reflections, left = [], a
    for _ in range(steps):
        x, rest = left[..., :1], left[..., 1:]
        v, tau, beta = reflection(x)
        reflections.append((x, rest, v, tau, beta))
        left = (rest - conj(tau) * v @ (adjoint(v) @ rest))[..., 1:, :]
    bar_left = bar_h[..., steps:, steps:]
    for step, (x, rest, v, tau, beta) in reversed(list(enumerate(reflections))):
        bar_rest = np.concatenate([bar_h[..., step : step + 1, step + 1 :], bar_left], -2)
        bar_v = bar_h[..., step:, step : step + 1] - tau * (bar_rest @ (adjoint(rest) @ v))
        bar_v = bar_v - conj(tau) * (rest @ (adjoint(bar_rest) @ v))
        moved = np.sum(conj(bar_rest) * (v @ (adjoint(v) @ rest)), (-2, -1), keepdims=True)
        bar_t = bar_tau[..., step, np.newaxis, np.newaxis] - moved
        bar_beta = np.real(bar_h[..., step : step + 1, step : step + 1])
        bar_x = reflection_bar(x, v, tau, beta, bar_v[..., 1:, :], bar_t, bar_beta)
        bar_left = np.concatenate([bar_x, bar_rest - tau * v @ (adjoint(v) @ bar_rest)], -1)
    return conj(bar_left)


def reflection(x):
    """``v``, ``tau`` and ``beta`` of the reflection of the column ``x``."""
    alpha, tail = x[..., :1, :], x[..., 1:, :]
    length = np.sqrt(np.sum(np.real(conj(x) * x), -2, keepdims=True))
    done = np.all(tail == 0, -2, keepdims=True) & (np.imag(alpha) == 0)
    beta = np.where(done, np.real(alpha), np.where(np.real(alpha) < 0, length, -length))
    tail = tail / np.where(done, 1, alpha - beta)
    tau = np.where(done, 0, (beta - alpha) / np.where(done, 1, beta))
    return np.concatenate([np.ones_like(alpha), tail], -2), tau, beta


def reflection_bar(x, v, tau, beta, bar_tail, bar_tau, bar_beta):
    """The conjugate gradient with respect to the reflected column ``x``."""
    done = tau == 0
    alpha, tail = x[..., :1, :], v[..., 1:, :]
    down = conj(np.where(done, 1, alpha - beta))
    bar_alpha = np.sum(conj(tail) * bar_tail, -2, keepdims=True) / down
    beta = np.where(done, 1, beta)
    total = bar_beta + np.real(bar_alpha) + np.real(conj(bar_tau) * alpha) / beta**2
    parts = [-bar_alpha - bar_tau / beta, bar_tail / down]
    pulled = np.concatenate(parts, -2) + total * x / beta
    kept = np.concatenate([bar_beta, np.zeros_like(bar_tail)], -2)
    return np.where(done, kept, pulled)


# ------------------------------------------------------------------ Hermitian matrices


@implements(np.linalg.eigh)
class Eigh(Operation):
    """Only the triangle that is read gets a gradient.

    Eigenvectors of a repeated eigenvalue are treated as fixed within their space.
    """

    def vjp_a(grad, out, UPLO="L"):
        return eigh_grad(*grad, *out, UPLO)


@implements(np.linalg.eigvalsh)
class Eigvalsh(Operation):
    """Only the triangle that is read gets a gradient."""

    def vjp_a(grad, a, UPLO="L"):
        w, v = np.linalg.eigh(a, UPLO)
        return eigh_grad(grad, None, w, v, UPLO)


def eigh_grad(of_w, of_v, w, v, UPLO="L"):
    """The gradient with respect to the triangle ``UPLO`` of a Hermitian matrix."""
    middle = 0 if of_w is None else on_diagonal(of_w)
    if of_v is not None:
        middle = middle + reciprocal(gaps(w), w) * (adjoint(v) @ conj(of_v))
    bar = gradient_of_lower(v @ middle @ adjoint(v))
    return conj(bar) if UPLO.upper() == "L" else transpose(bar)


# ------------------------------------------------------------------ singular values


@implements(np.linalg.svd)
class SVD(Operation):
    """Singular vectors of a repeated singular value are treated as fixed within their space."""

    def vjp_a(grad, a, out, full_matrices=True, compute_uv=True, hermitian=False):
        if compute_uv:
            (of_u, of_s, of_vh), (u, s, vh) = grad, out
        else:
            of_u, of_s, of_vh = None, grad, None
            u, s, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
        if hermitian:
            return hermitian_svd_grad(of_u, of_s, of_vh, u, s, vh)
        if compute_uv and full_matrices:
            size = s.shape[-1]
            u, of_u = reduced(u, of_u, size)
            v, of_v = reduced(transpose(vh), None if of_vh is None else transpose(of_vh), size)
            vh, of_vh = transpose(v), None if of_v is None else transpose(of_v)
        return svd_grad(of_u, of_s, of_vh, u, s, vh)


@implements(np.linalg.svdvals)
class Svdvals(Operation):
    def vjp_x(grad, x):
        return svd_grad(None, grad, None, *np.linalg.svd(x, full_matrices=False))


def reduced(u, of_u, size):
    """The first ``size`` columns of a unitary matrix, and the gradient with respect to them.

    The other columns only complete the basis, and rotate with the first ones.
    """
    first, rest = u[..., :size], u[..., size:]
    if of_u is None or u.shape[-1] == size:
        return first, of_u
    turned = conj(rest @ transpose(of_u[..., size:]) @ first)
    return first, of_u[..., :size] - turned


def svd_grad(of_u, of_s, of_vh, u, s, vh):
    """The gradient with respect to ``u @ diag(s) @ vh``, given those of the factors (or None)."""
    # A singular value, like an absolute value, has a kink at zero.
    middle = 0 if of_s is None else on_diagonal(np.where(s == 0, 0, of_s))
    if of_u is None and of_vh is None:
        return None if of_s is None else conj(u) @ middle @ conj(vh)
    v = adjoint(vh)
    turn_u = turn_v = 0
    rest = 0
    inverse = reciprocal(s[..., np.newaxis], s)
    if of_u is not None:
        bar_u = conj(of_u)
        inside = adjoint(u) @ bar_u
        turn_u = inside - adjoint(inside)
        if u.shape[-2] > u.shape[-1]:
            rest = (bar_u - u @ inside) @ (inverse * vh)
    if of_vh is not None:
        bar_v = transpose(of_vh)
        inside = vh @ bar_v
        turn_v = inside - adjoint(inside)
        if v.shape[-2] > v.shape[-1]:
            rest = rest + (u * transpose(inverse)) @ adjoint(bar_v - v @ inside)
    # In this form a loss that depends only on u @ vh never divides by a gap.
    sums = s[..., np.newaxis, :] + s[..., :, np.newaxis]
    middle = middle + reciprocal(gaps(s), s) * (turn_u + turn_v) / 2
    middle = middle + reciprocal(sums, s) * (turn_u - turn_v) / 2
    return conj(u @ middle @ vh + rest)


def hermitian_svd_grad(of_u, of_s, of_vh, u, s, vh):
    """As `svd_grad`, for a Hermitian matrix: its singular values are ``abs(eigenvalues)``."""
    sign = np.sign(np.sum(np.real(u * transpose(vh)), -2))
    of_w = None if of_s is None else of_s * sign
    of_v = of_u
    if of_vh is not None:
        turned = adjoint(of_vh) * sign[..., np.newaxis, :]
        of_v = turned if of_u is None else of_u + turned
    return eigh_grad(of_w, of_v, s * sign, u)


# ------------------------------------------------------------------ eigenvalues of general matrices


@implements(np.linalg.eig)
class Eig(Operation):
    """Eigenvectors of a repeated eigenvalue are treated as fixed within their space."""

    def vjp_a(grad, out):
        of_w, of_v = grad
        w, v = out
        middle = 0 if of_w is None else on_diagonal(of_w)
        if of_v is not None:
            of_turn = transpose(v) @ normalized_grad(of_v, v)
            middle = middle + reciprocal(gaps(w), w) * of_turn
        return eigenvector_frame(v, middle)


@implements(np.linalg.eigvals)
class Eigvals(Operation):
    def vjp_a(grad, a, out):
        w, v = np.linalg.eig(a)
        # For a large matrix, LAPACK orders the eigenvalues differently when it also computes
        # vectors.
        here, there = order_in_plane(out), order_in_plane(w)
        grad = np.take_along_axis(grad, np.take_along_axis(here, np.argsort(there, -1), -1), -1)
        return eigenvector_frame(v, on_diagonal(grad))


def order_in_plane(w):
    """Indices that sort complex numbers along a direction in which ties are unlikely."""
    return np.argsort(np.real(w) + (math.sqrt(2) - 1) * np.imag(w), -1, stable=True)


def eigenvector_frame(v, middle):
    """``middle``, transformed from the basis of the eigenvectors to the standard basis."""
    return np.linalg.solve(transpose(v), middle @ transpose(v))


def normalized_grad(of_v, v):
    """The gradient with respect to the eigenvectors before normalization.

    Normalized eigenvectors have length one and a real largest entry.
    """
    along = np.sum(of_v * v, -2, keepdims=True)
    of_v = of_v - np.real(along) * conj(v)
    if v.dtype.kind != "c":
        return of_v
    sizes = np.where(np.imag(v) == 0, np.abs(v), -1)
    largest = np.argmax(sizes, -2)[..., np.newaxis, :] == np.arange(v.shape[-2])[:, np.newaxis]
    real = np.sum(np.where(largest, np.real(v), 0), -2, keepdims=True)
    return of_v - 1j * np.where(largest, np.imag(along) / real, 0)
