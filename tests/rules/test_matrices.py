import numpy as np
import pytest

from mygrad.rules.matrices import (
    adjoint,
    conj,
    from_end,
    gradient_of_lower,
    hermitian_from_lower,
    to_end,
)
from tests.checks import complex_normal, normal


def test_conj_leaves_real_arrays_alone():
    x = normal(3)
    assert conj(x) is x


@pytest.mark.parametrize("axes", [(), (0,), (-1,), (2, 0), (-3, 1)])
def test_axes_go_to_the_end_and_back(axes):
    x = normal(2, 3, 4)
    moved = to_end(x, axes)
    assert moved.shape[x.ndim - len(axes) :] == tuple(x.shape[axis] for axis in axes)
    np.testing.assert_array_equal(from_end(moved, axes, x.ndim), x)
    stacked = np.stack([moved, 2 * moved])
    np.testing.assert_array_equal(from_end(stacked, axes, x.ndim), np.stack([x, 2 * x]))


def test_a_hermitian_matrix_and_the_gradient_of_its_triangle():
    a, step, bar = complex_normal(3, 3), complex_normal(3, 3), complex_normal(3, 3)
    matrix = hermitian_from_lower(a)
    np.testing.assert_array_equal(matrix, adjoint(matrix))
    np.testing.assert_array_equal(np.tril(matrix, -1), np.tril(a, -1))
    # The change of the loss, in terms of the matrix and of the triangle.
    change = np.sum(np.real(np.conj(bar) * hermitian_from_lower(step)))
    np.testing.assert_allclose(np.sum(np.real(np.conj(gradient_of_lower(bar)) * step)), change)
