import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

MAKERS = [normal, complex_normal]
SQUARES = [(3, 3), (2, 2, 2), (1, 1), (1, 2, 1, 1)]
SOLVES = [
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((2, 2, 2), (2,)),
    ((2, 2, 2), (3, 1, 2, 1)),
    ((2, 2), (2, 2)),
]
CHAINS = [
    [(2, 3), (3, 2)],
    [(3,), (3, 2)],
    [(2, 3), (3,)],
    [(3,), (3,)],
    [(2, 3), (3, 1), (1, 2)],
    [(3,), (3, 2), (2, 1), (1,)],
    [(2, 2), (2, 2), (2, 3), (3, 2)],
]
FITS = [((4, 2), (4,)), ((4, 2), (4, 2)), ((2, 3), (2,)), ((2, 3), (2, 2)), ((2, 2), (2, 1))]


def hermitian(a):
    return a + np.conj(np.swapaxes(a, -1, -2))


def solution(a, b):
    """The first two outputs of lstsq: the rank has no derivative."""
    return np.linalg.lstsq(a, b, rcond=None)[:2]


def of_low_rank(a, b):
    return np.linalg.pinv(a @ b, 1e-6)


def hermitian_pinv(a):
    return np.linalg.pinv(hermitian(a), hermitian=True)


SAMPLES = [
    *(Sample(np.linalg.inv, make(*shape)) for make in MAKERS for shape in SQUARES),
    Sample(np.linalg.inv, normal(0, 0)),
    Sample(np.linalg.inv, normal(0, 2, 2)),
    *(Sample(np.linalg.solve, make(*a), make(*b)) for make in MAKERS for a, b in SOLVES),
    Sample(np.linalg.solve, normal(2, 2), complex_normal(2)),
    Sample(np.linalg.solve, np.array([[2, 1], [1, 3]]), normal(2)),
    Sample(np.linalg.solve, ((2, 1), (1, 3)), normal(2)),
    Sample(np.linalg.tensorsolve, normal(2, 3, 6), normal(2, 3)),
    Sample(np.linalg.tensorsolve, normal(2, 6, 3), normal(2, 3), axes=(1,)),
    Sample(np.linalg.tensorsolve, complex_normal(2, 2, 2, 2), complex_normal(2, 2), axes=(0, 2)),
    Sample(np.linalg.tensorinv, normal(2, 3, 6)),
    Sample(np.linalg.tensorinv, complex_normal(4, 2, 2), ind=1),
    *(Sample(np.linalg.det, make(*shape)) for make in MAKERS for shape in SQUARES),
    *(Sample(np.linalg.det, np.zeros((n, n))) for n in (1, 2, 3)),
    Sample(np.linalg.det, np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])),
    Sample(np.linalg.det, np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 4]]])),
    Sample(np.linalg.det, np.array([[1.0, 1j], [1j, -1]])),
    Sample(np.linalg.det, normal(0, 0)),
    *(Sample(np.linalg.slogdet, make(*shape)) for make in MAKERS for shape in SQUARES),
    *(
        Sample(np.linalg.matrix_power, make(2, 2), n)
        for make in MAKERS
        for n in (0, 1, 2, 3, 5, -1, -2)
    ),
    Sample(np.linalg.matrix_power, normal(2, 2, 2), 3),
    *(
        Sample(np.linalg.multi_dot, [make(*shape) for shape in chain])
        for make in MAKERS
        for chain in CHAINS
    ),
    Sample(np.linalg.multi_dot, (normal(2, 2), np.ones((2, 2)), normal(2))),
    Sample(np.linalg.multi_dot, normal(3, 2, 2)),
    *(
        Sample(np.linalg.pinv, make(*shape))
        for make in MAKERS
        for shape in [(3, 2), (2, 3), (2, 2), (2, 2, 1)]
    ),
    Sample(np.linalg.pinv, normal(3, 2), 1e-8),
    Sample(np.linalg.pinv, normal(3, 2), rtol=1e-8),
    Sample(of_low_rank, normal(3, 1), normal(1, 2)),
    *(Sample(hermitian_pinv, make(3, 3)) for make in MAKERS),
    Sample(np.linalg.pinv, normal(2, 2, 2), hermitian=True),
    *(Sample(solution, make(*a), make(*b)) for make in MAKERS for a, b in FITS),
    Sample(np.linalg.lstsq, normal(4, 2), normal(4)),
]
TestSamples = generic_checks(SAMPLES)


def test_lstsq_differentiates_the_singular_values():
    a, b = mg.tensor(normal(4, 2)), mg.tensor(normal(4))
    _, residuals, rank, s = np.linalg.lstsq(a, b)
    assert rank == 2
    assert not residuals.constant
    np.sum(s).backward()
    u, _, vh = np.linalg.svd(a.data, full_matrices=False)
    np.testing.assert_allclose(a.grad, u @ vh)
    assert b.grad is None


@pytest.mark.parametrize("rcond", [-1, 0.5, None])
def test_lstsq_cuts_off_as_numpy_does(rcond):
    a, b = mg.tensor(np.diag([1.0, 0.1])), mg.tensor(normal(2))
    np.sum(np.linalg.lstsq(a, b, rcond=rcond)[0]).backward()
    np.testing.assert_allclose(b.grad, [1, 0 if rcond == 0.5 else 10])


def test_det_of_a_singular_matrix_among_others():
    x = mg.tensor(np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 4]]]))
    np.sum(np.linalg.det(x)).backward()
    np.testing.assert_allclose(x.grad, [[[4, -2], [-2, 1]], [[4, -3], [-2, 1]]])


def test_slogdet_of_a_singular_matrix_that_nobody_asks_for():
    x = mg.tensor(np.array([[[1.0, 2], [2, 4]], [[1, 2], [3, 4]]]))
    sign, log = np.linalg.slogdet(x)
    np.sum(np.where(sign == 0, 0, log)).backward()
    np.testing.assert_allclose(x.grad, [np.zeros((2, 2)), [[-2, 1.5], [1, -0.5]]])
    np.sum(np.linalg.slogdet(x)[1]).backward()
    assert np.all(np.isnan(x.grad[0]))


def test_the_sign_of_a_real_determinant_is_constant():
    x = mg.tensor(normal(2, 2))
    sign, _ = np.linalg.slogdet(x)
    sign.backward()
    assert x.grad is None


def test_inverse_of_a_singular_matrix_is_numpys_error():
    x = mg.tensor(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        np.linalg.inv(x)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        np.linalg.solve(x, np.ones(2))


def test_matrix_rank_is_a_number():
    assert np.linalg.matrix_rank(mg.tensor(np.diag([1.0, 2, 0]))) == 2
