import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal
from tests.edges import masked_gradient, masked_hessian_diagonal, pullback

PARTS = [np.conjugate, np.real, np.imag, np.absolute, np.angle, np.real_if_close]

SAMPLES = [
    *(Sample(function, complex_normal(2, 3)) for function in PARTS),
    *(Sample(function, complex_normal()) for function in PARTS),
    *(Sample(function, complex_normal(0)) for function in PARTS),
    *(Sample(function, normal(2, 3)) for function in PARTS),
    *(Sample(function, normal()) for function in PARTS),
    *(Sample(function, normal(0)) for function in PARTS),
    *(Sample(np.sign, complex_normal(*shape)) for shape in [(2, 3), (), (0,)]),
    Sample(np.angle, complex_normal(3), deg=True),
    Sample(np.angle, normal(3), True),
    Sample(np.real_if_close, complex_normal(3), tol=1000),
]

TestSamples = generic_checks(SAMPLES)

ZERO_OR_NOT = np.array([0, 3 + 4j])
NOT_ZERO = np.array([False, True])


def test_the_absolute_value_has_derivative_zero_at_zero():
    assert pullback(np.abs, np.array([0.0, -0.0, -2.0, 2.0]))[0].tolist() == [0, 0, -1, 1]
    assert pullback(np.abs, ZERO_OR_NOT)[0] == pytest.approx([0, 0.6 - 0.8j])


@pytest.mark.parametrize(
    ("function", "gradient"),
    [(np.abs, 0.6 - 0.8j), (np.angle, (-4 - 3j) / 25), (np.sign, (0.64 + 0.48j) / 5)],
)
def test_singular_values_that_where_discards_have_no_gradient(function, gradient):
    assert masked_gradient(function, ZERO_OR_NOT, NOT_ZERO) == pytest.approx([0, gradient])
    assert np.isfinite(masked_hessian_diagonal(function, ZERO_OR_NOT, NOT_ZERO)).all()


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_absolute_value_does_not_overflow_or_underflow_on_the_way(scale):
    (gradient,) = pullback(np.abs, np.array([(3 + 4j) * scale]))
    assert gradient == pytest.approx([0.6 - 0.8j])


def test_the_gradient_of_a_real_loss_is_its_derivative_in_x_minus_i_times_that_in_y():
    z = mg.tensor([3 + 4j, -1 + 2j])
    np.sum(np.real(z) + 5 * np.imag(z)).backward()
    assert z.grad.tolist() == [1 - 5j, 1 - 5j]
    np.sum(np.real(z * np.conj(z))).backward()
    assert z.grad.tolist() == [6 - 8j, -2 - 4j]
    np.sum(np.abs(z) ** 2).backward()
    assert z.grad == pytest.approx(np.array([6 - 8j, -2 - 4j]))


def test_a_real_number_that_meets_complex_ones_has_a_real_gradient():
    x = mg.tensor([1.0, 2.0])
    np.sum(np.abs(x * (3 + 4j))).backward()
    assert x.grad.dtype == np.float64
    assert x.grad == pytest.approx([5, 5])


def test_nearly_real_numbers_become_real_and_stay_differentiable():
    z = mg.tensor(np.array([1 + 1e-17j, 2]))
    out = np.real_if_close(z)
    assert out.dtype == np.float64
    np.sum(out * out).backward()
    assert z.grad.dtype == np.complex128
    assert z.grad.tolist() == [2, 4]


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("function", PARTS)
def test_precision_is_kept(function, dtype):
    (gradient,) = pullback(function, np.array([1 + 2j, 3 - 1j], dtype))
    assert gradient.dtype == dtype


def test_the_sign_is_a_step_for_real_numbers_and_a_direction_for_complex_ones():
    x = mg.tensor([-2.0, 0.0, 3.0])
    for sign in (np.sign, mg.sign):
        result = sign(x)
        assert type(result) is np.ndarray
        assert result.tolist() == [-1, 0, 1]
    assert type(np.sign(x[0])) is np.float64
    out = mg.tensor(np.zeros(3))
    assert np.sign(x, out=out) is out
    (x * np.sign(x)).backward()
    assert x.grad.tolist() == [-1, 0, 1]
    assert pullback(np.sign, np.array([0j, 2.0]))[0].tolist() == [0, 0]
    z = mg.tensor([3 + 4j, 0])
    np.multiply.at(z, 0, 2)
    np.sign.at(z, [0, 1])
    assert z.tolist() == [0.6 + 0.8j, 0]
