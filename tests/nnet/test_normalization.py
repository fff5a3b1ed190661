"""Normalization layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import batchnorm, layer_norm, rms_norm
from mygrad.testing import check_gradients
from tests.checks import assert_close, normal, positive


def plain(x: Any, axes: Any, eps: float, *, centered: bool = True) -> Any:
    """The definition."""
    mean = np.mean(x, axis=axes, keepdims=True) if centered else 0
    return (x - mean) / np.sqrt(np.mean((x - mean) ** 2, axis=axes, keepdims=True) + eps)


NORMS: dict[str, Callable[..., Any]] = {
    "batchnorm": lambda x, g, b: batchnorm(x, gamma=g, beta=b, eps=0.1),
    "layer_norm": lambda x, g, b: layer_norm(x, gamma=g, beta=b, eps=0.1),
    "layer_norm in the middle": lambda x, g, b: layer_norm(x, gamma=g, beta=b, axis=1, eps=0.1),
    "rms_norm": lambda x, g, _: rms_norm(x, gamma=g, eps=0.1),
}
each = pytest.mark.parametrize("name", NORMS)


def test_values() -> None:
    x, gamma, beta = normal(4, 3, 2, 2), positive(3), normal(3)
    columns = (3, 1, 1)
    expected = plain(x, (0, 2, 3), 1e-3)
    assert_close(batchnorm(x, eps=1e-3).data, expected)
    expected = gamma.reshape(columns) * expected + beta.reshape(columns)
    assert_close(batchnorm(x, gamma=gamma, beta=beta, eps=1e-3).data, expected)
    assert_close(batchnorm(x[..., 0, 0], eps=0.1).data, plain(x[..., 0, 0], 0, 0.1))

    assert_close(layer_norm(x).data, plain(x, -1, 1e-5))
    assert_close(layer_norm(x, axis=(2, 3)).data, plain(x, (2, 3), 1e-5))
    scale, shift = positive(3, 2), normal(3, 2)
    expected = plain(x, (1, 2), 0.1) * scale[..., None] + shift[..., None]
    assert_close(layer_norm(x, gamma=scale, beta=shift, axis=(1, 2), eps=0.1).data, expected)
    swapped = layer_norm(x, gamma=scale.T, beta=shift.T, axis=(2, 1), eps=0.1)
    assert_close(swapped.data, expected)

    assert_close(rms_norm(x, axis=1).data, plain(x, 1, 1e-5, centered=False))
    assert_close(rms_norm(x, gamma=[2, 3]).data, [2, 3] * plain(x, -1, 1e-5, centered=False))


@each
def test_derivatives(name: str) -> None:
    check_gradients(NORMS[name], normal(3, 2, 2), positive(2), normal(2), order=2)


def test_the_third_derivative() -> None:
    check_gradients(lambda x: layer_norm(x, eps=0.1), normal(2, 3), order=3)


@each
def test_single_precision(name: str) -> None:
    arrays = [normal(3, 2, 2), positive(2), normal(2)]
    tensors = [mg.tensor(array, dtype="float32") for array in arrays]
    result = NORMS[name](*tensors)
    assert result.dtype == np.float32
    assert_close(result.data, NORMS[name](*arrays).data, tolerance=1e-6)
    result.backward(normal(3, 2, 2))
    for tensor in tensors:
        assert tensor.grad is None or tensor.grad.dtype == np.float32


def test_numbers_far_from_zero_keep_their_digits() -> None:
    x = np.random.default_rng(0).normal(1e4, 1, size=(4096, 3)).astype("f4")
    expected = plain(x.astype("f8"), 0, 1e-5)
    assert_close(batchnorm(x, eps=1e-5).data, expected, tolerance=1e-4)
    assert_close(layer_norm(x.T).data, expected.T, tolerance=1e-4)


def test_equal_numbers() -> None:
    x = mg.tensor(np.full((3, 2), 0.1))
    result = batchnorm(x, eps=1e-5)
    assert not np.any(result.data)
    result.backward(normal(3, 2))
    assert np.all(np.isfinite(x.grad))


def test_lists_and_constants() -> None:
    gamma = mg.tensor([1.0, 2.0])
    assert not layer_norm([[1, 3]], gamma=gamma).constant
    assert layer_norm([[1, 3]], gamma=gamma, constant=True).constant
    assert layer_norm([[1, 3]]).constant
    assert layer_norm(np.float32([[1, 3]]), gamma=[1, 2], beta=[0.1, 0]).dtype == np.float32


def test_wrong_shapes() -> None:
    x = normal(4, 3, 2)
    with pytest.raises(ValueError, match=r"batchnorm takes x of shape \(N, C, …\).* not \(3,\)"):
        batchnorm(np.ones(3), eps=0.1)
    with pytest.raises(ValueError, match=r"batchnorm: gamma must have shape \(3,\).* not \(2,\)"):
        batchnorm(x, gamma=np.ones(2), eps=0.1)
    with pytest.raises(ValueError, match=r"layer_norm: beta must have shape \(2,\).* not \(3,\)"):
        layer_norm(x, beta=np.ones(3))
    with pytest.raises(ValueError, match="rms_norm: eps must be a non-negative number"):
        rms_norm(x, eps=-1)
    with pytest.raises(np.exceptions.AxisError, match=r"layer_norm: axis=3 .*\(4, 3, 2\)"):
        layer_norm(x, axis=3)
    with pytest.raises(ValueError, match=r"rms_norm: axis=\(1, -2\)"):
        rms_norm(x, axis=(1, -2))
    with pytest.raises(TypeError):
        batchnorm(x)


@each
def test_squares_may_be_too_large_for_half_precision(name: str) -> None:
    values = (300 * normal(4, 3, 2)).astype("float16")
    half, single = (mg.tensor(values, dtype=dtype) for dtype in ("float16", "float32"))
    for x in (half, single):
        ones = np.ones(2 if name in ("layer_norm", "rms_norm") else 3, x.dtype)
        y = NORMS[name](x, ones, 0 * ones)
        assert y.dtype == x.dtype
        (100 * np.sum(y * np.arange(24, dtype=x.dtype).reshape(4, 3, 2) / 24)).backward()
    assert half.grad.dtype == np.float16
    np.testing.assert_allclose(half.grad, single.grad, rtol=0.01, atol=0.02)
    np.testing.assert_array_equal(rms_norm(np.full(4, 300, "f2")), np.ones(4))
