import numpy as np
import pytest
from numpy.polynomial import polynomial

import mygrad as mg
from mygrad.engine.registry import fate_of
from tests.checks import Sample, generic_checks, normal

is_dispatched = isinstance(polynomial.polyval2d, type(np.sum))

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
]

if is_dispatched:
    TestSamples = generic_checks(SAMPLES)


@pytest.mark.skipif(not is_dispatched, reason="before NumPy 2.4 these are plain functions")
def test_lists_of_tensors():
    assert fate_of(polynomial.polyval2d) is not None
    x, y = mg.tensor(2.0), mg.tensor(3.0)
    value = polynomial.polyval2d(x, y, [[1.0, 2.0], [3.0, 4.0]])
    value.backward()
    assert value.data == 37
    assert (x.grad, y.grad) == (15, 10)
