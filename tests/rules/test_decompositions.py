import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

MAKERS = [normal, complex_normal]
RECTANGLES = [(3, 2), (2, 3), (2, 2), (2, 2, 1), (2, 1, 3)]


def positive_definite(make, *shape):
    a = make(*shape)
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])


# Vectors are known up to a phase: these functions do not depend on it.


def adjoint(a):
    return np.conj(np.swapaxes(a, -1, -2))


def projections(u):
    """The projection on each column of ``u``."""
    return u[..., :, np.newaxis, :] * np.conj(u[..., np.newaxis, :, :])


def eigh(a, uplo="L"):
    w, v = np.linalg.eigh(a, uplo)
    return w, projections(v)


def eigenprojections(a):
    return projections(np.linalg.eigh(a)[1])


def eig(a):
    w, v = np.linalg.eig(a)
    return w, projections(v)


def eigenvectors(a):
    return np.linalg.eig(a).eigenvectors


def svd(a, full_matrices=False, hermitian=False):
    u, s, vh = np.linalg.svd(a, full_matrices, hermitian=hermitian)
    size = s.shape[-1]
    pairs = u[..., :, np.newaxis, :size] * np.swapaxes(vh[..., :size, np.newaxis, :], -3, -1)
    return s, pairs, projections(u[..., :size]), projections(adjoint(vh)[..., :size])


def completions(a):
    """The projections on the columns that `svd` adds to complete a basis."""
    u, s, vh = np.linalg.svd(a)
    rest_u, rest_v = u[..., s.shape[-1] :], adjoint(vh)[..., s.shape[-1] :]
    return rest_u @ adjoint(rest_u), rest_v @ adjoint(rest_v)


def polar(a):
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh


def left_singular(a):
    return projections(np.linalg.svd(a, full_matrices=False)[0])


def right_singular(a):
    return projections(adjoint(np.linalg.svd(a, full_matrices=False)[2]))


def complete_qr(a):
    q, r = np.linalg.qr(a, "complete")
    size = min(a.shape[-2:])
    return q[..., :size], r, q[..., size:] @ adjoint(q[..., size:])


def q_of(a):
    return np.linalg.qr(a).Q


def r_of(a):
    return np.linalg.qr(a, "complete").R


SAMPLES = [
    *(
        Sample(np.linalg.cholesky, positive_definite(make, *shape), upper=upper)
        for make in MAKERS
        for shape in [(3, 3), (2, 2, 2), (1, 1)]
        for upper in (False, True)
    ),
    Sample(np.linalg.cholesky, normal(0, 0)),
    *(
        Sample(np.linalg.qr, make(*shape), mode)
        for make in MAKERS
        for shape in RECTANGLES
        for mode in ("reduced", "r", "raw")
    ),
    *(
        Sample(function, make(*shape))
        for function in (complete_qr, q_of, r_of)
        for make in MAKERS
        for shape in [(3, 2), (2, 3)]
    ),
    *(
        Sample(function, make(2, 2), uplo)
        for function in (eigh, np.linalg.eigvalsh)
        for make in MAKERS
        for uplo in ("L", "U")
    ),
    *(
        Sample(function, make(*shape))
        for function in (eigh, eigenprojections, np.linalg.eigvalsh)
        for make in MAKERS
        for shape in [(3, 3), (2, 2, 2), (1, 1)]
    ),
    Sample(np.linalg.eigh, normal(3, 3)),
    *(
        Sample(function, make(*shape))
        for function in (eig, np.linalg.eigvals)
        for make in MAKERS
        for shape in [(3, 3), (2, 2, 2), (1, 1)]
    ),
    *(Sample(eigenvectors, make(3, 3)) for make in MAKERS),
    Sample(np.linalg.eig, positive_definite(normal, 2, 2)),
    *(Sample(svd, make(*shape)) for make in MAKERS for shape in RECTANGLES),
    *(Sample(svd, make(*shape), True) for make in MAKERS for shape in RECTANGLES[:2]),
    *(Sample(svd, make(3, 3), hermitian=True) for make in MAKERS),
    *(
        Sample(function, make(*shape))
        for function in (completions, polar, left_singular, right_singular)
        for make in MAKERS
        for shape in [(3, 2), (2, 3)]
    ),
    Sample(np.linalg.svd, normal(3, 2), False),
    *(Sample(np.linalg.svd, make(3, 2), compute_uv=False) for make in MAKERS),
    *(Sample(np.linalg.svd, make(2, 2), compute_uv=False, hermitian=True) for make in MAKERS),
    *(Sample(np.linalg.svdvals, make(*shape)) for make in MAKERS for shape in RECTANGLES),
]
TestSamples = generic_checks(SAMPLES)
