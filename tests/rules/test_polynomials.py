import numpy as np
from numpy.lib import scimath

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal, positive, unit

MAKERS = [normal, complex_normal]
PAIRS = [((3,), (3,)), ((2,), (4,)), ((4,), (1,)), ((), (3,)), ((3,), ())]
DIVISIONS = [((2,), (4,)), ((4,), (1,)), ((3,), ()), ((), ())]
VALUES = [
    ((4,), (3,)),
    ((4,), ()),
    ((1,), (2,)),
    ((3,), (2, 2)),
    ((3, 2), (2,)),
    ((3, 2), ()),
    ((3, 2), (3, 1)),
    ((3, 1), (2,)),
]
# No complex step: it would use another branch.
BEYOND = np.array([-2.0, -0.5, 0.5, 2.0])


def sorted_roots(p):
    roots = np.roots(p)
    return roots[np.argsort(np.real(roots))]


def weighted_fit(x, y, w):
    return np.polyfit(x, y, 1, w=w)


def full_fit(x, y):
    c, residuals, _, s, _ = np.polyfit(x, y, 1, full=True)
    return c, residuals, s


SAMPLES = [
    *(
        Sample(function, make(*a), make(*b))
        for function in (np.polyadd, np.polysub, np.polymul)
        for make in MAKERS
        for a, b in PAIRS
    ),
    Sample(np.polymul, np.array([0.0, 2, 1]), normal(2)).but(
        reason="a leading zero is not part of the polynomial", skip="gradient"
    ),
    Sample(np.polymul, normal(2), complex_normal(3)),
    *(Sample(np.polydiv, make(*a), make(*b)) for make in MAKERS for a, b in DIVISIONS),
    # Exact divisions: otherwise NumPy leaves rounding errors in front of the remainder.
    *(
        Sample(np.polydiv, np.array(u), np.array(v))
        for u, v in [
            ([1, 2, -0.5, 1, 3], [2, 1, -0.5]),
            ([1.0, 2, 3], [2, 1, -0.5]),
            ([1, 2, -0.5, 3], [-2.0, 1]),
            ([1, 2j, -0.5, 1, 3], [2, 1j, -0.5]),
            ([1, 2j, 1 - 1j], [2, 1.0]),
        ]
    ),
    *(Sample(np.polyval, make(*a), make(*b)) for make in MAKERS for a, b in VALUES),
    Sample(np.polyval, [1.0, 2, 3], normal(2)),
    Sample(np.polyval, (1.0, 2, 3), normal(2)),
    Sample(np.polyval, np.poly1d([1.0, 2, 3]), normal(2)),
    Sample(np.polymul, (1, 2), normal(2)),
    Sample(np.polydiv, normal(2), 2.0),
    Sample(np.polyval, normal(3), 2.0),
    Sample(np.polyval, normal(0), normal(2)),
    Sample(np.polyval, normal(3), 0.0 * normal(2)),
    Sample(np.polyval, [True, True, False], normal(2)),
    Sample(np.polyval, np.array([100, -100, 100], np.int8), normal(2)),
    Sample(np.polyval, np.array([200, 100, 255], np.uint8), complex_normal(2)),
    Sample(np.polyval, normal(3), np.array([100, -100], np.int8)),
    Sample(np.polyval, normal(3), np.array([True, False])),
    *(Sample(np.polyder, make(4), m) for make in MAKERS for m in (0, 1, 2, 3)),
    Sample(np.polyder, normal(2)),
    Sample(np.polyder, normal(2), 3),
    *(Sample(np.polyint, make(3), m) for make in MAKERS for m in (0, 1, 2, 3)),
    *(
        Sample(np.polyint, make(3), 2, make(*k)).but(
            reason="NumPy asks p alone for its type, so that a tensor k is lost", skip="constants"
        )
        for make in MAKERS
        for k in [(2,), (1,), ()]
    ),
    Sample(np.polyint, normal(3), 1, [0.5]),
    *(Sample(np.poly, make(3)) for make in MAKERS),
    *(Sample(np.poly, make(3, 3)) for make in MAKERS),
    Sample(np.poly, normal(1)),
    Sample(np.poly, np.array([1 + 2j, 1 - 2j, 3])),
    Sample(np.roots, np.array([1.0, -6, 11, -6])),
    Sample(np.roots, np.array([1.0, 2, 5])),
    *(Sample(np.roots, make(2)) for make in MAKERS),
    Sample(np.roots, normal(1)),
    Sample(sorted_roots, complex_normal(4)),
    *(Sample(np.polyfit, np.linspace(0, 1, 4), make(4), 2) for make in MAKERS),
    Sample(np.polyfit, np.linspace(0, 1, 4), normal(4, 2), 1),
    Sample(np.polyfit, np.arange(4), normal(4), 1),
    Sample(np.polyfit, np.array([100, -100, 50, 3], np.int8), normal(4), 2),
    Sample(np.polyfit, [0, 1, 2, 4], normal(4), 1, w=np.array([1, 200, 100, 3], np.uint8)),
    Sample(np.polyfit, np.linspace(0, 1, 4), [1, 3, 2, 5], 1, w=positive(4)),
    Sample(weighted_fit, np.linspace(0, 1, 4), normal(4), positive(4)),
    Sample(weighted_fit, np.linspace(0, 1, 4), normal(4, 2), positive(4)),
    Sample(full_fit, np.linspace(0, 1, 4), normal(4)),
    Sample(np.polyfit, np.linspace(0, 1, 4), normal(4), 1, cov=True),
    Sample(np.polyfit, np.linspace(0, 1, 4), normal(4), 1, cov="unscaled"),
    Sample(np.polyfit, np.linspace(0, 1, 4), normal(4, 2), 1, cov=True),
    *(
        Sample(function, array)
        for function in (scimath.sqrt, scimath.log, scimath.log2, scimath.log10)
        for array in (positive(3), -positive(3), complex_normal(3), normal(2), normal())
    ),
    *(
        Sample(function, array)
        for function in (scimath.arccos, scimath.arcsin, scimath.arctanh)
        for array in (unit(3), 1.5 + positive(2), -1.5 - positive(2), complex_normal(2), BEYOND)
    ),
    Sample(scimath.logn, positive(2) + 1, BEYOND[:2]),
    Sample(scimath.logn, np.array([2.5, -3, 0.5, 2]), BEYOND),
    Sample(scimath.logn, 2, positive(3)),
    Sample(scimath.power, BEYOND, np.array([2.0, 0.5, -1.5, 3])),
    Sample(scimath.power, normal(3), 2),
    Sample(scimath.power, 3.0, normal(3)),
    Sample(scimath.power, np.array([3, 200], np.uint8), normal(2)),
    Sample(scimath.power, np.array([1.01, -0.99]), np.array([-128, 100], np.int8)),
    Sample(scimath.power, complex_normal(2), complex_normal(2)),
]
TestSamples = generic_checks(SAMPLES)


def test_product_with_leading_zeros():
    x, y = mg.tensor(np.array([0.0, 0, 2, 1])), mg.tensor(np.array([0.0, 3, 1]))
    product = np.polymul(x, y)
    np.testing.assert_array_equal(product, [6, 5, 1])
    np.sum(product * np.array([1.0, 10, 100])).backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 13, 130])
    np.testing.assert_array_equal(y.grad, [0, 12, 120])


def test_product_with_the_zero_polynomial():
    x, y = mg.tensor(np.zeros(2)), mg.tensor(np.array([3.0, 1]))
    np.sum(np.polymul(x, y)).backward()
    np.testing.assert_array_equal(x.grad, [0, 4])
    np.testing.assert_array_equal(y.grad, [0, 0])


def test_quotient_alone_and_remainder_alone():
    u, v = np.array([1.0, 2, -0.5, 1, 3]), np.array([2.0, 1, -0.5])
    for output in (0, 1):
        x, y, z, w = (mg.tensor(each) for each in (u, v, u, v))
        np.sum(np.polydiv(x, y)[output]).backward()
        results = np.polydiv(z, w)
        (np.sum(results[output]) + np.sum(0 * results[1 - output])).backward()
        np.testing.assert_allclose(x.grad, z.grad)
        np.testing.assert_allclose(y.grad, w.grad)


def test_roots_between_zeros():
    p = mg.tensor(np.array([0.0, 1, -3, 2, 0]))
    roots = np.roots(p)
    np.testing.assert_allclose(roots, [2, 1, 0])
    np.sum(roots * np.array([1.0, 10, 100])).backward()
    # -r**k / p'(r), where p' is 2, -1 and 2.
    np.testing.assert_allclose(p.grad, [-8 + 10, -4 + 10, -2 + 10, -1 + 10, -0.5 + 10 - 50])


def test_a_multiple_root_that_nobody_asks_for():
    p = mg.tensor(np.array([1.0, -1, 0, 0]))
    roots = np.roots(p)
    np.sum(np.where(np.abs(roots.data) < 0.5, 0, roots)).backward()
    np.testing.assert_allclose(p.grad, [-1, -1, -1, -1])


def test_powers_of_zero():
    x = mg.tensor(np.zeros(3))
    p = mg.tensor(np.array([0.0, 1, 2]))
    np.sum(scimath.power(x, p)).backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 0])
    np.testing.assert_array_equal(p.grad, [0, 0, 0])


def test_zero_gradients_at_singular_points():
    for function in (scimath.sqrt, scimath.log, scimath.log2, scimath.log10):
        x = mg.tensor(np.array([0.0, 4]))
        with np.errstate(divide="ignore"):
            np.sum(np.where([False, True], np.real(function(x)), 0)).backward()
        assert x.grad[0] == 0
        assert np.isfinite(x.grad[1])


def test_real_arguments_have_real_gradients_where_results_are_complex():
    x = mg.tensor(np.array([-4.0, 4]))
    root = scimath.sqrt(x)
    assert root.dtype == complex
    np.sum(np.imag(root)).backward()
    assert x.grad.dtype == float
    np.testing.assert_allclose(x.grad, [-0.25, 0])


def test_numpys_polynomial_objects_take_tensors():
    x = mg.tensor(normal(3))
    np.sum(np.poly1d([1.0, 2, 3])(x)).backward()
    np.testing.assert_allclose(x.grad, 2 * x.data + 2)


def test_polyval_where_it_is_not_taken():
    x = mg.tensor([np.nan, 2.0])
    np.sum(np.where([False, True], np.polyval([1.0, 2.0, 3.0], x), 0)).backward()
    assert x.grad.tolist() == [0, 6]


def test_powers_of_large_integers():
    p, x = mg.tensor(np.ones(12)), np.array([100, -100])
    np.sum(np.polyval(p, x)).backward()
    assert p.grad.tolist() == [100.0**k + (-100.0) ** k for k in range(11, -1, -1)]


def test_a_fit_at_large_integers():
    places = [10**5, 2 * 10**5, 4 * 10**5, 5 * 10**5]
    slopes = []
    for x in (places, np.array(places, float)):
        y = mg.tensor([1.0, 2, 4, 6])
        np.polyfit(x, y, 3)[-1].backward()
        slopes.append(y.grad)
    np.testing.assert_allclose(*slopes)
    # The values at 0 of Lagrange's basis polynomials.
    np.testing.assert_allclose(slopes[0], [10 / 3, -10 / 3, 5 / 3, -2 / 3])
