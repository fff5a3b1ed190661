import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, distinct, generic_checks, normal

COPIES = ["edge", "reflect", "symmetric", "wrap"]
STATISTICS = ["maximum", "mean", "median", "minimum"]

SAMPLES = [
    Sample(np.pad, normal(2, 3), 1),
    Sample(np.pad, normal(2, 3), (0, 2)),
    Sample(np.pad, normal(2, 2), ((1, 0), (0, 2)), "constant"),
    Sample(np.pad, normal(2, 2), [[1], [2]], constant_values=1.5),
    Sample(np.pad, normal(2, 2), {-1: 1, 0: (0, 2)}).since("2.4", reason="widths by axis are new"),
    Sample(np.pad, normal(2, 2), 0),
    Sample(np.pad, normal(0), 2),
    Sample(np.pad, normal(2, 0), 1),
    Sample(np.pad, normal(), 1),
    Sample(np.pad, complex_normal(2), 1),
    *(Sample(np.pad, normal(4), 2, mode) for mode in COPIES),
    *(Sample(np.pad, normal(3), (5, 8), mode) for mode in COPIES),
    *(Sample(np.pad, normal(2, 3), ((1, 2), (0, 1)), mode) for mode in COPIES),
    *(Sample(np.pad, normal(1), (2, 1), mode) for mode in COPIES),
    *(Sample(np.pad, normal(0, 2), ((0, 0), (1, 1)), mode) for mode in COPIES),
    *(
        Sample(np.pad, array, widths, mode, reflect_type="odd")
        for mode in ("reflect", "symmetric")
        for array, widths in (
            (normal(4), 2),
            (normal(3), (5, 8)),
            (normal(2, 3), ((1, 2), (0, 3))),
            (normal(1), 2),
        )
    ),
    *(Sample(np.pad, distinct(4), 2, mode) for mode in STATISTICS),
    *(Sample(np.pad, distinct(4), 2, mode, stat_length=2) for mode in STATISTICS),
    *(Sample(np.pad, distinct(4), 1, mode, stat_length=((3, 1),)) for mode in STATISTICS),
    *(Sample(np.pad, distinct(2, 3), ((1, 0), (2, 1)), mode) for mode in STATISTICS),
    *(Sample(np.pad, distinct(1), 2, mode) for mode in STATISTICS),
    Sample(np.pad, normal(3), (2, 3), "linear_ramp"),
    Sample(
        np.pad, normal(2, 2), ((1, 2), (0, 2)), "linear_ramp", end_values=((1.0, 2.0), (3.0, 4.0))
    ),
    *(
        Sample(np.pad, array, widths, mode, **{name: values}).but(
            skip="constants", reason="NumPy asks only the array to be padded who computes"
        )
        for mode, name in (("constant", "constant_values"), ("linear_ramp", "end_values"))
        for array, widths, values in (
            (normal(3), 2, normal()),
            (normal(2, 2), 1, normal(2)),
            (normal(2, 2), ((1, 2), (2, 0)), normal(2, 2)),
            (normal(2, 2), ((1, 2), (2, 0)), normal(2, 1)),
            (normal(2, 2), ((1, 2), (2, 0)), ((1.0, normal()), (2.0, 3.0))),
        )
    ),
]

TestSamples = generic_checks(SAMPLES)


def test_margins_of_tied_statistics_share_their_gradient_evenly():
    x = mg.tensor([2.0, 1.0, 2.0])
    np.pad(x, (1, 0), "maximum").sum().backward()
    np.testing.assert_array_equal(x.grad, [1.5, 1, 1.5])


def test_the_middle_pair_of_a_median_shares_its_gradient():
    x = mg.tensor([4.0, 1.0, 3.0, 2.0])
    np.pad(x, (0, 2), "median").sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1, 2, 2])


def test_what_the_margin_of_mode_empty_holds_has_no_gradient():
    x = mg.tensor([1.0, 2.0])
    np.pad(x, 1, "empty")[1:-1].sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])


def test_a_function_that_fills_the_margins_has_no_derivative():
    def fill(vector, width, _axis, _options):
        vector[: width[0]] = 7

    np.testing.assert_array_equal(np.pad(mg.tensor([1.0], constant=True), (1, 0), fill), [7, 1])
    with pytest.raises(TypeError, match=r"np\.pad.*function"):
        np.pad(mg.tensor([1.0]), (1, 0), fill).sum().backward()


def test_the_margins_of_padded_integers_are_constant():
    result = np.pad(mg.tensor([1, 2]), 1, constant_values=mg.tensor(1.7))
    assert result.constant
    np.testing.assert_array_equal(result, [1, 1, 2, 1])
