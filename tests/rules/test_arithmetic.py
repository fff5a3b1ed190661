import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal
from tests.edges import masked_gradient, masked_hessian_diagonal, pullback

BINARY = [np.add, np.subtract, np.multiply, np.divide]
UNARY = [np.positive, np.negative, np.reciprocal]

SAMPLES = [
    *(Sample(function, normal(2, 3), normal(2, 3)) for function in BINARY),
    *(Sample(function, normal(2, 3), normal(3)) for function in BINARY),
    *(Sample(function, normal(2, 1), normal(1, 3)) for function in BINARY),
    *(Sample(function, normal(), normal(2)) for function in BINARY),
    *(Sample(function, normal(), normal()) for function in BINARY),
    *(Sample(function, normal(0), normal(1)) for function in BINARY),
    *(Sample(function, normal(3), 2) for function in BINARY),
    *(Sample(function, 0.5, normal(3)) for function in BINARY),
    *(Sample(function, normal(3), np.array([1, 2, 4])) for function in BINARY),
    *(Sample(function, np.array([True, False]), normal(2)) for function in BINARY),
    *(Sample(function, normal(3), [1.5, 2.0, -3.0]) for function in BINARY),
    *(Sample(function, complex_normal(3), complex_normal(3)) for function in BINARY),
    *(Sample(function, complex_normal(3), normal(3)) for function in BINARY),
    *(Sample(function, normal(3), complex_normal(3)) for function in BINARY),
    *(Sample(function, normal(3), 1 + 2j) for function in BINARY),
    *(Sample(function, normal(2, 3)) for function in UNARY),
    *(Sample(function, normal()) for function in UNARY),
    *(Sample(function, normal(0, 2)) for function in UNARY),
    *(Sample(function, complex_normal(3)) for function in UNARY),
]

TestSamples = generic_checks(SAMPLES)

ZERO_OR_TWO = np.array([0.0, 2.0])
TWO = np.array([False, True])


def test_a_quotient_that_where_discards_has_no_gradient():
    assert masked_gradient(np.divide, ZERO_OR_TWO, TWO, 4.0).tolist() == [0, 0.25]
    assert masked_gradient(lambda x: 4 / x, ZERO_OR_TWO, TWO).tolist() == [0, -1]
    assert masked_gradient(lambda x: x / x, ZERO_OR_TWO, TWO).tolist() == [0, 0]
    assert masked_hessian_diagonal(lambda x: 4 / x, ZERO_OR_TWO, TWO).tolist() == [0, 1]


def test_a_reciprocal_that_where_discards_has_no_gradient():
    assert masked_gradient(np.reciprocal, ZERO_OR_TWO, TWO).tolist() == [0, -0.25]
    assert masked_hessian_diagonal(np.reciprocal, ZERO_OR_TWO, TWO).tolist() == [0, 0.25]


def test_dividing_by_zero_has_an_infinite_gradient():
    (numerator, denominator) = pullback(np.divide, np.ones(1), np.zeros(1))
    assert numerator.tolist() == [np.inf]
    assert denominator.tolist() == [-np.inf]
    assert pullback(np.reciprocal, np.zeros(1))[0].tolist() == [-np.inf]


def test_a_quotient_that_overflows_or_underflows_on_the_way():
    tiny, huge = np.array([1e-200]), np.array([1e200])
    (_, denominator) = pullback(np.divide, huge, huge)
    assert denominator == pytest.approx(-1e-200)
    (_, denominator) = pullback(np.divide, tiny, tiny)
    assert denominator == pytest.approx(-1e200)
    (gradient,) = pullback(np.reciprocal, huge, grad=1e300)
    assert gradient == pytest.approx(-1e-100)


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("number", [2, 0.5, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_python_numbers_are_weak(function, number, dtype):
    for arguments in ((np.ones(3, dtype), number), (number, np.ones(3, dtype))):
        tensors = [mg.tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
        out = function(*tensors)
        assert out.dtype == dtype
        out.backward()
        (variable,) = (each for each in tensors if isinstance(each, mg.Tensor))
        assert variable.grad.dtype == dtype
