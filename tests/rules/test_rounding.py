import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal, positive
from tests.edges import masked_gradient, pullback

REMAINDERS = [np.remainder, np.fmod, np.divmod]

SAMPLES = [
    *(Sample(function, 5 * normal(2, 3), normal(2, 3)) for function in REMAINDERS),
    *(Sample(function, 5 * normal(2, 3), normal(3)) for function in REMAINDERS),
    *(Sample(function, 5 * normal(2, 1), normal(3)) for function in REMAINDERS),
    *(Sample(function, normal(), normal(2)) for function in REMAINDERS),
    *(Sample(function, normal(0), normal(1)) for function in REMAINDERS),
    *(Sample(function, 5 * normal(3), 2) for function in REMAINDERS),
    *(Sample(function, 7, normal(3)) for function in REMAINDERS),
    *(Sample(function, np.array([7, -7, 8]), 3 * positive(3)) for function in REMAINDERS),
    Sample(np.modf, 5 * normal(2, 3)),
    Sample(np.modf, normal()),
    Sample(np.modf, normal(0)),
    Sample(np.frexp, 5 * normal(2, 3)),
    Sample(np.frexp, normal()),
    Sample(np.frexp, normal(0)),
    Sample(np.ldexp, normal(2, 3), np.array([0, -1, 4])),
    Sample(np.ldexp, normal(3), 2),
    Sample(np.ldexp, normal(), np.array([[1], [2]])),
    Sample(np.ldexp, normal(0), np.zeros(0, int)),
    Sample(np.nextafter, normal(2, 3), 9 + normal(3)),
    Sample(np.nextafter, normal(), 9.0),
    Sample(np.fabs, normal(2, 3)),
    Sample(np.fabs, normal()),
    Sample(np.fabs, normal(0)),
    Sample(np.copysign, normal(2, 3), normal(3)),
    Sample(np.copysign, normal(2, 1), normal(3)),
    Sample(np.copysign, normal(), normal(2)),
    Sample(np.copysign, normal(3), -1),
    Sample(np.copysign, 2, normal(3)),
    Sample(np.heaviside, normal(2, 3), normal(3)),
    Sample(np.heaviside, normal(3), 0.5),
    Sample(np.heaviside, np.array([0, 1, -1]), normal(3)),
    *(Sample(function, 5 * normal(2, 3)) for function in [np.round, np.around]),
    *(Sample(function, 5 * normal(3), 1) for function in [np.round, np.around]),
    *(Sample(function, 50 * normal(3), decimals=-1) for function in [np.round, np.around]),
    *(Sample(function, normal()) for function in [np.round, np.around]),
    *(Sample(function, complex_normal(2)) for function in [np.round, np.around]),
    Sample(np.nan_to_num, normal(2, 3)),
    Sample(np.nan_to_num, normal()),
    Sample(np.nan_to_num, normal(0)),
    Sample(np.nan_to_num, complex_normal(3)),
    Sample(np.nan_to_num, np.array([np.nan, 2.0])),
    Sample(np.nan_to_num, np.array([np.nan, 2.0, np.inf]), nan=1.0, posinf=2.0, neginf=3.0),
    Sample(
        np.nan_to_num,
        np.array([np.nan, 2.0, np.inf, -np.inf, np.nan]),
        nan=normal(),
        posinf=normal(),
        neginf=normal(),
    ).but(skip="constants", reason="NumPy looks for tensors in the first argument alone"),
]

TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize("function", REMAINDERS)
def test_a_remainder_that_where_discards_has_no_gradient(function):
    def remainder(x):
        result = function(5.0, x)
        return result[1] if isinstance(result, tuple) else result

    good = np.array([False, True])
    quotient = 5 // 3
    gradient = masked_gradient(remainder, np.array([0.0, 3.0]), good)
    assert gradient.tolist() == [0, -quotient]


@pytest.mark.parametrize("function", [np.remainder, np.fmod])
@pytest.mark.parametrize("x1", [1.0, -1.0])
def test_the_quotient_is_that_of_the_remainder_not_a_rounded_one(function, x1):
    # 1 / 0.1 rounds to 10, but 0.1 is a little more than a tenth: the quotient is 9.
    (in_dividend, in_divisor) = pullback(function, np.array([x1]), np.array([0.1]))
    assert in_dividend.tolist() == [1]
    quotient = (x1 - function(x1, 0.1)) / 0.1
    assert in_divisor.tolist() == [-round(quotient)]


def test_divmod_passes_the_gradient_of_each_result():
    x1, x2 = mg.tensor([7.0, -7.0]), mg.tensor([3.0, 3.0])
    quotient, _ = np.divmod(x1, x2)
    quotient.backward()
    assert x1.grad is None or x1.grad.tolist() == [0, 0]
    _, remainder = np.divmod(x1, x2)
    remainder.backward()
    assert x1.grad.tolist() == [1, 1]
    assert x2.grad.tolist() == [-2, 3]


def test_modf_passes_the_gradient_of_the_fraction_alone():
    x = mg.tensor([1.25, -1.25])
    fraction, whole = np.modf(x)
    np.sum(3 * fraction + 5 * whole).backward()
    assert x.grad.tolist() == [3, 3]
    _, whole = np.modf(x)
    whole.backward()
    assert x.grad is None or x.grad.tolist() == [0, 0]


def test_frexp_and_ldexp_are_inverse():
    x = mg.tensor([0.0, 5.0, -0.3, 1e-310, 1e307])
    np.sum(np.ldexp(*np.frexp(x))).backward()
    assert x.grad.tolist() == [1] * 5


@pytest.mark.parametrize("function", [np.fabs, lambda x: np.copysign(x, 1.0)])
def test_the_absolute_value_has_derivative_zero_at_zero(function):
    (gradient,) = pullback(function, np.array([0.0, -0.0, -2.0, 2.0]))
    assert gradient.tolist() == [0, 0, -1, 1]


def test_copysign_of_negative_zero():
    (gradient, _) = pullback(np.copysign, np.array([2.0, 2.0]), np.array([-0.0, 0.0]))
    assert gradient.tolist() == [-1, 1]


def test_heaviside_depends_on_its_second_argument_at_zero_alone():
    tensors = mg.tensor([-1.0, 0.0, 1.0]), mg.tensor([5.0, 6.0, 7.0])
    np.heaviside(*tensors).backward()
    assert tensors[0].grad is None or tensors[0].grad.tolist() == [0, 0, 0]
    assert tensors[1].grad.tolist() == [0, 1, 0]


def test_round_has_derivative_zero():
    x = mg.tensor([0.2, 1.7])
    out = np.round(x, 1)
    assert isinstance(out, mg.Tensor)
    out.backward()
    assert x.grad.tolist() == [0, 0]


def test_nextafter_moves_with_its_first_argument():
    start, towards = mg.tensor([1.0, 1.0]), mg.tensor([2.0, 0.0])
    np.nextafter(start, towards).backward()
    assert start.grad.tolist() == [1, 1]
    assert towards.grad is None or towards.grad.tolist() == [0, 0]


def test_what_nan_to_num_replaces_has_no_gradient():
    (gradient,) = pullback(np.nan_to_num, np.array([np.nan, np.inf, -np.inf, 2.0]))
    assert gradient.tolist() == [0, 0, 0, 1]


def test_nan_to_num_keeps_the_gradient_of_each_finite_part():
    x = np.array([complex(np.nan, 2), complex(3, np.inf), complex(4, 5)])
    (gradient,) = pullback(np.nan_to_num, x, grad=np.full(3, 2 - 3j))
    assert gradient.tolist() == [-3j, 2, 2 - 3j]


def test_the_fill_of_nan_to_num_has_the_gradient_of_both_parts():
    x = np.array([complex(np.nan, 2), complex(3, np.nan), complex(np.nan, np.nan)])
    _, fill = pullback(lambda x, fill: np.nan_to_num(x, nan=fill), x, np.array(1.0), grad=2 - 3j)
    # The real loss has derivative 2 in real parts and 3 in imaginary ones.
    assert fill == 2 + 3 + 5


def test_nan_to_num_without_a_copy_updates_the_tensor():
    x = mg.tensor([np.nan, 2.0, np.inf])
    y = x * 1
    view = y[1:]
    result = np.nan_to_num(y, copy=False, nan=5.0, posinf=7.0)
    assert result is y
    assert y.data.tolist() == [5, 2, 7]
    assert view.data.tolist() == [2, 7]
    assert np.nan_to_num(view, False) is view
    np.sum(y * y).backward()
    assert x.data.tolist()[1] == 2
    assert x.grad.tolist() == [0, 4, 0]


def test_nan_to_num_without_a_copy_keeps_what_the_graph_needs():
    x = mg.tensor([np.nan, 2.0])
    y = x * 1
    square = y * y
    np.nan_to_num(y, copy=False)
    (square[1] + np.sum(y)).backward()
    assert x.grad.tolist() == [0, 5]
    fill = mg.tensor(3.0)
    np.nan_to_num(z := x * 1, copy=False, nan=fill)
    np.sum(z).backward()
    assert fill.grad == 1
