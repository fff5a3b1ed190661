import math

import numpy as np
import pytest
from scipy import special

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal, positive, unit
from tests.edges import masked_gradient, masked_hessian_diagonal, pullback

EVERYWHERE = [np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctan]
INSIDE_ONE = [np.arcsin, np.arccos, np.arctanh, np.tan]
ANGLES = [np.degrees, np.rad2deg, np.radians, np.deg2rad]
PLANE = [np.arctan2, np.hypot]

SAMPLES = [
    *(Sample(function, normal(2, 3)) for function in [*EVERYWHERE, *ANGLES, np.sinc, np.i0]),
    *(Sample(function, normal()) for function in [*EVERYWHERE, *ANGLES, np.sinc, np.i0]),
    *(Sample(function, normal(0)) for function in [*EVERYWHERE, *ANGLES, np.sinc, np.i0]),
    *(Sample(function, np.zeros(2)) for function in [*EVERYWHERE, *INSIDE_ONE, np.sinc, np.i0]),
    *(Sample(function, complex_normal(3)) for function in [*EVERYWHERE, *INSIDE_ONE, np.sinc]),
    *(Sample(function, unit(2, 3)) for function in INSIDE_ONE),
    *(Sample(function, unit()) for function in INSIDE_ONE),
    *(Sample(function, unit(0)) for function in INSIDE_ONE),
    Sample(np.arccosh, 1 + positive(2, 3)),
    Sample(np.arccosh, 1 + positive()),
    Sample(np.arccosh, complex_normal(3)),
    *(Sample(function, normal(2, 3), normal(2, 3)) for function in PLANE),
    *(Sample(function, normal(2, 3), normal(3)) for function in PLANE),
    *(Sample(function, normal(2, 1), normal(3)) for function in PLANE),
    *(Sample(function, normal(), normal(2)) for function in PLANE),
    *(Sample(function, normal(0), normal(1)) for function in PLANE),
    *(Sample(function, normal(3), 0.5) for function in PLANE),
    *(Sample(function, 2, normal(3)) for function in PLANE),
    *(Sample(function, np.array([0.0, 1.0]), np.array([[1.0, 0.0]])) for function in PLANE),
    Sample(np.sinc, np.array([0.1, 0.158, 0.16, -0.2, 1.0, 7.0])),
    Sample(np.i0, np.array([-9.0, -1.0, 7.0, 8.5])),
    Sample(np.unwrap, np.array([0.1, 6.0, 12.0, 5.5, -3.0])),
    Sample(np.unwrap, 4 * normal(2, 3), axis=0),
    Sample(np.unwrap, 4 * normal(2, 3), discont=4.0, period=7.0),
    Sample(np.unwrap, np.array([0.1, 3.0, 5.9, 9.2]), period=np.array(4.0)).but(
        skip="constants", reason="NumPy looks for tensors in the first argument alone"
    ),
    Sample(np.unwrap, normal(0)),
]

TestSamples = generic_checks(SAMPLES)

INSIDE = np.array([False, True])


@pytest.mark.parametrize(
    ("function", "edge", "inside", "gradient", "second"),
    [
        (np.arcsin, 1.0, 0.5, 0.75**-0.5, 0.5 * 0.75**-1.5),
        (np.arcsin, 2.0, 0.5, 0.75**-0.5, 0.5 * 0.75**-1.5),
        (np.arccos, -1.0, 0.5, -(0.75**-0.5), -0.5 * 0.75**-1.5),
        (np.arctanh, 1.0, 0.5, 1 / 0.75, 1 / 0.75**2),
        (np.arccosh, 1.0, 2.0, 3**-0.5, -2 * 3**-1.5),
        (np.arccosh, 0.0, 2.0, 3**-0.5, -2 * 3**-1.5),
        (lambda x: np.hypot(x, 0.0), 0.0, 2.0, 1.0, 0.0),
        (lambda x: np.arctan2(x, 0 * x), 0.0, 2.0, 0.0, 0.0),
    ],
)
def test_singular_values_that_where_discards_have_no_gradient(
    function, edge, inside, gradient, second
):
    x = np.array([edge, inside])
    assert masked_gradient(function, x, INSIDE) == pytest.approx([0, gradient])
    assert masked_hessian_diagonal(function, x, INSIDE) == pytest.approx([0, second])


@pytest.mark.parametrize(
    ("function", "x", "gradient"),
    [
        (np.arcsin, 1.0, np.inf),
        (np.arcsin, -1.0, np.inf),
        (np.arccos, 1.0, -np.inf),
        (np.arccos, -1.0, -np.inf),
        (np.arctanh, 1.0, np.inf),
        (np.arctanh, -1.0, np.inf),
        (np.arccosh, 1.0, np.inf),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_the_edge_of_the_domain_the_gradient_is_infinite(function, x, gradient, dtype):
    assert pullback(function, np.array([x], dtype))[0].tolist() == [gradient]
    assert pullback(function, np.array([x], dtype), grad=0.0)[0].tolist() == [0]


@pytest.mark.parametrize(
    ("function", "exact"),
    [(np.arcsin, 2.0**25), (np.arccos, -(2.0**25)), (np.arctanh, 2.0**50)],
)
def test_near_the_edge_of_the_domain_all_digits_are_right(function, exact):
    # 1 - x is 2 ** -51, and 1 + x is 2 to the last digit.
    (gradient,) = pullback(function, np.array([1 - 2.0**-51]))
    assert gradient == pytest.approx([exact], rel=1e-15)


def test_arccosh_near_one_keeps_its_digits():
    (gradient,) = pullback(np.arccosh, np.array([1 + 2.0**-51]))
    assert gradient == pytest.approx([2.0**25], rel=1e-15)


@pytest.mark.parametrize("imaginary", [0.0, -0.0])
@pytest.mark.parametrize(
    ("function", "x", "squared"),
    [
        (np.arcsin, 2.0, -1 / 3),
        (np.arcsin, -2.0, -1 / 3),
        (np.arccos, 2.0, -1 / 3),
        (np.arccos, -2.0, -1 / 3),
        (np.arccosh, -2.0, 1 / 3),
        (np.arccosh, 0.5, -4 / 3),
    ],
)
def test_on_a_branch_cut_the_derivative_is_that_of_the_same_side(function, x, squared, imaginary):
    step = 1e-6
    (gradient,) = pullback(function, np.array([complex(x, imaginary)]))
    ahead, behind = function(complex(x + step, imaginary)), function(complex(x - step, imaginary))
    assert gradient == pytest.approx([(ahead - behind) / (2 * step)], rel=1e-6)
    assert gradient**2 == pytest.approx([squared])


@pytest.mark.parametrize("real", [0.0, -0.0])
@pytest.mark.parametrize("y", [2.0, -2.0])
def test_on_the_branch_cuts_of_arcsinh(y, real):
    step = 1e-6
    (gradient,) = pullback(np.arcsinh, np.array([complex(real, y)]))
    ahead, behind = np.arcsinh(complex(real, y + step)), np.arcsinh(complex(real, y - step))
    assert gradient == pytest.approx([(ahead - behind) / (2j * step)], rel=1e-6)


def test_arctan2_with_booleans_at_the_origin():
    (gradient,) = pullback(lambda y: np.arctan2(y, np.array([False, True])), np.array([0.0, 2.0]))
    assert gradient == pytest.approx([0, 0.2])


@pytest.mark.parametrize("function", PLANE)
def test_the_gradient_at_the_origin_is_zero(function):
    for grad in (0.0, 1.0):
        for gradient in pullback(function, np.zeros(1), np.zeros(1), grad=grad):
            assert gradient.tolist() == [0]
    x = mg.tensor(0.0)
    function(x, 2 * x).backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    slope.backward()
    assert x.grad is None or x.grad == 0


def test_infinite_distances_are_limits():
    inf = np.inf
    x1, x2 = np.array([inf, 1.0, -inf, inf]), np.array([1.0, -inf, inf, np.nan])
    even = math.sqrt(0.5)
    first, second = pullback(np.hypot, x1, x2)
    assert first.tolist() == [1, 0, -even, 1]
    assert second[:3].tolist() == [0, -1, even]
    for gradient in pullback(np.arctan2, x1[:3], x2[:3]):
        assert not gradient.any()


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_arctan2_and_hypot_do_not_overflow_or_underflow_on_the_way(scale):
    x1, x2 = np.array([3 * scale]), np.array([4 * scale])
    assert pullback(np.arctan2, x1, x2) == pytest.approx([4 / 25 / scale, -3 / 25 / scale])
    assert pullback(np.hypot, x1, x2) == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.159, 0.16, 0.5, 3.25])
def test_sinc_keeps_its_digits(x):
    (slope,) = pullback(np.sinc, np.array([x]))
    u = math.pi * x
    assert slope == pytest.approx([-math.pi * special.spherical_jn(1, u)], rel=4e-15, abs=0)


def test_sinc_at_zero_is_exact_to_fourth_order():
    derivatives = []
    x = mg.tensor(0.0)
    result = np.sinc(x)
    for _ in range(4):
        x.null_grad()
        result.backward(create_graph=True)
        result = x.grad
        derivatives.append(float(result))
    assert derivatives == pytest.approx([0, -(np.pi**2) / 3, 0, np.pi**4 / 5])


@pytest.mark.parametrize("x", [-700.0, -30.0, -1.0, -1e-8, 0.0, 1e-3, 5.0, 100.0, 700.0])
def test_the_derivative_of_i0_is_i1(x):
    (gradient,) = pullback(np.i0, np.array([x]))
    assert gradient == pytest.approx([special.i1(x)], rel=1e-13, abs=0)


@pytest.mark.parametrize("function", ANGLES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_angles_keep_their_precision(function, dtype):
    (gradient,) = pullback(function, np.ones(3, dtype))
    assert gradient.dtype == dtype
    assert gradient.tolist() == function(np.ones(3, dtype)).tolist()
