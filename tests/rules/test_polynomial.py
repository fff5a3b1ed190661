import numpy as np
import pytest
from numpy.polynomial import polynomial

import mygrad as mg
from mygrad.engine.registry import fate_of
from tests.checks import Sample, generic_checks, normal
from tests.versions import numpy_since

#: Before, NumPy does not dispatch these functions, which convert tensors to numbers.
is_dispatched = numpy_since("2.4")

SMALL = np.array([100, -100, 3], np.int8)

SAMPLES = [
    Sample(polynomial.polyval2d, normal(3), normal(3), normal(2, 3)),
    Sample(polynomial.polyval2d, normal(), normal(), normal(3, 1)),
    Sample(polynomial.polyval2d, normal(2), normal(2), normal(2, 2, 2)),
    Sample(polynomial.polyval2d, [1.0, 2.0], normal(2), normal(2, 2)),
    Sample(polynomial.polygrid2d, normal(3), normal(2), normal(2, 3)),
    Sample(polynomial.polygrid2d, normal(), normal(2), normal(2, 2, 2)),
    *(
        Sample(function, SMALL, normal(3), np.array([[100, -100, 3], [127, -128, -7]], np.int8))
        for function in (polynomial.polyval2d, polynomial.polygrid2d)
    ),
    Sample(polynomial.polyval2d, SMALL, SMALL, normal(2, 3)),
    Sample(polynomial.polyval2d, normal(), normal(), normal(3)),
]

if numpy_since("2.5"):
    in_space = polynomial.polyvalnd
    SAMPLES += [
        Sample(in_space, (normal(3), normal(3)), normal(2, 3)),
        Sample(in_space, [normal(), normal(), normal()], normal(2, 1, 3)),
        Sample(in_space, normal(2, 3), normal(2, 3)),
        Sample(in_space, (normal(2),), normal(2, 3)),
        Sample(in_space, (normal(2, 2), normal(2, 2)), normal(2, 2, 2)),
        Sample(in_space, (normal(), normal(), normal()), normal(3)),
        Sample(in_space, ([1.0, 2.0], normal(2)), normal(2, 2)),
        Sample(in_space, (SMALL, normal(3)), np.array([[100, -100, 3]], np.int8)),
    ]

if is_dispatched:
    TestSamples = generic_checks(SAMPLES)


def test_lists_of_tensors():
    x, y = mg.tensor(2.0), mg.tensor(3.0)
    if not is_dispatched:
        assert fate_of(polynomial.polyval2d) is None
        with mg.strict, pytest.raises(mg.errors.GradientLost):
            polynomial.polyval2d(x, y, [[1.0, 2.0], [3.0, 4.0]])
        return
    value = polynomial.polyval2d(x, y, [[1.0, 2.0], [3.0, 4.0]])
    value.backward()
    assert value.data == 37
    assert (x.grad, y.grad) == (15, 10)
