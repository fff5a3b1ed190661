from contextlib import nullcontext

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine.registry import PiecewiseConstant, Refused, registry
from tests.versions import numpy_since

FLOATS = np.array([-1.5, 0.0, -0.0, 2.0, np.nan, np.inf, -np.inf])
INTEGERS = np.array([6, 1, 5, 12])

UNARY = [
    *(np.ceil, np.floor, np.rint, np.signbit, np.spacing, np.trunc),
    *(np.isfinite, np.isinf, np.isnan, np.isneginf, np.isposinf, np.logical_not),
    *(np.iscomplex, np.iscomplexobj, np.isreal, np.isrealobj),
]
BINARY = [
    *(np.equal, np.not_equal, np.greater, np.greater_equal, np.less, np.less_equal),
    *(np.logical_and, np.logical_or, np.logical_xor, np.floor_divide),
]
ON_INTEGERS = [
    *(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift),
    *(np.gcd, np.lcm),
]


def assert_acts_on_data(function, *arrays):
    """The result is NumPy's, not a tensor."""
    with np.errstate(all="ignore"):
        expected = function(*arrays)
        actual = function(*(mg.tensor(array) for array in arrays))
    assert type(actual) is type(expected)
    assert np.asarray(actual).dtype == np.asarray(expected).dtype
    assert np.array_equal(actual, expected, equal_nan=True)


@pytest.mark.parametrize("function", UNARY)
def test_of_one_array(function):
    assert_acts_on_data(function, FLOATS)
    assert_acts_on_data(function, FLOATS.astype(np.float32))
    assert_acts_on_data(function, FLOATS[1])
    assert_acts_on_data(function, FLOATS[:0])


def test_fix():
    deprecated = pytest.warns(DeprecationWarning, match="numpy.fix is deprecated")
    with deprecated if numpy_since("2.5") else nullcontext():
        assert_acts_on_data(np.fix, FLOATS)


@pytest.mark.parametrize("function", BINARY)
def test_of_two_arrays(function):
    assert_acts_on_data(function, FLOATS, FLOATS[::-1])
    assert_acts_on_data(function, FLOATS[3], FLOATS[3])
    assert_acts_on_data(function, FLOATS[:, None], FLOATS)


@pytest.mark.parametrize("function", ON_INTEGERS)
def test_of_integers(function):
    assert_acts_on_data(function, INTEGERS, INTEGERS[::-1])


@pytest.mark.parametrize("function", [np.invert, np.bitwise_count])
def test_of_an_array_of_integers(function):
    assert_acts_on_data(function, INTEGERS)


@pytest.mark.parametrize("function", [*BINARY, *ON_INTEGERS])
def test_with_a_number_on_either_side(function):
    for one, other in ((mg.tensor(INTEGERS), 3), (3, mg.tensor(INTEGERS))):
        actual = function(one, other)
        expected = function(np.asarray(one), np.asarray(other))
        assert not isinstance(actual, mg.Tensor)
        assert np.array_equal(actual, expected)


def test_what_depends_on_a_constant_function_alone_is_constant():
    x = mg.tensor([0.5, -1.5])
    (x * np.sign(x) + np.floor(x)).backward()
    assert x.grad.tolist() == [1, -1]


def test_out_and_where():
    x, out = mg.tensor([0.5, -1.5]), np.zeros(2)
    assert np.floor(x, out=out, where=[False, True]) is out
    assert out.tolist() == [0, -2]


def test_dates_are_refused():
    assert isinstance(registry[np.isnat], Refused)
    with pytest.raises(TypeError, match="isnat"):
        np.isnat(mg.tensor([1.0]))


def test_every_public_ufunc_has_a_fate():
    names = [name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)]
    assert [name for name in names if getattr(np, name) not in registry] == []


def test_the_functions_tested_here_are_declared_constant():
    for function in [*UNARY, *BINARY, *ON_INTEGERS, np.invert, np.bitwise_count]:
        assert isinstance(registry[function], PiecewiseConstant)
