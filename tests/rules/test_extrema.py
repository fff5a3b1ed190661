import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, distinct, generic_checks
from tests.edges import pullback

PAIRS = [np.maximum, np.minimum, np.fmax, np.fmin]

SAMPLES = [
    *(Sample(function, distinct(2, 3), distinct(2, 3) + 0.1) for function in PAIRS),
    *(Sample(function, distinct(2, 3), distinct(3) + 0.1) for function in PAIRS),
    *(Sample(function, distinct(2, 1), distinct(1, 3) + 0.1) for function in PAIRS),
    *(Sample(function, distinct(), distinct(2) + 0.1) for function in PAIRS),
    *(Sample(function, distinct(0), distinct(1)) for function in PAIRS),
    *(Sample(function, distinct(3) + 0.1, 0) for function in PAIRS),
    *(Sample(function, 0.1, distinct(3)) for function in PAIRS),
    *(Sample(function, distinct(3), np.array([-1, 0, 1])) for function in PAIRS),
    *(Sample(function, distinct(3), [-1.0, 0.0, 1.0]) for function in PAIRS),
    *(Sample(function, complex_normal(3), complex_normal(3)) for function in PAIRS),
    Sample(np.clip, distinct(2, 3), -0.6, 0.7),
    Sample(np.clip, distinct(2, 3), a_min=-0.6, a_max=None),
    Sample(np.clip, distinct(2, 3), None, 0.7),
    Sample(np.clip, distinct(2, 3), min=-0.6, max=0.7),
    Sample(np.clip, distinct(2, 3), min=0.1),
    Sample(np.clip, distinct(2, 3), max=0.1),
    Sample(np.clip, distinct(2, 3), 1, -1),
    Sample(np.clip, distinct(2, 3), np.array([-0.9, -0.6, -0.7]), np.array(0.8)),
    Sample(np.clip, distinct(4), np.array([[-0.9], [-0.6]]), 0.8),
    Sample(np.clip, distinct(4), min=np.array(-0.6), max=np.array([0.7, 0.6, 0.65, 0.8])),
    Sample(np.clip, np.array([0, 1, 2]), 0.1, np.array([1.7, 1.6, 1.5])),
    Sample(np.clip, distinct(), -0.6, 0.7),
    Sample(np.clip, distinct(0), -0.6, 0.7),
    Sample(np.clip, distinct(3)),
]

TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize("function", PAIRS)
def test_equal_numbers_share_the_gradient(function):
    x = mg.tensor([1.0, 2.0])
    function(x, x).backward()
    assert x.grad.tolist() == [1, 1]
    first, second = pullback(function, np.array([1.0, -np.inf]), np.array([1.0, -np.inf]))
    assert first.tolist() == second.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("function", PAIRS)
def test_a_tie_with_a_python_number_is_a_tie(function):
    (gradient,) = pullback(lambda x: function(x, 0), np.zeros(2, np.float32))
    assert gradient.dtype == np.float32
    assert gradient.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("function", [np.fmax, np.fmin])
def test_fmax_and_fmin_send_nothing_to_what_is_not_a_number(function):
    nan = np.nan
    x1, x2 = np.array([nan, 1.0, nan, 1.0]), np.array([2.0, nan, nan, 2.0])
    first, second = pullback(function, x1, x2)
    assert first[:3].tolist() == [0, 1, 0.5]
    assert second[:3].tolist() == [1, 0, 0.5]
    assert first[3] + second[3] == 1


@pytest.mark.parametrize("function", [np.maximum, np.minimum])
def test_what_makes_the_result_nan_gets_the_gradient(function):
    nan = np.nan
    first, second = pullback(function, np.array([nan, 1.0, nan]), np.array([2.0, nan, nan]))
    assert first.tolist() == [1, 0, 0.5]
    assert second.tolist() == [0, 1, 0.5]
    a, low, high = pullback(
        np.clip, np.array([nan, 1.0, 1.0]), np.array([0, nan, 0]), np.array([2, 2, nan])
    )
    assert [a.tolist(), low.tolist(), high.tolist()] == np.eye(3).tolist()


@pytest.mark.parametrize("size", [3, 20_001])
def test_an_infinite_gradient_does_not_reach_the_argument_not_taken(size):
    x = mg.tensor(np.full(size, -1.0))
    np.sum(np.sqrt(np.maximum(x, 0))).backward()
    assert not np.any(x.grad)


@pytest.mark.parametrize("function", PAIRS)
def test_large_arrays(function):
    # Large arrays use another algorithm for the same result.
    x1, x2 = np.random.default_rng(0).normal(size=(2, 20_001))
    x2[::100] = x1[::100]
    grad = np.arange(20_001.0)
    first, second = pullback(function, x1, x2, grad=grad)
    assert np.array_equal(first + second, grad)
    assert np.array_equal(first, np.where(x1 == x2, 0.5, function(x1, x2) == x1) * grad)


def test_clip_at_its_bounds():
    a, low, high = pullback(np.clip, np.array([-1.0, 0.0, 0.5, 1.0, 2.0]), np.zeros(5), np.ones(5))
    assert a.tolist() == [0, 0.5, 1, 0.5, 0]
    assert low.tolist() == [1, 0.5, 0, 0, 0]
    assert high.tolist() == [0, 0, 0, 0.5, 1]


def test_clip_between_crossed_bounds_is_the_upper_one():
    a, low, high = pullback(np.clip, np.array([-1.0, 0.5, 2.0]), np.ones(3), np.zeros(3))
    assert a.tolist() == low.tolist() == [0, 0, 0]
    assert high.tolist() == [1, 1, 1]


def test_clip_keeps_single_precision():
    (gradient,) = pullback(lambda x: np.clip(x, 0, 1), np.array([-1, 0.5, 2], np.float32))
    assert gradient.dtype == np.float32


def test_clip_into_a_tensor():
    x, out = mg.tensor([-1.0, 0.5, 2.0]), mg.tensor(np.zeros(3))
    assert np.clip(x, 0, 1, out=out) is out
    assert out.data.tolist() == [0, 0.5, 1]
    out.backward()
    assert x.grad.tolist() == [0, 1, 0]


def test_clip_into_an_array_says_what_to_do():
    out = np.zeros(3)
    with pytest.raises(TypeError, match="clip"):
        np.clip(mg.tensor([-1.0, 0.5, 2.0]), 0, 1, out=out)
    assert out.tolist() == [0, 0, 0]
    np.clip(mg.tensor([-1.0, 0.5, 2.0], constant=True), 0, 1, out=out)
    assert out.tolist() == [0, 0.5, 1]
