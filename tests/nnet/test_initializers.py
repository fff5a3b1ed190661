"""Initializers: shapes, distributions, errors. Their numbers are compared in test_mygrad2.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet import initializers
from mygrad.nnet.layers import conv_nd

RANDOM = ["normal", "uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform"]
each = pytest.mark.parametrize("name", RANDOM)


@each
def test_random_numbers(name: str) -> None:
    function = getattr(initializers, name)
    mg.random.seed(1)
    weights = function(4, 3, 2)
    assert type(weights) is mg.Tensor
    assert weights.shape == (4, 3, 2)
    assert weights.dtype == np.float32
    assert not weights.constant
    mg.random.seed(1)
    assert np.array_equal(function((4, 3, 2)), weights)
    mg.random.seed(1)
    exact = function([4, 3, 2], dtype="float64", constant=True)
    assert exact.constant
    assert np.array_equal(exact.data.astype("f4"), weights)
    assert function(0, 3).shape == (0, 3)
    assert function(2, 0).shape == (2, 0)
    assert function(2, 3, 0).shape == (2, 3, 0)
    with pytest.raises(ValueError, match=f"{name}: dtype must be floating-point, not int64"):
        function(2, 2, dtype="int64")
    with pytest.raises(TypeError, match=f"{name}: constant takes True, False or None"):
        function(2, 2, constant=1)
    with pytest.raises(TypeError):
        function(2.5, 2)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot_normal", 2 / (200 * 4 + 100 * 4)),
        ("glorot_uniform", 2 / (200 * 4 + 100 * 4)),
        ("he_normal", 1 / (100 * 4)),
        ("he_uniform", 1 / (100 * 4)),
    ],
)
def test_variances(name: str, variance: float) -> None:
    mg.random.seed(0)
    weights = getattr(initializers, name)(200, 100, 2, 2, gain=3).data
    assert np.mean(weights) == pytest.approx(0, abs=1e-3)
    assert np.var(weights) == pytest.approx(9 * variance, rel=0.02)
    if "uniform" in name:
        assert np.max(np.abs(weights)) == pytest.approx((27 * variance) ** 0.5, rel=1e-3)


@pytest.mark.parametrize("name", [*RANDOM[2:], "dirac"])
def test_shapes_of_weights_have_two_axes(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} takes a shape of at least 2 axes.* not \(3,\)"):
        getattr(initializers, name)(3)


def test_normal_and_uniform() -> None:
    mg.random.seed(0)
    numbers = initializers.normal(10_000, mean=2, std=0.5).data
    assert (np.mean(numbers), np.std(numbers)) == pytest.approx((2, 0.5), rel=0.02)
    numbers = initializers.uniform(10_000, lower_bound=2, upper_bound=2.5).data
    assert (np.min(numbers), np.max(numbers)) == pytest.approx((2, 2.5), rel=0.001)
    assert initializers.normal().shape == initializers.uniform().shape == ()
    assert initializers.normal(3, mean=1.5, std=0).data.tolist() == [1.5] * 3
    with pytest.raises(ValueError, match="normal: std must be a non-negative number, not -1"):
        initializers.normal(3, std=-1)
    for low in (1, 2):
        with pytest.raises(ValueError, match="uniform: lower_bound must be less than"):
            initializers.uniform(3, lower_bound=low, upper_bound=1)


def test_constant() -> None:
    assert initializers.constant(2, 3).data.tolist() == [[0.0] * 3] * 2
    assert initializers.constant((2,), value=3).dtype == np.int64
    assert initializers.constant(2, value=3, dtype="float32").dtype == np.float32
    assert not initializers.constant(2).constant
    assert initializers.constant(2, constant=True).constant
    with pytest.raises(ValueError, match="constant=False"):
        initializers.constant(2, value=3, constant=False)


@pytest.mark.parametrize("shape", [(3, 3, 5), (3, 2, 3, 3), (2, 3, 1)], ids=str)
def test_dirac_passes_on_what_there_are_filters_for(shape: Any) -> None:
    x = np.arange(2 * shape[1] * 6.0 ** len(shape[2:])).reshape(2, shape[1], *[6] * len(shape[2:]))
    out = conv_nd(x, initializers.dirac(*shape), stride=1, padding=shape[2] // 2).data
    kept = min(shape[:2])
    assert np.array_equal(out[:, :kept], x[:, :kept])
    assert not np.any(out[:, kept:])


def test_edges_of_dirac() -> None:
    assert initializers.dirac(2, 2, 0).shape == (2, 2, 0)
    assert initializers.dirac(2, 3, dtype=int).constant
    assert initializers.dirac(2, 3, constant=True).constant


def test_identity_is_numpys() -> None:
    assert initializers.identity is mg.identity
