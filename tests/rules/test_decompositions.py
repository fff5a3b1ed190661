import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

MAKERS = [normal, complex_normal]
RECTANGLES = [(3, 2), (2, 3), (2, 2), (2, 2, 1), (2, 1, 3)]


def positive_definite(make, *shape):
    a = make(*shape)
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])


# Vectors are unique up to a phase; these functions do not depend on it.


def adjoint(a):
    return np.conj(np.swapaxes(a, -1, -2))


def projections(u):
    """The projections onto the columns of ``u``."""
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
    v = np.swapaxes(vh, -1, -2)[..., :size]
    pairs = u[..., :, np.newaxis, :size] * v[..., np.newaxis, :, :]
    return s, pairs, projections(u[..., :size]), projections(v)


def completions(a):
    """The projections onto the columns that `svd` adds to complete a basis."""
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


def test_cholesky_reads_one_triangle():
    a = positive_definite(normal, 3, 3)
    for upper in (False, True):
        x = mg.tensor(a)
        np.sum(np.linalg.cholesky(x, upper=upper)).backward()
        assert not np.any(np.tril(x.grad, -1) if upper else np.triu(x.grad, 1))


def test_eigh_reads_the_triangle_that_is_named():
    # HIPS/autograd#612
    a = normal(3, 3)
    for uplo, other in (("L", np.triu), ("U", np.tril), ("u", np.tril)):
        x = mg.tensor(a)
        np.sum(np.linalg.eigh(x, uplo)[0] ** 2).backward()
        lower = np.tril(a) if uplo == "L" else np.triu(a)
        np.testing.assert_allclose(x.grad, 4 * lower - 2 * np.diag(np.diag(a)), atol=1e-12)
        assert not np.any(other(x.grad, 1 if uplo == "L" else -1))


@pytest.mark.parametrize("outputs", [[0], [1], [2], [0, 1], [0, 2], [1, 2]])
@pytest.mark.parametrize("hermitian", [False, True])
def test_unused_outputs_of_svd_contribute_nothing(outputs, hermitian):
    a, weights = positive_definite(normal, 3, 3), normal(3, 3)
    x, y = mg.tensor(a), mg.tensor(a)
    factors = np.linalg.svd(x, hermitian=hermitian)
    sum(np.sum(weights * factors[i]) for i in outputs).backward()
    factors = np.linalg.svd(y, hermitian=hermitian)
    sum(np.sum((i in outputs) * weights * factors[i]) for i in range(3)).backward()
    np.testing.assert_allclose(x.grad, y.grad)


@pytest.mark.parametrize("name", ["eigh", "eig", "qr"])
@pytest.mark.parametrize("output", [0, 1])
def test_unused_outputs_contribute_nothing(name, output):
    a, weights = positive_definite(normal, 3, 3), normal(3, 3)
    x, y = mg.tensor(a), mg.tensor(a)
    np.sum(weights * getattr(np.linalg, name)(x)[output]).backward()
    outputs = getattr(np.linalg, name)(y)
    (np.sum(weights * outputs[output]) + np.sum(0 * outputs[1 - output])).backward()
    np.testing.assert_allclose(x.grad, y.grad)


def test_results_are_numpys_named_tuples():
    x = mg.tensor(positive_definite(normal, 2, 2))
    assert np.linalg.eigh(x)._fields == ("eigenvalues", "eigenvectors")
    assert np.linalg.svd(x)._fields == ("U", "S", "Vh")
    assert np.linalg.qr(x)._fields == ("Q", "R")


@pytest.mark.parametrize("a", [np.eye(3), np.diag([1.0, 1, 2]), np.zeros((3, 3))])
def test_multiple_eigenvalues(a):
    """Gradients of functions of the spectrum and of whole eigenspaces are correct and finite."""
    x = mg.tensor(a)
    np.sum(np.linalg.eigh(x)[0] ** 3).backward()
    np.testing.assert_allclose(x.grad, 3 * a @ a)
    w, v = np.linalg.eigh(x)
    space = v[:, :2] if w.data[2] > w.data[1] else v
    np.sum(normal(3, 3) * (space @ space.T)).backward()
    assert np.all(np.isfinite(x.grad))
    if space is v:
        np.testing.assert_allclose(x.grad, 0, atol=1e-14)


def test_projection_on_the_space_of_a_multiple_eigenvalue():
    weights = normal(3, 3)

    def loss(a):
        v = np.linalg.eigh(a)[1][:, :2]
        return np.sum(weights * (v @ v.T))

    a, step = np.diag([1.0, 1, 3]), 1e-6
    x = mg.tensor(a)
    loss(x).backward()
    expected = np.zeros((3, 3))
    for i, j in np.ndindex(3, 3):
        change = np.zeros((3, 3))
        change[i, j] = step
        expected[i, j] = (loss(a + change) - loss(a - change)) / (2 * step)
    np.testing.assert_allclose(x.grad, expected, atol=1e-8)


def test_equal_singular_values():
    rotation = np.linalg.qr(normal(3, 3)).Q
    x = mg.tensor(rotation)
    np.sum(np.linalg.svdvals(x)).backward()
    np.testing.assert_allclose(x.grad, rotation)
    weights = normal(3, 3)
    np.sum(weights * polar(x)).backward()
    # The nearest rotation to R(1 + E) is R(1 + (E - E.T) / 2).
    turn = rotation.T @ weights
    np.testing.assert_allclose(x.grad, rotation @ (turn - turn.T) / 2)


def test_singular_values_at_zero():
    x = mg.tensor(np.zeros((2, 3)))
    np.sum(np.linalg.svdvals(x)).backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))


def test_eigenvalues_of_a_large_matrix():
    """LAPACK lists them in another order when it also computes vectors."""
    random = np.random.default_rng(0)
    a, change = random.normal(size=(2, 160, 160))
    assert not np.allclose(np.linalg.eigvals(a), np.linalg.eig(a).eigenvalues)
    for largest in (np.argmax, np.argmin):
        x = mg.tensor(a)
        w = np.linalg.eigvals(x)
        np.real(w[largest(np.real(w))]).backward()
        ahead, behind = (np.linalg.eigvals(a + step * change).real for step in (1e-6, -1e-6))
        moved = ahead[largest(ahead)] - behind[largest(behind)]
        np.testing.assert_allclose(np.sum(x.grad * change), moved / 2e-6, rtol=1e-5)


def test_raw_reflections_of_a_triangular_matrix():
    """A column that is already reduced is not reflected."""
    x = mg.tensor(np.array([[2.0, 1], [0, 3]]))
    h, tau = np.linalg.qr(x, "raw")
    np.testing.assert_array_equal(tau, [0, 0])
    np.sum(h).backward()
    assert np.all(np.isfinite(x.grad))
