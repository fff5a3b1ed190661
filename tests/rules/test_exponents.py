import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal, positive, unit
from tests.edges import masked_gradient, masked_hessian_diagonal, pullback

EXPONENTIALS = [np.exp, np.exp2, np.expm1, np.square]
LOGARITHMS = [np.log, np.log2, np.log10, np.log1p, np.sqrt]
LOGADDEXPS = [np.logaddexp, np.logaddexp2]
POWERS = [np.power, np.float_power]

SAMPLES = [
    *(Sample(function, normal(2, 3)) for function in EXPONENTIALS),
    *(Sample(function, normal()) for function in EXPONENTIALS),
    *(Sample(function, normal(0)) for function in EXPONENTIALS),
    *(Sample(function, complex_normal(3)) for function in EXPONENTIALS),
    *(Sample(function, positive(2, 3)) for function in LOGARITHMS),
    *(Sample(function, positive()) for function in LOGARITHMS),
    *(Sample(function, positive(2, 0)) for function in LOGARITHMS),
    *(Sample(function, complex_normal(3)) for function in LOGARITHMS),
    Sample(np.log1p, unit(4)),
    Sample(np.cbrt, normal(2, 3)),
    Sample(np.cbrt, normal()),
    Sample(np.cbrt, normal(0)),
    *(Sample(function, normal(2, 3), normal(2, 3)) for function in LOGADDEXPS),
    *(Sample(function, normal(2, 3), normal(3)) for function in LOGADDEXPS),
    *(Sample(function, normal(2, 1), normal(3)) for function in LOGADDEXPS),
    *(Sample(function, normal(), normal(2)) for function in LOGADDEXPS),
    *(Sample(function, normal(0), normal(1)) for function in LOGADDEXPS),
    *(Sample(function, normal(3), 0.5) for function in LOGADDEXPS),
    *(Sample(function, 2, normal(3)) for function in LOGADDEXPS),
    *(Sample(function, np.array([0.5, 1.0]), np.array([0.5, 1.0])) for function in LOGADDEXPS),
    *(Sample(function, positive(2, 3), normal(2, 3)) for function in POWERS),
    *(Sample(function, positive(2, 3), normal(3)) for function in POWERS),
    *(Sample(function, positive(2, 1), normal(3)) for function in POWERS),
    *(Sample(function, positive(), normal(2)) for function in POWERS),
    *(Sample(function, positive(0), normal(1)) for function in POWERS),
    *(Sample(function, positive(3), 0.5) for function in POWERS),
    *(Sample(function, positive(3), -1.5) for function in POWERS),
    *(Sample(function, normal(3), 0) for function in POWERS),
    *(Sample(function, normal(3), 1) for function in POWERS),
    *(Sample(function, normal(3), 2) for function in POWERS),
    *(Sample(function, normal(3), 3.0) for function in POWERS),
    *(Sample(function, normal(3), -2) for function in POWERS),
    *(Sample(function, normal(3), np.array([0, 1, 3])) for function in POWERS),
    *(Sample(function, normal(3), np.array([0, 1, 3], np.uint8)) for function in POWERS),
    *(Sample(function, normal(3), [0.0, 1.0, 2.0]) for function in POWERS),
    *(Sample(function, 2, normal(3)) for function in POWERS),
    *(Sample(function, 0.5, normal(3)) for function in POWERS),
    *(Sample(function, np.array([1, 2, 3]), normal(3)) for function in POWERS),
    *(Sample(function, [1.0, 2.0, 3.0], normal(3)) for function in POWERS),
    *(Sample(function, complex_normal(3), complex_normal(3)) for function in POWERS),
    *(Sample(function, complex_normal(3), normal(3)) for function in POWERS),
    *(Sample(function, positive(3), complex_normal(3)) for function in POWERS),
    *(Sample(function, complex_normal(3), 2) for function in POWERS),
    *(Sample(function, complex_normal(3), 0.5j) for function in POWERS),
]

TestSamples = generic_checks(SAMPLES)

ZERO_OR_FOUR = np.array([0.0, 4.0])
FOUR = np.array([False, True])


@pytest.mark.parametrize(
    ("function", "gradient", "second"),
    [
        (np.sqrt, 0.25, -1 / 32),
        (np.cbrt, 4 ** (-2 / 3) / 3, -2 / 9 * 4 ** (-5 / 3)),
        (np.log, 0.25, -1 / 16),
        (np.log2, 0.25 / np.log(2), -1 / 16 / np.log(2)),
        (np.log10, 0.25 / np.log(10), -1 / 16 / np.log(10)),
        (lambda x: np.log1p(x - 1), 0.25, -1 / 16),
        (lambda x: x**0.5, 0.25, -1 / 32),
        (lambda x: x**-1, -1 / 16, 1 / 32),
        pytest.param(lambda x: x ** np.array([0.5, 0.5]), 0.25, -1 / 32, id="array"),
        pytest.param(lambda x: np.float_power(x, 0.5), 0.25, -1 / 32, id="float_power"),
        (lambda x: x**x, 4**4 * (1 + np.log(4)), 4**4 * ((1 + np.log(4)) ** 2 + 0.25)),
    ],
)
def test_singular_values_that_where_discards_have_no_gradient(function, gradient, second):
    assert masked_gradient(function, ZERO_OR_FOUR, FOUR) == pytest.approx([0, gradient])
    assert masked_hessian_diagonal(function, ZERO_OR_FOUR, FOUR) == pytest.approx([0, second])


@pytest.mark.parametrize("function", [np.sqrt, np.log, np.log2, np.log10, np.log1p])
def test_values_outside_the_domain_that_where_discards_have_no_gradient(function):
    gradient = masked_gradient(function, np.array([-2.0, 4.0]), FOUR)
    assert gradient[0] == 0
    assert gradient[1] > 0


@pytest.mark.parametrize("function", [np.sqrt, np.cbrt, np.log, np.log2, np.log10])
def test_at_zero_the_gradient_is_infinite(function):
    assert pullback(function, np.zeros(1))[0].tolist() == [np.inf]
    assert pullback(function, np.zeros(1), grad=0.0)[0].tolist() == [0]


@pytest.mark.parametrize("function", POWERS)
@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize(
    ("base", "exponent", "in_base"),
    [
        (0.0, 0.0, 0.0),
        (0.0, 0.5, np.inf),
        (0.0, 1.0, 1.0),
        (0.0, 2.0, 0.0),
        (0.0, 3.0, 0.0),
        (-2.0, 0.0, 0.0),
        (-2.0, 1.0, 1.0),
        (-2.0, 2.0, -4.0),
        (-2.0, 3.0, 12.0),
        (-2.0, -1.0, -0.25),
        (np.nan, 0.0, 0.0),
        (np.inf, 0.0, 0.0),
    ],
)
def test_a_power_in_its_base(function, as_array, base, exponent, in_base):
    other = np.array([exponent]) if as_array else exponent
    gradients = pullback(lambda x: function(x, other), np.array([base]))
    assert gradients[0].tolist() == [in_base]


@pytest.mark.parametrize("function", POWERS)
@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize(
    ("base", "exponent", "in_exponent"),
    [
        (0.0, 2.0, 0.0),
        (0.0, 0.5, 0.0),
        (0.0, 0.0, 0.0),
        (0.0, -1.0, -np.inf),
        (1.0, 5.0, 0.0),
        (2.0, 0.0, np.log(2)),
    ],
)
def test_a_power_in_its_exponent(function, as_array, base, exponent, in_exponent):
    other = np.array([base]) if as_array else base
    gradients = pullback(lambda x: function(other, x), np.array([exponent]))
    assert gradients[0] == pytest.approx([in_exponent])


@pytest.mark.parametrize("function", POWERS)
def test_a_negative_base_has_no_derivative_in_the_exponent(function):
    (in_base, in_exponent) = pullback(function, np.array([-2.0]), np.array([2.0]))
    assert in_base.tolist() == [-4]
    assert np.isnan(in_exponent).all()
    for gradient in pullback(function, np.array([-2.0]), np.array([2.0]), grad=0.0):
        assert gradient.tolist() == [0]


def test_an_unsigned_exponent_of_zero_does_not_wrap_around():
    (gradient,) = pullback(lambda x: x ** np.array([0, 1, 2], np.uint8), np.array([1e3, 1e3, 1e3]))
    assert gradient.tolist() == [0, 1, 2e3]


@pytest.mark.parametrize("function", POWERS)
def test_the_least_small_exponent_does_not_wrap_around(function):
    (gradient,) = pullback(lambda x: function(x, np.array([-128], np.int8)), np.array([1.01]))
    assert gradient == pytest.approx([-128 * 1.01**-129])


def test_mixed_second_derivative_of_a_power_at_exponent_zero():
    base, exponent = mg.tensor(3.0), mg.tensor(0.0)
    (base**exponent).backward(create_graph=True)
    slope = base.grad
    exponent.null_grad()
    slope.backward()
    assert exponent.grad == pytest.approx(1 / 3)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 0.5, -1])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_powers_of_python_numbers_keep_the_dtype(number, dtype):
    (gradient,) = pullback(lambda x: x**number, np.array([1.0, 2.0], dtype))
    assert gradient.dtype == dtype
    assert gradient == pytest.approx(number * np.array([1.0, 2.0]) ** (number - 1), rel=2e-3)
    base = mg.tensor(np.array([1.0, 2.0], dtype))
    out = 2**base
    assert out.dtype == dtype
    out.backward()
    assert base.grad == pytest.approx(np.log(2) * np.array([2.0, 4.0]), rel=2e-3)


@pytest.mark.parametrize("function", LOGADDEXPS)
def test_logaddexp_of_infinities_has_a_finite_gradient(function):
    inf = np.inf
    x1 = np.array([-inf, inf, -inf, inf, 0.0, 0.0, inf])
    x2 = np.array([-inf, inf, 0.0, 0.0, -inf, inf, -inf])
    first, second = pullback(function, x1, x2)
    assert first.tolist() == [0.5, 0.5, 0, 1, 1, 0, 1]
    assert second.tolist() == [0.5, 0.5, 1, 0, 0, 1, 0]


@pytest.mark.parametrize("function", LOGADDEXPS)
def test_logaddexp_far_apart(function):
    first, second = pullback(function, np.array([0.0, 1e4]), np.array([-40.0, -1e4]))
    assert first.tolist() == pytest.approx([1, 1])
    base = 2 if function is np.logaddexp2 else np.e
    assert second.tolist() == pytest.approx([base**-40.0, 0], rel=1e-14)


@pytest.mark.parametrize("function", LOGADDEXPS)
def test_logaddexp_of_infinities_to_second_order(function):
    x1, x2 = mg.tensor([-np.inf, 0.0]), mg.tensor([-np.inf, 0.0])
    np.sum(function(x1, x2)).backward(create_graph=True)
    slope = x1.grad
    x1.null_grad()
    np.sum(slope).backward()
    quarter = 0.25 * (np.log(2) if function is np.logaddexp2 else 1)
    assert x1.grad == pytest.approx([0, quarter])


def test_expm1_keeps_its_digits_far_below_zero():
    (gradient,) = pullback(np.expm1, np.array([-40.0]))
    assert gradient == pytest.approx(np.exp([-40.0]), rel=1e-14)


def test_log1p_keeps_its_digits_near_minus_one():
    (gradient,) = pullback(np.log1p, np.array([-1 + 2.0**-50]))
    assert gradient.tolist() == [2.0**50]


@pytest.mark.parametrize("x", [2 + 0j, -2 + 0j, complex(-2, -0.0)])
@pytest.mark.parametrize("function", [np.sqrt, np.log])
def test_on_a_branch_cut_the_derivative_is_that_of_the_same_side(function, x):
    (gradient,) = pullback(function, np.array([x]))
    exact = 0.5 / function(x) if function is np.sqrt else 1 / x
    assert gradient == pytest.approx([exact])
