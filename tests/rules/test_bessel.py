import numpy as np
import pytest
from scipy import special

import mygrad as mg
import mygrad.rules.special
from tests.checks import Sample, complex_normal, generic_checks, normal, positive, unit
from tests.edges import pullback

SAMPLES = [
    # Bessel functions
    *(
        Sample(function, array)
        for function in (special.j0, special.j1, special.i0, special.i1, special.i0e, special.i1e)
        for array in (normal(3), np.array(0.5))
    ),
    Sample(special.j1, np.array([0.0, 1.0])),
    *(
        Sample(function, positive(3))
        for function in (special.y0, special.y1, special.k0, special.k1, special.k0e, special.k1e)
    ),
    *(
        Sample(function, order, array)
        for function in (special.jv, special.yv, special.iv, special.ive, special.kv, special.kve)
        for order, array in ((0, positive(2)), (0.5, positive(2)), (2, complex_normal(2)))
    ),
    Sample(special.ive, 1, normal(3)),
    *(
        Sample(function, np.array([0, 1], np.uint8), positive(2))
        for function in (special.jv, special.yv, special.iv, special.ive, special.kv, special.kve)
    ),
    *(
        Sample(function, np.array([0, 1], np.uint8), complex_normal(2))
        for function in (special.hankel1, special.hankel2, special.hankel1e, special.hankel2e)
    ),
    *(
        Sample(function, np.array([0, 1], np.uint8), positive(2))
        for function in (special.yn, special.kn, special.expn)
    ),
    *(Sample(function, n, positive(2)) for function in (special.yn, special.kn) for n in (0, 1, 3)),
    *(
        Sample(function, 1.5, complex_normal(2))
        for function in (special.hankel1, special.hankel2, special.hankel1e, special.hankel2e)
    ),
    Sample(special.jv, positive(3), positive(3)).but(
        constant=0, reason="no derivative is known in closed form"
    ),
    Sample(special.airy, normal(3)),
    Sample(special.airy, complex_normal(2)),
    # Integrals
    Sample(special.fresnel, normal(3)),
    Sample(special.sici, positive(3)),
    Sample(special.expi, normal(3)),
    Sample(special.exp1, positive(3)),
    Sample(special.exp1, complex_normal(2)),
    *(Sample(special.expn, n, positive(3)) for n in (0, 1, 2, 4)),
    Sample(special.ellipk, np.array([-2.0, 0.0, 0.5, 0.9])),
    Sample(special.ellipe, np.array([-2.0, 0.0, 0.5, 0.9])),
    Sample(special.ellipkinc, normal(3), 0.5),
    Sample(special.ellipeinc, normal(3), 0.5),
    # Hypergeometric functions
    Sample(special.hyp0f1, 1.5, normal(3)),
    Sample(special.hyp1f1, 0.5, 1.5, normal(3)),
    Sample(special.hyp1f1, 0.5, 1.5, complex_normal(2)),
    Sample(special.hyp2f1, 0.5, 1.5, 2.5, unit(3)),
    Sample(special.hyperu, 0.5, 1.5, positive(3)),
    # Orthogonal polynomials
    *(
        Sample(function, np.array([[0], [1], [4]]), normal(2))
        for function in (
            special.eval_legendre,
            special.eval_chebyt,
            special.eval_chebyu,
            special.eval_hermite,
            special.eval_hermitenorm,
            special.eval_laguerre,
        )
    ),
    *(
        Sample(function, np.array([[0], [1], [4]]), 0.7, normal(2))
        for function in (special.eval_gegenbauer, special.eval_genlaguerre)
    ),
    Sample(special.eval_jacobi, np.array([[0], [1], [4]]), 0.7, 1.2, unit(2)),
    Sample(special.eval_legendre, 2.5, positive(3) / 2),
]

TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (special.eval_hermite, (70,)),
        (special.eval_gegenbauer, (2, 70)),
        (special.eval_jacobi, (50, 50, 50)),
    ],
)
def test_small_integers_do_not_wrap_around(function, numbers):
    slopes = []
    for dtype in (np.int8, np.int64):
        x = mg.tensor(0.3)
        function(*(np.array(n, dtype) for n in numbers), x).backward()
        slopes.append(x.grad)
    np.testing.assert_allclose(*slopes)


def test_slopes_where_the_usual_formulas_cancel():
    for function, expected in ((special.j1, 0.5), (special.i1, 0.5)):
        (gradient,) = pullback(function, np.array([0.0]))
        assert gradient.tolist() == [expected]
    (gradient,) = pullback(special.ellipk, np.array([0.0, 1e-12]))
    np.testing.assert_allclose(gradient, np.pi / 8, rtol=1e-10)
    (gradient,) = pullback(special.ellipe, np.array([0.0, 1e-12]))
    np.testing.assert_allclose(gradient, -np.pi / 8, rtol=1e-10)


def test_one_of_several_results():
    x = mg.tensor([0.5])
    _, slope, *_ = special.airy(x)
    slope.backward()
    np.testing.assert_allclose(x.grad, 0.5 * special.airy(0.5)[0])
    sine, _ = special.sici(y := mg.tensor([0.0]))
    sine.backward()
    assert y.grad.tolist() == [1]


def test_the_order_of_a_bessel_function_has_no_rule():
    with pytest.raises(TypeError, match=r"scipy\.special\.jv has no derivative .* 'x1'"):
        special.jv(mg.tensor(1.5), 0.5)
