import subprocess
import sys

import numpy as np
import pytest
from scipy import special

import mygrad as mg
import mygrad.rules.special
from mygrad.engine.registry import fate_of, registry
from tests.checks import Sample, complex_normal, generic_checks, normal, positive, unit
from tests.edges import masked_gradient, pullback
from tests.rules import test_bessel

SAMPLES = [
    # Exponents, logarithms, angles
    Sample(special.cbrt, normal(3)),
    Sample(special.exp2, normal(3)),
    Sample(special.exp10, normal(3)),
    Sample(special.expm1, normal(3)),
    Sample(special.expm1, complex_normal(2)),
    Sample(special.log1p, positive(3)),
    Sample(special.log1p, complex_normal(2)),
    Sample(special.exprel, normal(3)),
    Sample(special.exprel, np.array([0.0, 0.05, -0.05, 0.2])),
    Sample(special.boxcox, positive(3), normal(3)),
    Sample(special.boxcox, positive(2, 1), np.array([0.0, 0.01, 1.0])),
    Sample(special.boxcox1p, positive(3), normal(3)),
    Sample(special.boxcox1p, positive(3), 0.0),
    Sample(special.inv_boxcox, unit(3), 0.5),
    Sample(special.inv_boxcox, unit(3), unit(3)),
    Sample(special.inv_boxcox1p, unit(3), 0.5),
    Sample(special.cosm1, normal(3)),
    Sample(special.sindg, 20 * normal(3)),
    Sample(special.cosdg, 20 * normal(3)),
    Sample(special.tandg, 20 * normal(3)),
    Sample(special.cotdg, 20 * normal(3)),
    # Gamma and beta
    *(
        sample
        for function in (special.gamma, special.rgamma, special.loggamma)
        for sample in (
            Sample(function, positive(3)),
            Sample(function, complex_normal(2)),
        )
    ),
    Sample(special.gamma, np.array([-0.5, -1.3])),
    Sample(special.gammaln, np.array([0.5, 3.0, -0.5])),
    Sample(special.gammaln, positive()),
    Sample(special.gammaln, positive(0, 2)),
    Sample(special.psi, positive(2, 2)),
    Sample(special.psi, np.array([-0.5, -1.3])),
    Sample(special.zeta, 2, positive(3)),
    Sample(special.zeta, np.array([[2], [3]]), positive(2)),
    Sample(special.zeta, 1.2 + positive(3), positive(3)),
    Sample(special.poch, positive(3), positive(3)),
    Sample(special.binom, 3 + positive(3), positive(3)),
    Sample(special.beta, positive(3), positive(3)),
    Sample(special.betaln, positive(3, 1), positive(2)),
    Sample(special.betaln, positive(3), 2),
    *(
        Sample(function, np.array([[0.7], [2.5]]), array)
        for function, array in (
            (special.gammainc, positive(2, 3)),
            (special.gammaincc, positive(3)),
            (special.gammaincinv, np.abs(unit(3))),
            (special.gammainccinv, np.abs(unit(3))),
        )
    ),
    Sample(special.gammainc, 2, positive(3)),
    *(
        Sample(function, np.array([0.7, 1.0, 2.5]), np.array([[1.5], [0.6]]), np.abs(unit(2, 3)))
        for function in (
            special.betainc,
            special.betaincc,
            special.betaincinv,
            special.betainccinv,
        )
    ),
    Sample(special.betainc, 2, 3.5, np.abs(unit(3))),
    # Error functions, normal distribution
    *(
        Sample(function, array)
        for function in (special.erf, special.erfc, special.erfcx, special.erfi, special.dawsn)
        for array in (normal(3), complex_normal(2) / 2)
    ),
    Sample(special.wofz, complex_normal(3)),
    Sample(special.wofz, complex_normal(3).real + 0j),
    Sample(special.erfinv, unit(3)),
    Sample(special.erfcinv, 1 + unit(3)),
    Sample(special.ndtr, normal(3)),
    Sample(special.log_ndtr, np.array([-9.0, -0.5, 1.5])),
    Sample(special.ndtri, 0.5 + unit(3) / 2),
    Sample(special.ndtri_exp, -positive(3)),
    Sample(special.owens_t, normal(3), normal(3)),
    Sample(special.xlogy, positive(3), np.array([3, 100, 200], np.uint8)),
    Sample(special.xlogy, complex_normal(2), np.array([-3, 100], np.int8)),
    Sample(special.xlog1py, positive(3), np.array([3, 100, 255], np.uint8)),
    Sample(special.xlog1py, np.array([3, 100], np.int8), positive(2)),
    *(
        Sample(function, np.array([3, 7], np.uint8), positive(2))
        for function in (special.boxcox, special.boxcox1p)
    ),
    *(
        Sample(function, positive(3), np.array([0, 1, 3], np.uint8))
        for function in (
            special.boxcox,
            special.boxcox1p,
            special.inv_boxcox,
            special.inv_boxcox1p,
        )
    ),
    Sample(special.owens_t, np.array([0, 1, 2], np.uint8), normal(3)),
    Sample(special.owens_t, np.array([True, False]), normal(2)),
    Sample(special.owens_t, np.array([100, -100], np.int8), normal(2)),
    Sample(special.chdtr, 3, positive(3)),
    Sample(special.chdtrc, positive(3), positive(3)),
    Sample(special.stdtr, 2.5, normal(3)),
    # Logistic functions
    Sample(special.expit, normal(3)),
    Sample(special.expit, normal()),
    Sample(special.log_expit, normal(3)),
    Sample(special.logit, 0.5 + unit(3) / 2),
    Sample(special.softplus, normal(3)),
    # Entropy, losses
    Sample(special.xlogy, normal(3), positive(3)),
    Sample(special.xlogy, complex_normal(3), complex_normal(3)),
    Sample(special.xlogy, np.zeros(2), positive(3, 1)),
    Sample(special.xlog1py, normal(3), positive(3)),
    Sample(special.entr, positive(3)),
    Sample(special.rel_entr, positive(3), positive(2, 1)),
    Sample(special.kl_div, positive(3), positive(3)),
    Sample(special.huber, np.array(1.0), np.array([0.5, -0.3, 2.0, -3.0])),
    Sample(special.huber, np.array([1, 200], np.uint8), np.array([-3.0, -0.5])),
    Sample(special.huber, np.array([True, True]), np.array([-3.0, 0.5])),
    Sample(special.huber, positive(2), np.array([-128, 100], np.int8)),
    Sample(special.pseudo_huber, positive(3), normal(3)),
    Sample(special.pseudo_huber, positive(2), np.array([100, -128], np.int8)),
    Sample(special.pseudo_huber, np.array([200, 255], np.uint8), normal(2)),
    # Lambert's function
    Sample(special.lambertw, complex_normal(3)),
    Sample(special.lambertw, complex_normal(3), -1),
    Sample(special.wrightomega, complex_normal(3)),
]

TestSamples = generic_checks(SAMPLES)

#: The ufuncs that functions of SciPy's call.
BEHIND = {special.zeta: "_zeta", special.lambertw: "_lambertw"}


def test_every_function_with_a_rule_has_a_sample():
    samples = [*SAMPLES, *test_bessel.SAMPLES]
    sampled = {BEHIND.get(sample.function, sample.function.__name__) for sample in samples}
    ruled = {
        function.__name__
        for function, fate in registry.items()
        if isinstance(function, np.ufunc)
        and getattr(special._ufuncs, function.__name__, None) is function
        and isinstance(fate, type)
    }
    assert len(ruled) > 90
    assert ruled - sampled == set()


# ------------------------------------------------------------------ edges


@pytest.mark.parametrize(
    ("function", "x", "good"),
    [
        (special.entr, [0.0, 2.0], [False, True]),
        (special.logit, [0.0, 1.0, 0.5], [False, False, True]),
        (special.erfinv, [1.0, -1.0, 0.5], [False, False, True]),
        (special.ndtri, [0.0, 1.0, 0.5], [False, False, True]),
        (special.gammaln, [0.0, -1.0, 0.5], [False, False, True]),
        (special.k0, [0.0, 0.5], [False, True]),
    ],
)
def test_what_is_not_taken_receives_nothing(function, x, good):
    x, good = np.array(x), np.array(good)
    gradient = masked_gradient(function, x, good)
    assert np.all(gradient[~good] == 0)
    assert np.all(np.isfinite(gradient[good]) & (gradient[good] != 0))


@pytest.mark.parametrize("function", [special.xlogy, special.rel_entr])
def test_zero_times_a_logarithm_does_not_depend_on_it(function):
    _, gradient = pullback(function, np.zeros(2), np.array([0.0, 2.0]))
    assert gradient.tolist() == [0, 0]


def test_divergence_from_a_distribution_with_zeros():
    p, q = np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.25, 0.75])
    _, gradient = pullback(special.rel_entr, p, q)
    np.testing.assert_allclose(gradient, [0, -2, -2 / 3])
    _, gradient = pullback(special.kl_div, p, q)
    np.testing.assert_allclose(gradient, [1, -1, 1 / 3])


def test_far_tails_of_the_logistic_and_normal_distributions():
    (gradient,) = pullback(special.log_expit, np.array([-1000.0, 1000.0]))
    assert gradient.tolist() == [1, 0]
    (gradient,) = pullback(special.log_ndtr, np.array([-40.0]))
    np.testing.assert_allclose(gradient, 40.0249, rtol=1e-5)
    (gradient,) = pullback(special.expit, np.array([-1000.0, 1000.0]))
    assert gradient.tolist() == [0, 0]


def test_signs_and_rounding_act_on_the_data():
    x = mg.tensor([-0.5, 1.7])
    assert type(special.gammasgn(x)) is np.ndarray
    assert special.round(x).tolist() == [-0.0, 2]


# ------------------------------------------------------------------ what has no rule


def test_functions_without_a_rule_say_how_to_declare_one():
    for call in (special.struve, special.struve.outer):
        with pytest.raises(
            TypeError, match=r"scipy\.special\.struve has no rule.*mygrad\.implements"
        ):
            call(0, mg.tensor([0.5]))


def test_arguments_without_a_rule_say_so():
    with pytest.raises(TypeError, match=r"scipy\.special\.stdtr has no derivative .* 'x1'"):
        special.stdtr(mg.tensor([1.0]), 0.5)


def test_a_rule_can_be_declared_once(monkeypatch):
    assert fate_of(special.itstruve0) is None

    class IntegralOfStruve(mg.Elementwise):
        def vjp_x(grad, x):
            return grad * special.struve(0, x)

    with monkeypatch.context() as patch:
        patch.setitem(registry, special.itstruve0, None)  # and taken away again
        del registry[special.itstruve0]
        mg.implements(special.itstruve0)(IntegralOfStruve)
        mg.testing.check_gradients(special.itstruve0, np.array([0.5, 2.0]), order=1)
    with pytest.raises(ValueError, match=r"has a rule for .*expit.* already"):
        mg.implements(special.expit)(IntegralOfStruve)


def run(program):
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_scipy_is_not_imported_and_its_rules_only_when_used():
    run(
        "import sys, mygrad as mg, numpy as np\n"
        "np.exp(mg.tensor(1.0)).backward()\n"
        "assert 'scipy' not in sys.modules\n"
        "from scipy import special\n"
        "np.exp(mg.tensor(1.0)).backward()\n"
        "assert 'mygrad.rules.special' not in sys.modules\n"
        "x = mg.tensor(0.0)\n"
        "special.expit(x).backward()\n"
        "assert x.grad == 0.25\n"
    )


def test_rules_do_not_depend_on_what_was_imported_first():
    run(
        "from scipy import special\n"
        "import mygrad as mg\n"
        "import sys\n"
        "assert 'mygrad.rules.special' not in sys.modules\n"
        "try:\n"
        "    mg.implements(special.expit)(mg.Elementwise)\n"
        "except ValueError as error:\n"
        "    assert 'already' in str(error)\n"
        "else:\n"
        "    raise AssertionError\n"
    )
