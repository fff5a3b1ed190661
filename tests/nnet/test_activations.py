"""Activations: values, derivatives, edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import special

import mygrad as mg
from mygrad.nnet import activations
from mygrad.nnet.activations import sigmoids
from mygrad.testing import check_gradients
from tests.checks import assert_close, normal, strided

POINTS = np.array([-3.0, -1.3, -0.4, 0.3, 0.8, 2.5])
HUGE = np.array([-1e4, -500.0, -50.0, 50.0, 500.0, 1e4])
ROOT = math.sqrt(2 / math.pi)


class Activation(NamedTuple):
    """The definition, the derivative at the ends of `HUGE`, and the options to call it with."""

    plain: Callable[..., Any]
    far: tuple[float, float]
    options: dict[str, Any]


ACTIVATIONS = {
    "relu": Activation(lambda x: x * (x > 0), (0, 1), {}),
    "leaky_relu": Activation(lambda x: np.where(x > 0, x, 0.1 * x), (0.1, 1), {"slope": 0.1}),
    "elu": Activation(lambda x: np.where(x > 0, x, 2 * np.expm1(x)), (0, 1), {"alpha": 2}),
    "selu": Activation(
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        (0, 1.0507009873554805),
        {},
    ),
    "hard_tanh": Activation(lambda x: np.minimum(np.maximum(x, -1), 2), (0, 0), {"upper_bound": 2}),
    "sigmoid": Activation(lambda x: 1 / (1 + np.exp(-x)), (0, 0), {}),
    "tanh": Activation(np.tanh, (0, 0), {}),
    "soft_sign": Activation(lambda x: x / (1 + np.abs(x)), (10001**-2, 10001**-2), {}),
    "softplus": Activation(lambda x: np.log(1 + np.exp(x)), (0, 1), {}),
    "silu": Activation(lambda x: x / (1 + np.exp(-x)), (0, 1), {}),
    "mish": Activation(lambda x: x * np.tanh(np.log(1 + np.exp(x))), (0, 1), {}),
    "gelu": Activation(lambda x: x * (1 + special.erf(x / 2**0.5)) / 2, (0, 1), {}),
    "gelu tanh": Activation(
        lambda x: x / 2 * (1 + np.tanh(ROOT * (x + 0.044715 * x**3))),
        (0, 1),
        {"approximate": "tanh"},
    ),
}
each = pytest.mark.parametrize("name", ACTIVATIONS)


def prepared(name: str) -> tuple[Callable[..., Any], Activation]:
    """The activation as a function of ``x`` alone, and its known properties."""
    function, row = getattr(activations, name.removesuffix(" tanh")), ACTIVATIONS[name]
    return lambda x, **more: function(x, **row.options, **more), row


@each
def test_values(name: str) -> None:
    function, row = prepared(name)
    assert type(function(POINTS)) is mg.Tensor
    for x in (POINTS, POINTS[0], POINTS[:0], strided(POINTS.reshape(2, 3))):
        assert function(x).shape == x.shape
        assert_close(function(x).data, row.plain(x), tolerance=1e-15)
    assert_close(function([-1.0, 2.0]).data, function(np.array([-1.0, 2.0])).data)
    assert_close(function([-1, 2]).data, function(np.array([-1.0, 2.0])).data)
    assert np.isnan(function(np.nan))


@each
def test_derivatives(name: str) -> None:
    function, _ = prepared(name)
    check_gradients(function, POINTS, order=2)
    check_gradients(function, POINTS.reshape(2, 3).T, order=2)


@each
def test_single_precision(name: str) -> None:
    function, row = prepared(name)
    x = mg.tensor(POINTS, dtype="float32")
    result = function(x)
    assert result.dtype == np.float32
    assert_close(result.data, row.plain(POINTS), tolerance=5e-7)
    result.backward()
    assert x.grad.dtype == np.float32
    exact = mg.tensor(POINTS)
    function(exact).backward()
    assert_close(x.grad, exact.grad, tolerance=1e-6)
    assert function(np.float16([-1, 1])).dtype == np.float16


@each
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_numbers(name: str, dtype: str) -> None:
    function, row = prepared(name)
    x = mg.tensor(HUGE, dtype=dtype)
    result = function(x)
    with np.errstate(over="ignore"):
        plain = row.plain(np.clip(HUGE, -600, 600))
    assert np.all(np.isfinite(result.data))
    assert_close(result.data[1:-1], plain[1:-1], tolerance=1e-6)
    result.backward()
    assert np.all(np.isfinite(x.grad))
    assert_close(x.grad[[0, -1]], row.far, tolerance=1e-6)
    assert np.all(np.isfinite(mg.hessian(lambda x: np.sum(function(x)))(x)))


@each
def test_constants(name: str) -> None:
    function, _ = prepared(name)
    x = mg.tensor(POINTS)
    assert not function(x).constant
    assert not function([x[0], 1.0]).constant
    assert function(POINTS).constant
    assert function(x, constant=True).constant
    assert not function(POINTS, constant=False).constant


def gradient(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> list[float]:
    x = mg.tensor(x)
    function(x, *args, **kwargs).backward()
    return x.grad.tolist()


def test_bends() -> None:
    assert gradient(activations.relu, [-0.0, 0.0]) == [0, 0]
    assert gradient(activations.leaky_relu, [0.0], 0.25) == [0.25]
    assert gradient(activations.elu, [0.0], 3.0) == [1]
    assert gradient(activations.hard_tanh, [-1.0, 1.0]) == [0, 0]
    assert gradient(activations.soft_sign, [0.0]) == [1]


def test_an_infinite_gradient_stops_at_the_bend() -> None:
    x = mg.tensor([-1.0, 0.0, 4.0])
    np.sqrt(activations.relu(x)).backward()
    assert x.grad.tolist() == [0, 0, 0.25]


def test_integers_stay_integers_where_they_can() -> None:
    assert activations.relu([-1, 2]).dtype == np.int64
    assert activations.hard_tanh([-3, 0, 3]).data.tolist() == [-1, 0, 1]
    for name in ("sigmoid", "softmax", "logsoftmax", "softplus", "silu", "mish", "gelu"):
        assert getattr(activations, name)(np.array([1, 2], np.int8)).dtype == np.float64


def test_options_are_differentiable() -> None:
    x = POINTS.reshape(2, 3)
    check_gradients(activations.leaky_relu, x, np.array([0.1, 0.2, 0.3]), order=2)
    check_gradients(activations.elu, x, np.array(1.5), order=2)
    check_gradients(
        lambda x, low, high: activations.hard_tanh(x, lower_bound=low, upper_bound=high),
        x,
        np.array(-1.0),
        np.array([0.5, 0.6, 1.0]),
        order=2,
    )


def test_bounds_that_cross() -> None:
    low, high = mg.tensor(1.0), mg.tensor(-1.0)
    result = activations.hard_tanh([0.0, 5.0], lower_bound=low, upper_bound=high)
    assert result.data.tolist() == [-1, -1]
    result.backward()
    assert (low.grad, high.grad) == (0, 2)


def test_the_tails_of_sigmoid_and_gelu() -> None:
    np.testing.assert_allclose(activations.sigmoid([-40.0, -700.0]), np.exp([-40.0, -700.0]))
    x = np.array([-10.0, -20.0, -30.0])
    np.testing.assert_allclose(activations.gelu(x), x * special.ndtr(x), rtol=1e-13)


def test_gelu_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    x = np.array([[-10.0, -1.0, 0.0], [0.5, 3.0, 40.0]])
    expected = activations.gelu(x)
    sigmoids.distribution_function.cache_clear()
    monkeypatch.setattr(sigmoids, "import_module", missing)
    try:
        np.testing.assert_allclose(activations.gelu(x), expected, rtol=1e-13)
        assert activations.gelu(x[:0]).shape == (0, 3)
        assert activations.gelu(np.float32(1)).dtype == np.float32
        check_gradients(activations.gelu, x, order=2)
    finally:
        sigmoids.distribution_function.cache_clear()


def test_gelu_names_its_forms() -> None:
    with pytest.raises(ValueError, match="gelu: approximate must be 'none' or 'tanh', not True"):
        activations.gelu(1.0, approximate=True)


@pytest.mark.parametrize("name", ["softmax", "logsoftmax"])
@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), None])
def test_softmax(name: str, axis: Any) -> None:
    function = getattr(activations, name)
    x = normal(2, 3, 2)
    expected = special.softmax(x, axis=axis)
    expected = expected if name == "softmax" else np.log(expected)
    assert_close(function(x, axis=axis).data, expected, tolerance=1e-15)
    check_gradients(lambda x: function(x, axis=axis), x, order=2)
    single = mg.tensor(x, dtype="float32")
    result = function(single, axis)
    assert result.dtype == np.float32
    result.backward(normal(2, 3, 2))
    assert single.grad.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_softmax_of_large_numbers(dtype: str) -> None:
    x = mg.tensor([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4]], dtype=dtype)
    result = activations.softmax(x)
    assert_close(result.data, [[0.5, 0, 0.5], [1 / 3] * 3], tolerance=1e-7)
    result.backward([[1, 0, 0], [0, 3, 0]])
    assert_close(x.grad, [[0.25, 0, -0.25], [-1 / 3, 2 / 3, -1 / 3]], tolerance=1e-7)
    result = activations.logsoftmax(x)
    expected = np.log([[0.5, 0.5, 0.5], [1 / 3] * 3]) - [[0, 2e4, 0], [0] * 3]
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    result.backward([[0, 1, 0], [0, 0, 0]])
    assert_close(x.grad, [[-0.5, 1, -0.5], [0, 0, 0]], tolerance=1e-7)


def test_softmax_leaves_out_minus_infinity() -> None:
    x = mg.tensor([0.0, -np.inf, 0.0])
    result = activations.softmax(x)
    assert result.data.tolist() == [0.5, 0, 0.5]
    result.backward([1, 0, 0])
    assert x.grad.tolist() == [0.25, 0, -0.25]


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)], ids=str)
def test_softmax_of_nothing(shape: tuple[int, ...]) -> None:
    for function in (activations.softmax, activations.logsoftmax):
        x = mg.tensor(np.ones(shape))
        function(x).backward()
        assert x.grad.shape == shape
    assert activations.softmax(5.0).item() == 1


@pytest.mark.parametrize("axis", [-1, 0])
def test_glu(axis: int) -> None:
    x = normal(2, 4)
    first, second = np.split(x, 2, axis)
    assert_close(activations.glu(x, axis).data, first / (1 + np.exp(-second)))
    check_gradients(lambda x: activations.glu(x, axis), x, order=2)
    assert activations.glu(np.float32([1e4, -1e4])).data.tolist() == [0]
    assert activations.glu(np.ones((0, 4))).shape == (0, 2)


def test_glu_of_odd_length() -> None:
    with pytest.raises(ValueError, match=r"glu takes an array of even length.* 3"):
        activations.glu(np.ones((2, 3)))


def test_tanh_is_numpys() -> None:
    assert activations.tanh is mg.tanh


def test_errors_name_the_function_and_the_argument() -> None:
    x = np.ones((2, 4))
    for name in ("softmax", "logsoftmax", "glu"):
        function = getattr(activations, name)
        with pytest.raises(np.exceptions.AxisError, match=rf"^{name}: axis=5 .*\(2, 4\)"):
            function(x, axis=5)
    with pytest.raises(ValueError, match=r"softmax: axis=\(0, -2\)"):
        activations.softmax(x, axis=(0, -2))
    with pytest.raises(TypeError, match="logsoftmax: axis='a'"):
        activations.logsoftmax(x, axis="a")
    for name, argument in (("elu", "alpha"), ("leaky_relu", "slope"), ("hard_tanh", "lower_bound")):
        for value in ("a", None, ["b"]):
            with pytest.raises(
                TypeError, match=f"{name}: {argument} must be a number, or an array"
            ):
                getattr(activations, name)(x, **{argument: value})
    with pytest.raises(TypeError, match="hard_tanh: upper_bound must be a number"):
        activations.hard_tanh(mg.tensor(x), upper_bound=None)


def test_softmax_of_a_single_number() -> None:
    for axis in (-1, 0, None):
        assert activations.softmax(3.0, axis=axis) == 1
        assert activations.logsoftmax(3.0, axis=axis) == 0
